import { setImmediate } from 'node:timers/promises';

/**
 * Carries out work that comes in steps, and lets others run between two of them: nobody else's
 * request may wait for one long file list.
 *
 * @param signal ends it between two steps
 * @throws the signal's reason, and what a step throws
 */
export async function inSlices<Result>(
  steps: Generator<undefined, Result, undefined>,
  signal?: AbortSignal,
): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await setImmediate();
    signal?.throwIfAborted();
  }
}
