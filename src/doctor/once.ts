/**
 * A question that several checks ask, put once. A failure is remembered as well, except that of a
 * signal: whoever asks next has a signal of its own.
 */
export function once<T>(
  ask: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal) => Promise<T> {
  let answer: Promise<T> | undefined;
  return async (signal) => {
    answer ??= ask(signal);
    try {
      return await answer;
    } catch (error) {
      if (signal.aborted) answer = undefined;
      throw error;
    }
  };
}
