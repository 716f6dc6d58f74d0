import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { requestIdOf } from '../errors/error-response.filter.js';
import {
  AccessDeniedError,
  TooManyFailedLoginsError,
  UnauthenticatedError,
} from '../errors/request.errors.js';
import { RequestLine } from '../hardening/request-line.js';
import { DATASETS, type Datasets } from '../ports/datasets.port.js';
import { TRANSFER_EVENTS, type TransferEvents } from '../ports/transfer-events.port.js';
import { type AuthenticationRequest, Authenticator } from './authenticator.js';
import { contextOf, logDataset, startReading } from './request-context.js';

/** Route metadata: whether the guard starts reading the dataset. */
export const READS_DATASET = Symbol('ReadsDataset');

interface GuardedRequest extends AuthenticationRequest {
  readonly query: Readonly<Record<string, unknown>>;
}

/**
 * Authenticates a request and adds the caller to its context. If the route asks for it and the query
 * names the dataset, starts reading it while SciCat is asked for the identity.
 *
 * @throws UnauthenticatedError AccessDeniedError TooManyFailedLoginsError TooManyRequestsError
 * @throws UpstreamError
 */
@Injectable()
export class ScicatAuthGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly reflector: Reflector,
    private readonly line: RequestLine,
    @Inject(DATASETS) private readonly datasets: Pick<Datasets, 'readAs'>,
    @Inject(TRANSFER_EVENTS) private readonly events: TransferEvents,
  ) {}

  async canActivate(route: ExecutionContext): Promise<boolean> {
    const request = route.switchToHttp().getRequest<GuardedRequest>();
    const context = contextOf(request);
    const pid = this.datasetPid(route, request);
    if (pid !== undefined) logDataset(context, pid);
    const requestId = requestIdOf(request);
    this.line.works(request);
    try {
      const caller = await this.authenticator.authenticate(request, (token) => {
        if (pid !== undefined) void startReading(context, this.datasets, token, pid);
      });
      await this.line.belongsTo(request, caller.identity.username, () => {
        // What waits holds little memory, and a dataset may be large. It is read again.
        delete context.dataset;
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
