import { momentOf } from '../../time/moments.js';

const DAY_MS = 86_400_000;
/** The furthest end of a hold: the day and the month are shown without the year. */
export const LONGEST_HOLD_MS = 365 * DAY_MS;

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
