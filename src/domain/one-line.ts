/** Longest message or reason that people may attach to holds and cancellations, in characters. */
export const LONGEST_NOTE = 300;

/** Control and format characters, line and paragraph separators, and halves of surrogate pairs. */
const NOT_ON_A_LINE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Why a value can't be a message or a reason, to follow its name; undefined if it can. */
export function noteProblem(value: unknown): string | undefined {
  if (value === undefined) return 'is missing';
  if (typeof value !== 'string') return 'must be a string';
  if (value.trim() === '') return 'is empty';
  if (value.length > LONGEST_NOTE) return `must have at most ${LONGEST_NOTE} characters`;
  return NOT_ON_A_LINE.test(value)
    ? 'must be on one line, without control characters or invisible ones'
    : undefined;
}
