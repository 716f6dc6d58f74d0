import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Authenticated, CurrentUser } from '../../auth/authenticated.decorator.js';
import type { Caller } from '../../auth/caller.js';
import { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { FACILITY_HOLDS, type FacilityHolds } from '../../ports/facility-holds.port.js';
import { HoldFacility } from '../application/hold-facility.js';
import { ApiErrors } from './error-docs.js';
import {
  FacilityHoldRequestDto,
  FacilityListDto,
  facilityListDto,
  HeldFacilityDto,
  heldFacilityDto,
  ReleasedFacilityDto,
  releasedFacilityDto,
  statedHold,
} from './facility.dto.js';
import { RequestBody } from './request-body.js';

const NAME = {
  name: 'name',
  description: 'Name of the facility.',
  schema: { type: 'string', minLength: 1 },
  example: 'EXAMPLE-SOURCE',
} as const;

@ApiTags('transfer')
@Controller('facilities')
export class FacilityController {
  constructor(
    private readonly facilities: FacilityAuthorization,
    private readonly holdFacility: HoldFacility,
    private readonly body: RequestBody,
    @Inject(FACILITY_HOLDS) private readonly holds: Pick<FacilityHolds, 'inForce'>,
  ) {}

  @Get()
  @Authenticated()
  @ApiOperation({
    operationId: 'ListFacilities',
    summary: 'List facilities',
    description:
      'Lists all facilities, in the order of the configuration, and whether you may transfer from or to each of them. For a facility that you have no access to, the response shows what your SciCat account lacks. For one that is held, it shows the message of the operators.',
  })
  @ApiOkResponse({ description: 'All facilities.', type: FacilityListDto })
  @ApiErrors('UNAUTHENTICATED', 'FORBIDDEN_NAME', 'INTERNAL', 'SCICAT_UNAVAILABLE')
  list(@CurrentUser() { identity }: Caller): FacilityListDto {
    return facilityListDto(this.facilities.list(identity.document), this.holds.inForce());
  }

  @Post(':name/hold')
  @HttpCode(200)
  @Authenticated()
  @ApiOperation({
    operationId: 'HoldFacility',
    summary: 'Hold a facility',
    description:
      'For operators. From now on, transfers from or to the facility are accepted, and wait; those that Globus already runs go on. The hold survives a restart, and replaces an earlier hold of the facility.',
  })
  @ApiParam(NAME)
  @ApiBody({ type: FacilityHoldRequestDto })
  @ApiOkResponse({ description: 'The facility is held.', type: HeldFacilityDto })
  @ApiErrors(
    'BAD_HOLD',
    'UNAUTHENTICATED',
    'FORBIDDEN_TO_OTHERS',
    'FACILITY_NOT_FOUND',
    'INTERNAL',
    'HOLD_UNAVAILABLE',
  )
  async hold(
    @CurrentUser() caller: Caller,
    @Param('name') name: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<HeldFacilityDto> {
    const read = async () => statedHold(await this.body.read(request, response));
    return heldFacilityDto(await this.holdFacility.place(caller, name, read));
  }

  @Delete(':name/hold')
  @HttpCode(200)
  @Authenticated()
  @ApiOperation({
    operationId: 'ReleaseFacility',
    summary: 'Release a facility',
    description:
      'For operators. Ends the hold of a facility: the transfers that wait for it may go at once, in their fair order.',
  })
  @ApiParam(NAME)
  @ApiOkResponse({ description: 'The facility is not held any more.', type: ReleasedFacilityDto })
  @ApiErrors('UNAUTHENTICATED', 'FORBIDDEN_TO_OTHERS', 'FACILITY_NOT_FOUND', 'RELEASE_UNAVAILABLE')
  async release(
    @CurrentUser() caller: Caller,
    @Param('name') name: string,
  ): Promise<ReleasedFacilityDto> {
    return releasedFacilityDto(name, await this.holdFacility.release(caller, name));
  }
}
