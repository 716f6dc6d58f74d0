import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { type Direction, DIRECTIONS } from '../../facilities/facility.js';
import type { FacilityForUser } from '../application/list-facilities.js';

/** What a SciCat account lacks. */
@ApiSchema({ name: 'MissingAccess' })
export class MissingAccessDto {
  @ApiProperty({
    description: "Where in your SciCat identity document is looked, names separated by '.'.",
    example: 'profile.accessGroups',
  })
  accessPath!: string;

  @ApiProperty({
    description: 'What would have to stand there: a group to ask the facility for, for example.',
    example: 'EXAMPLE-ARCHIVE-users',
  })
  accessValue!: string;
}

/** A facility, as the user who asks may use it. */
@ApiSchema({ name: 'Facility' })
export class FacilityDto {
  @ApiProperty({
    description: 'What POST /transfer takes as sourceFacility or destFacility.',
    example: 'EXAMPLE-SOURCE',
  })
  name!: string;

  @ApiProperty({
    enum: DIRECTIONS,
    description: 'Whether files may go away from it (SRC), to it (DST), or both.',
    example: 'SRC',
  })
  direction!: Direction;

  @ApiProperty({ description: 'Whether you may transfer from it.', example: true })
  allowedAsSource!: boolean;

  @ApiProperty({ description: 'Whether you may transfer to it.', example: false })
  allowedAsDestination!: boolean;

  @ApiPropertyOptional({
    description: 'What your SciCat account lacks. Absent: the facility is open to you.',
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
