import { applyDecorators, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';
import { ScicatAuthGuard } from './scicat-auth.guard.js';

/** Name of the security scheme in the OpenAPI document: a token in the header `SciCat-API-Key`. */
export const SCICAT_KEY_SCHEME = 'ScicatKeyAuth';

/** A route, or all routes of a controller, for people with a SciCat token only. */
export function Authenticated(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    UseGuards(ScicatAuthGuard),
    ApiSecurity(SCICAT_KEY_SCHEME),
    ApiBearerAuth(),
  );
}
