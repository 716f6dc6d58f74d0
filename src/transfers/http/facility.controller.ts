import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentUser } from '../../auth/authenticated.decorator.js';
import type { Caller } from '../../auth/caller.js';
import { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { ApiErrors } from './error-docs.js';
import { FacilityListDto, facilityListDto } from './facility.dto.js';

@ApiTags('transfer')
@Controller('facilities')
export class FacilityController {
  constructor(private readonly facilities: FacilityAuthorization) {}

  @Get()
  @Authenticated()
  @ApiOperation({
    operationId: 'ListFacilities',
    summary: 'List facilities',
    description:
      'Lists all facilities, in the order of the configuration, and whether you may transfer from or to each of them. For a facility that you have no access to, the response shows what your SciCat account lacks.',
  })
  @ApiOkResponse({ description: 'All facilities.', type: FacilityListDto })
  @ApiErrors('UNAUTHENTICATED', 'FORBIDDEN_NAME', 'INTERNAL', 'SCICAT_UNAVAILABLE')
  list(@CurrentUser() { identity }: Caller): FacilityListDto {
    return facilityListDto(this.facilities.list(identity.document));
  }
}
