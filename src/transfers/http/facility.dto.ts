import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { type Direction, DIRECTIONS } from '../../facilities/facility.js';
import type { FacilityForUser } from '../../facilities/facility-authorization.js';
import { ApiField, OPTIONAL } from './api-field.js';

/** What `accessPath` means, for the OpenAPI document. */
export const ACCESS_PATH = 'Dot path in your identity document where access is checked.';
const MISSING = { accessPath: 'profile.accessGroups', accessValue: 'EXAMPLE-ARCHIVE-users' };

/** What a SciCat account lacks. */
@ApiSchema({ name: 'MissingAccess' })
export class MissingAccessDto {
  @ApiField(ACCESS_PATH, MISSING.accessPath)
  accessPath!: string;

  @ApiField(
    'The value required there, such as a group to request from the facility.',
    MISSING.accessValue,
  )
  accessValue!: string;
}

/** A facility, as the user may use it. */
@ApiSchema({ name: 'Facility' })
export class FacilityDto {
  @ApiField('Name to use as `sourceFacility` or `destFacility`.', 'EXAMPLE-SOURCE')
  name!: string;

  @ApiField(
    'Whether files can be transferred from the facility (SRC), to it (DST), or both ways (BOTH).',
    'SRC',
    { enum: DIRECTIONS },
  )
  direction!: Direction;

  @ApiField('Whether you may transfer from the facility.', true)
  allowedAsSource!: boolean;

  @ApiField('Whether you may transfer to the facility.', false)
  allowedAsDestination!: boolean;

  @ApiField(
    'What your SciCat account lacks. If absent, you have access to the facility.',
    undefined,
    OPTIONAL,
  )
  missingAccess?: MissingAccessDto;
}

const SOURCE = { name: 'EXAMPLE-SOURCE', direction: 'SRC', allowedAsSource: true };
const ARCHIVE = { name: 'EXAMPLE-ARCHIVE', direction: 'DST', allowedAsSource: false };

/** Answer of `GET /facilities`. */
@ApiSchema({ name: 'FacilityList' })
export class FacilityListDto {
  @ApiProperty({
    type: [FacilityDto],
    example: [
      { ...SOURCE, allowedAsDestination: false },
      { ...ARCHIVE, allowedAsDestination: false, missingAccess: MISSING },
    ],
  })
  facilities!: readonly FacilityDto[];
}

/** Facilities as they go over the wire. */
export function facilityListDto(facilities: readonly FacilityForUser[]): FacilityListDto {
  return {
    facilities: facilities.map(({ missing, ...facility }) => ({
      ...facility,
      ...(missing === undefined ? {} : { missingAccess: missing }),
    })),
  };
}
