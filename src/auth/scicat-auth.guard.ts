import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { requestIdOf } from '../errors/error-response.filter.js';
import {
  AccessDeniedError,
  TooManyFailedLoginsError,
  UnauthenticatedError,
} from '../errors/request.errors.js';
import { type Dataset, DATASETS, type Datasets } from '../ports/datasets.port.js';
import { TRANSFER_EVENTS, type TransferEvents } from '../ports/transfer-events.port.js';
import { type AuthenticationRequest, Authenticator } from './authenticator.js';
import { contextOf } from './request-context.js';

/** Metadata of a route: whether the guard starts to read the dataset. */
export const READS_DATASET = Symbol('ReadsDataset');

/** SciCat's PIDs are shorter; a request's line in the log must not grow with what it is sent. */
const LONGEST_LOGGED_PID = 200;

/** What the guard reads of a request. */
interface GuardedRequest extends AuthenticationRequest {
  readonly query: Readonly<Record<string, unknown>>;
}

/**
 * Lets a request pass only when SciCat knows its user, and puts the caller into the request's
 * context. Where the route asks for it, reading the dataset starts as soon as SciCat may be asked
 * more on behalf of the token.
 *
 * @throws UnauthenticatedError, AccessDeniedError, TooManyFailedLoginsError, UpstreamError
 */
@Injectable()
export class ScicatAuthGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly reflector: Reflector,
    @Inject(DATASETS) private readonly datasets: Pick<Datasets, 'readAs'>,
    @Inject(TRANSFER_EVENTS) private readonly events: TransferEvents,
  ) {}

  async canActivate(route: ExecutionContext): Promise<boolean> {
    const request = route.switchToHttp().getRequest<GuardedRequest>();
    const context = contextOf(request);
    const pid = this.datasetPid(route, request);
    if (pid !== undefined) context.facts.datasetPid = pid.slice(0, LONGEST_LOGGED_PID);
    const requestId = requestIdOf(request);
    try {
      const caller = await this.authenticator.authenticate(request, (token) => {
        if (pid !== undefined) context.dataset ??= this.startReading(token, pid);
      });
      context.caller = { ...caller, requestId };
      context.facts.username = caller.identity.username;
      return true;
    } catch (error) {
      this.record(error, requestId, request.ip);
      throw error;
    }
  }

  private datasetPid(route: ExecutionContext, request: GuardedRequest): string | undefined {
    const handlers = [route.getHandler(), route.getClass()];
    if (this.reflector.getAllAndOverride<unknown>(READS_DATASET, handlers) !== true) {
      return undefined;
    }
    const pid = request.query['scicatPid'];
    return typeof pid === 'string' ? pid : undefined;
  }

  private startReading(token: string, pid: string): Promise<Dataset> {
    const dataset = this.datasets.readAs(token, pid);
    // A request that is refused first never awaits it; its failure must not count as unhandled then.
    dataset.catch(() => undefined);
    return dataset;
  }

  /** Emits the decision; that SciCat could not be asked says nothing about the caller. */
  private record(error: unknown, requestId: string, address: string | undefined): void {
    const tooMany = error instanceof TooManyFailedLoginsError;
    if (
      !tooMany &&
      !(error instanceof UnauthenticatedError) &&
      !(error instanceof AccessDeniedError)
    ) {
      return;
    }
    this.events.emit({
      kind: 'decided',
      requestId,
      operation: 'authenticate',
      allowed: false,
      rule: tooMany ? 'failed-logins' : 'scicat-token',
      reason: error.message,
      ...(address === undefined ? {} : { address }),
    });
  }
}
