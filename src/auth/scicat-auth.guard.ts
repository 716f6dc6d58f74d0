import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { requestIdOf } from '../errors/error-response.filter.js';
import { AccessDeniedError, UnauthenticatedError } from '../errors/request.errors.js';
import { noteForLog } from '../logging/request-facts.js';
import {
  TRANSFER_EVENTS,
  type TransferEvents,
} from '../transfers/application/ports/transfer-events.port.js';
import { Authenticator } from './authenticator.js';
import { type Caller, callerOf, rememberCaller } from './caller.js';
import type { RequestHeaders } from './scicat-token.js';

/** What the guard needs of a request. */
interface AuthenticatedRequest {
  readonly headers: RequestHeaders;
  /** The caller's address, as far as the proxies in between are trusted. */
  readonly ip?: string;
}

/**
 * Lets a request pass only when SciCat knows who makes it, and notes on it who that is. What was
 * noted earlier, by a middleware ahead of the body parser, is believed.
 *
 * @throws UnauthenticatedError, AccessDeniedError, UpstreamError
 */
@Injectable()
export class ScicatAuthGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    @Inject(TRANSFER_EVENTS) private readonly events: TransferEvents,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (callerOf(request) !== undefined) return true;
    const caller = await this.identify(request);
    rememberCaller(request, caller);
    noteForLog(request, { username: caller.identity.username });
    return true;
  }

  private async identify(request: AuthenticatedRequest): Promise<Caller> {
    const requestId = requestIdOf(request);
    try {
      return { ...(await this.authenticator.authenticate(request.headers)), requestId };
    } catch (error) {
      // That SciCat could not be asked says nothing about anybody.
      if (error instanceof UnauthenticatedError || error instanceof AccessDeniedError) {
        this.events.emit({
          kind: 'decided',
          requestId,
          operation: 'authenticate',
          allowed: false,
          rule: 'scicat-token',
          reason: error.message,
          ...(request.ip === undefined ? {} : { address: request.ip }),
        });
      }
      throw error;
    }
  }
}
