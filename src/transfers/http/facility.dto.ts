import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { type Direction, DIRECTIONS } from '../../facilities/facility.js';
import type { FacilityForUser } from '../../facilities/facility-authorization.js';
import { ApiField, OPTIONAL } from './api-field.js';

/** Description of `accessPath`. */
export const ACCESS_PATH = 'Dot path in your identity document where access is checked.';
const MISSING = { accessPath: 'profile.accessGroups', accessValue: 'EXAMPLE-ARCHIVE-users' };

@ApiSchema({ name: 'MissingAccess' })
class MissingAccessDto {
  @ApiField(ACCESS_PATH, MISSING.accessPath)
  accessPath!: string;

  @ApiField(
    'Value required there, typically a group. Ask the facility to add you to it.',
    MISSING.accessValue,
  )
  accessValue!: string;
}

@ApiSchema({ name: 'Facility' })
class FacilityDto {
  @ApiField('Name to send as `sourceFacility` or `destFacility`.', 'EXAMPLE-SOURCE')
  name!: string;

  @ApiField(
    'Whether datasets can be transferred from the facility (`SRC`), to it (`DST`), or both (`BOTH`).',
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

/** Response of `GET /facilities`. */
@ApiSchema({ name: 'FacilityList' })
export class FacilityListDto {
  @ApiProperty({
    type: [FacilityDto],
    example: [
      {
        name: 'EXAMPLE-SOURCE',
        direction: 'SRC',
        allowedAsSource: true,
        allowedAsDestination: false,
      },
      {
        name: 'EXAMPLE-ARCHIVE',
        direction: 'DST',
        allowedAsSource: false,
        allowedAsDestination: false,
        missingAccess: MISSING,
      },
    ],
  })
  facilities!: readonly FacilityDto[];
}

/** The response for a list of facilities. */
export function facilityListDto(facilities: readonly FacilityForUser[]): FacilityListDto {
  return {
    facilities: facilities.map(({ missing, ...facility }) => ({
      ...facility,
      ...(missing === undefined ? {} : { missingAccess: missing }),
    })),
  };
}
