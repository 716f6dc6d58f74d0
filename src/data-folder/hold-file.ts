import type { FacilityHold } from '../domain/facility-hold.js';
import { noteProblem } from '../domain/one-line.js';
import { field, itemsOf, stringField } from '../domain/untyped.js';
import { momentOf } from '../time/moments.js';

const LONGEST_NAME = 4096;

/** Holds as they are kept across restarts, as JSON. */
export function holdsAsJson(holds: Iterable<FacilityHold>): string {
  const written = [...holds].map(({ since, until, ...hold }) => ({
    ...hold,
    since: new Date(since).toISOString(),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  }));
  return `${JSON.stringify({ version: 1, holds: written }, undefined, 2)}\n`;
}

/** The reverse of {@link holdsAsJson}. @returns undefined if any of it is not as written */
export function readHolds(document: unknown): readonly FacilityHold[] | undefined {
  if (field(document, 'version') !== 1 || !Array.isArray(field(document, 'holds')))
    return undefined;
  const holds = itemsOf(field(document, 'holds')).map(readHold);
  const names = new Set(holds.map((hold) => hold?.facility));
  const complete = holds.filter((hold) => hold !== undefined);
  return complete.length === holds.length && names.size === holds.length ? complete : undefined;
}

function readHold(value: unknown): FacilityHold | undefined {
  const facility = stringField(value, 'facility');
  const message = stringField(value, 'message');
  const by = stringField(value, 'by');
  const since = momentOf(field(value, 'since'));
  const written = field(value, 'until');
  const until = momentOf(written);
  return facility !== undefined &&
    facility.length <= LONGEST_NAME &&
    message !== undefined &&
    noteProblem(message) === undefined &&
    by !== undefined &&
    since !== undefined &&
    (written === undefined || until !== undefined)
    ? { facility, message, since, until, by }
    : undefined;
}
