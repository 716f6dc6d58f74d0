import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { scicatIsAsked } from '../../auth/scicat-question.js';
import { readScicatToken } from '../../auth/scicat-token.js';
import { noteForLog } from '../../logging/request-facts.js';
import { type Dataset, DATASETS, type Datasets } from '../../ports/datasets.port.js';

/** SciCat's PIDs are shorter; a request's line in the log must not grow with what it is sent. */
const LONGEST_LOGGED_PID = 200;

const started = new WeakMap<object, Promise<Dataset>>();

/**
 * Starts reading the dataset while SciCat is being asked who the user is: two round trips in the
 * time of one. Refuses nobody and holds nobody up; to stand before the guard that authenticates.
 */
@Injectable()
export class DatasetPrefetchGuard implements CanActivate {
  constructor(@Inject(DATASETS) private readonly datasets: Datasets) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const pid = request.query['scicatPid'];
    if (typeof pid !== 'string') return true;
    noteForLog(request, { datasetPid: pid.slice(0, LONGEST_LOGGED_PID) });
    const dataset = this.read(request, pid);
    // Nobody may ever ask for it; its failure must not count as unhandled then.
    dataset.catch(() => undefined);
    started.set(request, dataset);
    return true;
  }

  private async read(request: Request, pid: string): Promise<Dataset> {
    const token = readScicatToken(request.headers);
    await scicatIsAsked(request);
    return this.datasets.readAs(token, pid);
  }
}

/** The dataset whose reading {@link DatasetPrefetchGuard} has started for this request. */
export function prefetchedDataset(request: object): Promise<Dataset> | undefined {
  return started.get(request);
}
