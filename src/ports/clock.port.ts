/**
 * Time as the service sees it. A port, so that days pass in milliseconds in tests and a jump of the
 * wall clock changes nothing but what is displayed.
 */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. For display and for comparing with upstream dates. */
  now(): number;
  /** Monotonic clock, milliseconds from an arbitrary start. For every duration and deadline. */
  monotonicMs(): number;
  /**
   * Resolves after `ms` milliseconds.
   *
   * @throws the signal's reason, as soon as `signal` is aborted.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls back after `ms` milliseconds. For what is mostly taken back: that costs nothing here, where
   * a {@link sleep} that is broken off makes errors.
   *
   * @returns takes the call back, if it has not been made
   */
  schedule(ms: number, callback: () => void): () => void;
}

/** Injection token of {@link Clock}. */
export const CLOCK = Symbol('Clock');
