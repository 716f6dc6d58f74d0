/**
 * Work on a list of up to 400,000 entries, cut into steps of a few milliseconds: between two of them
 * whoever drives it lets others run.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** So many entries are dealt with in one step. */
export const ENTRIES_PER_STEP = 10_000;
