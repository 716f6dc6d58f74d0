import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { InternalError } from '../errors/request.errors.js';
import { type Caller, callerOf } from './caller.js';

/**
 * The {@link Caller} of a route that is `@Authenticated()`.
 *
 * @throws InternalError on a route that is not
 * @example
 * list(@CurrentUser() caller: Caller) {}
 */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext) =>
  currentUser(context),
);

/** What `@CurrentUser()` hands to the route. */
export function currentUser(context: ExecutionContext): Caller {
  const caller = callerOf(context.switchToHttp().getRequest<object>());
  if (caller === undefined) {
    throw new InternalError('This route asks for its user but does not authenticate.');
  }
  return caller;
}
