import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';
import { InternalError } from '../errors/request.errors.js';
import type { Caller } from './caller.js';
import { contextOf } from './request-context.js';
import { READS_DATASET, ScicatAuthGuard } from './scicat-auth.guard.js';

/** OpenAPI security scheme of a token in the header `SciCat-API-Key`. */
export const SCICAT_KEY_SCHEME = 'ScicatKeyAuth';

/**
 * Marks a route, or all routes of a controller, as requiring a SciCat token.
 *
 * @param readsDataset also start reading the dataset of the query's `scicatPid` while SciCat is asked
 *   for the identity, so that two round trips take the time of one
 */
export function Authenticated({ readsDataset = false } = {}): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(READS_DATASET, readsDataset),
    UseGuards(ScicatAuthGuard),
    ApiSecurity(SCICAT_KEY_SCHEME),
    ApiBearerAuth(),
  );
}

/**
 * The {@link Caller} of an `@Authenticated()` route.
 *
 * @throws InternalError on other routes
 * @example list(@CurrentUser() caller: Caller) {}
 */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext) =>
  currentUser(context),
);

/** Implementation of `@CurrentUser()`. */
export function currentUser(context: ExecutionContext): Caller {
  const { caller } = contextOf(context.switchToHttp().getRequest<object>());
  if (caller === undefined) throw new InternalError('This route needs @Authenticated().');
  return caller;
}
