import { setImmediate } from 'node:timers/promises';

/**
 * Work on up to 400,000 entries, cut into steps of a few milliseconds: between two steps other
 * requests are served.
 */
export type CooperativeTask<Result> = Generator<undefined, Result, undefined>;

/** Entries processed in one step. */
export const ENTRIES_PER_STEP = 10_000;

/**
 * Runs a task step by step, and lets other requests run in between.
 *
 * @param signal ends it between two steps
 * @throws the signal's reason, and what a step throws
 */
export async function runCooperatively<Result>(
  task: CooperativeTask<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  for (;;) {
    const step = task.next();
    if (step.done === true) return step.value;
    await setImmediate();
    signal?.throwIfAborted();
  }
}
