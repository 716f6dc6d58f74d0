/**
 * Time. A port, so that days pass in milliseconds in tests. Jumps of the wall clock affect only what is
 * displayed.
 */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. For display and for comparing with upstream dates. */
  now(): number;
  /** Monotonic clock, milliseconds from an arbitrary start. For every duration and deadline. */
  monotonicMs(): number;
  /**
   * Resolves after `ms` milliseconds.
   *
   * @throws the signal's reason, as soon as `signal` is aborted
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls back after `ms` milliseconds. For timers that are usually cancelled, which is cheaper than
   * aborting a {@link sleep}.
   *
   * @returns a function that cancels the timer
   */
  schedule(ms: number, callback: () => void): () => void;
}

/** Injection token of {@link Clock}. */
export const CLOCK = Symbol('Clock');
