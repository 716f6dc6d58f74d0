import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { type Direction, DIRECTIONS } from '../../facilities/facility.js';
import type { FacilityForUser } from '../../facilities/facility-authorization.js';
import type { FacilityHold } from '../../domain/facility-hold.js';
import { LONGEST_NOTE } from '../../domain/one-line.js';
import { requestIsInvalid } from '../../errors/request.errors.js';
import type { ParsedBody } from '../../file-lists/parse-file-list.js';
import type { StatedHold } from '../application/hold-facility.js';
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

const HOLD = {
  message: 'Maintenance of the storage',
  since: '2026-11-30T08:12:45.000Z',
  until: '2026-11-30T14:00:00.000Z',
};
const MOMENT = { format: 'date-time' };

@ApiSchema({ name: 'FacilityHold' })
class FacilityHoldDto {
  @ApiField('Why the facility is held, in the words of an operator.', HOLD.message)
  message!: string;

  @ApiField('When the hold was placed.', HOLD.since, MOMENT)
  since!: string;

  @ApiField('When the hold ends by itself. If absent, an operator has to end it.', HOLD.until, {
    ...OPTIONAL,
    ...MOMENT,
  })
  until?: string;
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

  @ApiField(
    'Whether operators hold the facility: transfers from or to it are accepted, and wait until the hold has ended.',
    false,
  )
  held!: boolean;

  @ApiField('The hold of the facility. Absent if it is not held.', undefined, OPTIONAL)
  hold?: FacilityHoldDto;
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
        held: true,
        hold: HOLD,
      },
      {
        name: 'EXAMPLE-ARCHIVE',
        direction: 'DST',
        allowedAsSource: false,
        allowedAsDestination: false,
        missingAccess: MISSING,
        held: false,
      },
    ],
  })
  facilities!: readonly FacilityDto[];
}

/** The response for a list of facilities. */
export function facilityListDto(
  facilities: readonly FacilityForUser[],
  holds: readonly FacilityHold[],
): FacilityListDto {
  const held = new Map(holds.map((hold) => [hold.facility, holdDto(hold)]));
  return {
    facilities: facilities.map(({ missing, ...facility }) => {
      const hold = held.get(facility.name);
      return {
        ...facility,
        ...(missing === undefined ? {} : { missingAccess: missing }),
        held: hold !== undefined,
        ...(hold === undefined ? {} : { hold }),
      };
    }),
  };
}

/** Operators are not named to everybody. */
function holdDto({ message, since, until }: FacilityHold): FacilityHoldDto {
  return {
    message,
    since: new Date(since).toISOString(),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  };
}

/** Body of `POST /facilities/{name}/hold`, for documentation: `statedHold` checks it. */
@ApiSchema({ name: 'FacilityHoldRequest' })
export class FacilityHoldRequestDto {
  @ApiField(
    'Why the facility is held, on one line. It is shown to everybody, and in the job of each transfer that waits.',
    HOLD.message,
    { minLength: 1, maxLength: LONGEST_NOTE },
  )
  message!: string;

  @ApiField(
    'When the hold ends by itself, as a date and time with a time zone, within a year. If absent, an operator has to end it.',
    '2026-11-30T15:00:00+01:00',
    { ...OPTIONAL, ...MOMENT },
  )
  until?: string;
}

/** Response of `POST /facilities/{name}/hold`. */
@ApiSchema({ name: 'HeldFacility' })
export class HeldFacilityDto {
  @ApiField('Name of the facility.', 'EXAMPLE-SOURCE')
  facility!: string;

  @ApiField('The hold.')
  hold!: FacilityHoldDto;
}

/** Response of `DELETE /facilities/{name}/hold`. */
@ApiSchema({ name: 'ReleasedFacility' })
export class ReleasedFacilityDto {
  @ApiField('Name of the facility.', 'EXAMPLE-SOURCE')
  facility!: string;

  @ApiField('Whether the facility was held until now.', true)
  wasHeld!: boolean;

  @ApiField('The hold that has ended. Absent if the facility was not held.', undefined, OPTIONAL)
  hold?: FacilityHoldDto;
}

/** The response for a hold that was placed. */
export function heldFacilityDto(hold: FacilityHold): HeldFacilityDto {
  return { facility: hold.facility, hold: holdDto(hold) };
}

/** The response for a release. */
export function releasedFacilityDto(
  facility: string,
  hold: FacilityHold | undefined,
): ReleasedFacilityDto {
  if (hold === undefined) return { facility, wasHeld: false };
  return { facility, wasHeld: true, hold: holdDto(hold) };
}

const HOLD_KEYS: readonly string[] = ['message', 'until'];

/** What a body states about a hold. @throws InvalidRequestError when it has other keys */
export function statedHold({ files, others }: ParsedBody): StatedHold {
  const keys = [...(files === undefined ? [] : ['fileList']), ...others.keys()];
  const unknown = keys.filter((key) => !HOLD_KEYS.includes(key));
  if (unknown.length > 0) {
    throw requestIsInvalid(unknown, (key) => `unknown key "${key.slice(0, 100)}" in the body`);
  }
  return { message: others.get('message'), until: others.get('until') };
}
