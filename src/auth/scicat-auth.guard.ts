import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Authenticator } from './authenticator.js';
import { callerOf, rememberCaller } from './caller.js';
import type { RequestHeaders } from './scicat-token.js';

/**
 * Lets a request pass only when SciCat knows who makes it, and notes on it who that is. What was
 * noted earlier, by a middleware ahead of the body parser, is believed.
 *
 * @throws UnauthenticatedError, UpstreamError
 */
@Injectable()
export class ScicatAuthGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{ readonly headers: RequestHeaders }>();
    if (callerOf(request) === undefined) {
      rememberCaller(request, await this.authenticator.authenticate(request.headers));
    }
    return true;
  }
}
