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

/** Route metadata: whether the guard starts reading the dataset. */
export const READS_DATASET = Symbol('ReadsDataset');

/** Longer than any PID of SciCat; bounds the request's log line. */
const LONGEST_LOGGED_PID = 200;

interface GuardedRequest extends AuthenticationRequest {
  readonly query: Readonly<Record<string, unknown>>;
}

/**
 * Authenticates a request and adds the caller to its context. If the route asks for it, starts
 * reading the dataset while SciCat is asked for the identity.
 *
 * @throws UnauthenticatedError AccessDeniedError TooManyFailedLoginsError UpstreamError
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
    const reads = this.reflector.getAllAndOverride<unknown>(READS_DATASET, handlers) === true;
    const pid = reads ? request.query['scicatPid'] : undefined;
    return typeof pid === 'string' ? pid : undefined;
  }

  private startReading(token: string, pid: string): Promise<Dataset> {
    const dataset = this.datasets.readAs(token, pid);
    // If the request is refused first, this is never awaited, and must not count as unhandled.
    dataset.catch(() => undefined);
    return dataset;
  }

  /** Emits the decision. If SciCat could not be asked, there is none. */
  private record(error: unknown, requestId: string, address: string | undefined): void {
    const tooMany = error instanceof TooManyFailedLoginsError;
    const isRefusal = error instanceof UnauthenticatedError || error instanceof AccessDeniedError;
    if (!tooMany && !isRefusal) return;
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
