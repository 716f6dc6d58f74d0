import { setImmediate } from 'node:timers/promises';

/** Work on up to 400,000 entries in steps of a few milliseconds, so that other requests can run. */
export type CooperativeTask<Result> = Generator<undefined, Result, undefined>;

/** Entries processed in one step. */
export const ENTRIES_PER_STEP = 10_000;

/**
 * Runs a task, letting other requests run between its steps.
 *
 * @param signal ends the task at the next step
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
