import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated } from '../../auth/authenticated.decorator.js';
import type { Caller } from '../../auth/caller.js';
import { CurrentUser } from '../../auth/current-user.decorator.js';
import { ConfigSnapshots } from '../../config/config-snapshots.js';
import { facilitiesFor } from '../application/list-facilities.js';
import { ApiErrors } from './error-docs.decorator.js';
import { FacilityListDto, facilityListDto } from './facility.dto.js';
import {
  FORBIDDEN_NAME,
  INTERNAL,
  SCICAT_UNAVAILABLE,
  UNAUTHENTICATED,
} from './transfer-errors.docs.js';

/** The facilities between which datasets are moved. */
@ApiTags('transfer')
@Controller('facilities')
export class FacilityController {
  constructor(private readonly config: ConfigSnapshots) {}

  @Get()
  @Authenticated()
  @ApiOperation({
    operationId: 'ListFacilities',
    summary: 'List the facilities, and what you may use them for',
    description:
      'Every facility that this service knows, in the order of its configuration, and whether you may transfer from it or to it. Where you may not because your SciCat account lacks something, it says what.',
  })
  @ApiOkResponse({ description: 'All facilities.', type: FacilityListDto })
  @ApiErrors(UNAUTHENTICATED, FORBIDDEN_NAME, INTERNAL, SCICAT_UNAVAILABLE)
  list(@CurrentUser() { identity }: Caller): FacilityListDto {
    return facilityListDto(facilitiesFor(this.config.current().facilities, identity));
  }
}
