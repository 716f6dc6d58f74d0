import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { requestIdOf } from '../errors/error-response.filter.js';
import {
  AccessDeniedError,
  TooManyFailedLoginsError,
  UnauthenticatedError,
} from '../errors/request.errors.js';
import { noteForLog } from '../logging/request-facts.js';
import { TRANSFER_EVENTS, type TransferEvents } from '../ports/transfer-events.port.js';
import { type AuthenticationRequest, Authenticator } from './authenticator.js';
import { type Caller, callerOf, rememberCaller } from './caller.js';
import { noteScicatIsAsked } from './scicat-question.js';

/**
 * Lets a request pass only when SciCat knows who makes it, and notes on it who that is. What was
 * noted earlier, by a middleware ahead of the body parser, is believed.
 *
 * @throws UnauthenticatedError, AccessDeniedError, TooManyFailedLoginsError, UpstreamError
 */
@Injectable()
export class ScicatAuthGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    @Inject(TRANSFER_EVENTS) private readonly events: TransferEvents,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticationRequest>();
    if (callerOf(request) !== undefined) return true;
    const caller = await this.identify(request);
    rememberCaller(request, caller);
    noteForLog(request, { username: caller.identity.username });
    return true;
  }

  private async identify(request: AuthenticationRequest): Promise<Caller> {
    const requestId = requestIdOf(request);
    try {
      const caller = await this.authenticator.authenticate(request, () => {
        noteScicatIsAsked(request);
      });
      return { ...caller, requestId };
    } catch (error) {
      // That SciCat could not be asked says nothing about anybody.
      if (
        error instanceof UnauthenticatedError ||
        error instanceof AccessDeniedError ||
        error instanceof TooManyFailedLoginsError
      ) {
        this.events.emit({
          kind: 'decided',
          requestId,
          operation: 'authenticate',
          allowed: false,
          rule: error instanceof TooManyFailedLoginsError ? 'failed-logins' : 'scicat-token',
          reason: error.message,
          ...(request.ip === undefined ? {} : { address: request.ip }),
        });
      }
      throw error;
    }
  }
}
