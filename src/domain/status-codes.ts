/** How the status codes of jobs are written. */
export const STATUS_CODE_STYLES = ['numbers', 'words'] as const;

/**
 * `numbers` are those of the Go version. `words` are the ones that SciCat's own mail rules, mail
 * templates and archive systems use.
 */
export type StatusCodeStyle = (typeof STATUS_CODE_STYLES)[number];

/**
 * The status codes of transfer jobs, as numbers and as words. Frozen: existing clients depend on the
 * numbers, and rules in SciCat on the words.
 */
const WORDS = {
  /** Waiting. */
  '001': 'jobSubmitted',
  /** Transferring, or being completed. */
  '002': 'inProgress',
  '003': 'finishedSuccessful',
  '004': 'cancelled',
  /** No archive job could be created. */
  '995': 'finishedWithWarnings',
  /** The dataset could not be marked. */
  '997': 'finishedWithWarnings',
  /** Failed. */
  '998': 'finishedUnsuccessful',
} as const;

/** A status code as a number. */
export type StatusNumber = keyof typeof WORDS;

/** A status code as SciCat shows it. */
export function statusCodeIn(style: StatusCodeStyle, number: StatusNumber): string {
  return style === 'words' ? WORDS[number] : number;
}

/**
 * Whether two status codes may say the same, one as a number and the other as a word: the setting may
 * have changed since a job was written.
 */
export function sameStatusCode(one: string, other: string): boolean {
  return one === other || inWords(one) === inWords(other);
}

function inWords(code: string): string {
  return Object.entries(WORDS).find(([number]) => number === code)?.[1] ?? code;
}
