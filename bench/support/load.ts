/** What some calls, made one after the other or at the same time, came to. */
export interface LoadResult {
  readonly latenciesMs: readonly number[];
  /** From the first call to the last answer. */
  readonly elapsedMs: number;
}

/**
 * Calls something again and again, as so many callers that each begin anew when they are answered.
 *
 * @param call gets the number of the call, from 0
 */
export async function load(
  count: number,
  concurrency: number,
  call: (number: number) => Promise<unknown>,
): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) {
      const number = next;
      next += 1;
      const began = performance.now();
      await call(number);
      latenciesMs.push(performance.now() - began);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: concurrency }, caller));
  return { latenciesMs, elapsedMs: performance.now() - started };
}
