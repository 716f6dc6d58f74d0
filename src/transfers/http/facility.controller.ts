import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentUser } from '../../auth/authenticated.decorator.js';
import type { Caller } from '../../auth/caller.js';
import { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import {
  ApiErrors,
  FORBIDDEN_NAME,
  INTERNAL,
  SCICAT_UNAVAILABLE,
  UNAUTHENTICATED,
} from './error-docs.js';
import { FacilityListDto, facilityListDto } from './facility.dto.js';

/** The facilities between which datasets are moved. */
@ApiTags('transfer')
@Controller('facilities')
export class FacilityController {
  constructor(private readonly facilities: FacilityAuthorization) {}

  @Get()
  @Authenticated()
  @ApiOperation({
    operationId: 'ListFacilities',
    summary: 'List facilities and your access to them',
    description:
      'All facilities in the order of the configuration, and whether you may transfer from or to each of them. If your SciCat account lacks access, the response says what is missing.',
  })
  @ApiOkResponse({ description: 'All facilities.', type: FacilityListDto })
  @ApiErrors(UNAUTHENTICATED, FORBIDDEN_NAME, INTERNAL, SCICAT_UNAVAILABLE)
  list(@CurrentUser() { identity }: Caller): FacilityListDto {
    return facilityListDto(this.facilities.list(identity.document));
  }
}
