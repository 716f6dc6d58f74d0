import { noteProblem } from './one-line.js';
import { minuteOf } from './shown-moment.js';
import { field, itemsOf, stringField } from './untyped.js';

/** An operator's decision that no transfer from or to a facility is submitted for now. */
export interface FacilityHold {
  /** Name of the facility. */
  readonly facility: string;
  /** For everybody whose transfers wait: at most 300 characters, on one line. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When it ends by itself, in milliseconds since the epoch; undefined if only an operator ends it. */
  readonly until: number | undefined;
  /** User name of the operator. */
  readonly by: string;
}

/** Names of the two facilities of a transfer. */
export interface FacilityPair {
  readonly source: string;
  readonly destination: string;
}

const DAY_MS = 86_400_000;
/** The day and the month are shown without the year. */
const LONGEST_HOLD_MS = 365 * DAY_MS;
const LONGEST_NAME = 4096;
const MOMENT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Whether the hold has not ended by itself. */
export function isInForce({ until }: Pick<FacilityHold, 'until'>, now: number): boolean {
  return until === undefined || until > now;
}

/** Why a transfer between two facilities waits; undefined if neither is held. */
export function holdReason(
  { source, destination }: FacilityPair,
  holds: ReadonlyMap<string, FacilityHold>,
): string | undefined {
  const reasons = [...new Set([source, destination])].flatMap((name) => {
    const hold = holds.get(name);
    return hold === undefined ? [] : [inWords(hold)];
  });
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

function inWords({ facility, message, until }: FacilityHold): string {
  const end = until === undefined ? '' : ` until ${minuteOf(until)}`;
  return `facility ${facility} is held${end}: ${message}`;
}

/** A moment in milliseconds since the epoch, or why it can't be the end of a hold. */
type ReadMoment =
  | { readonly kind: 'moment'; readonly at: number }
  | { readonly kind: 'problem'; readonly problem: string };

/** Reads the end of a hold: ISO 8601 with a zone, after now, and within a year. */
export function readHoldEnd(value: unknown, now: number): ReadMoment {
  const problem = (text: string): ReadMoment => ({ kind: 'problem', problem: text });
  const at = momentOf(value);
  if (at === undefined) {
    return problem(
      'must be a date and time with a time zone, such as "2026-11-30T14:00Z" or "2026-11-30T15:00+01:00"',
    );
  }
  if (at <= now) return problem('is in the past');
  if (at > now + LONGEST_HOLD_MS) {
    return problem('is more than a year ahead; leave it out for a hold without an end');
  }
  return { kind: 'moment', at };
}

function momentOf(value: unknown): number | undefined {
  const day = typeof value === 'string' && value.length < 50 ? MOMENT.exec(value)?.[1] : undefined;
  // Date takes 30 February for 2 March.
  if (day === undefined || !isDay(day)) return undefined;
  const at = Date.parse(String(value));
  return Number.isNaN(at) ? undefined : at;
}

function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

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
