import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { type Direction, DIRECTIONS } from '../../facilities/facility.js';
import type { FacilityForUser } from '../../facilities/facility-authorization.js';

/** What a SciCat account lacks. */
@ApiSchema({ name: 'MissingAccess' })
export class MissingAccessDto {
  @ApiProperty({
    description: 'Dot path in your identity document where access is checked.',
    example: 'profile.accessGroups',
  })
  accessPath!: string;

  @ApiProperty({
    description: 'The value required there, such as a group to request from the facility.',
    example: 'EXAMPLE-ARCHIVE-users',
  })
  accessValue!: string;
}

/** A facility, as the user who asks may use it. */
@ApiSchema({ name: 'Facility' })
export class FacilityDto {
  @ApiProperty({
    description: 'Name to use as `sourceFacility` or `destFacility`.',
    example: 'EXAMPLE-SOURCE',
  })
  name!: string;

  @ApiProperty({
    enum: DIRECTIONS,
    description:
      'Whether files can be transferred from the facility (SRC), to it (DST), or both ways (BOTH).',
    example: 'SRC',
  })
  direction!: Direction;

  @ApiProperty({ description: 'Whether you may transfer from the facility.', example: true })
  allowedAsSource!: boolean;

  @ApiProperty({ description: 'Whether you may transfer to the facility.', example: false })
  allowedAsDestination!: boolean;

  @ApiPropertyOptional({
    description: 'What your SciCat account lacks. If absent, you have access to the facility.',
  })
  missingAccess?: MissingAccessDto;
}

/** Answer of `GET /facilities`. */
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
        missingAccess: {
          accessPath: 'profile.accessGroups',
          accessValue: 'EXAMPLE-ARCHIVE-users',
        },
      },
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
