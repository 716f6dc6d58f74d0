import type { Clock } from '../ports/clock.port.js';

/** A number from 0 up to but not including 1; chance as an argument, so that tests can repeat it. */
export type Random = () => number;

/** For {@link backoffMs} and {@link Retry}: no chance at all, every pause is the longest possible. */
export const noJitter: Random = () => 1;

/** How pauses grow. */
export interface BackoffBounds {
  /** Longest pause after the first failure, in milliseconds. It doubles with every further one. */
  readonly firstMs: number;
  /** Longest pause ever, in milliseconds. */
  readonly capMs: number;
  /**
   * Share of a pause that is left to chance, from 0 to 1, so that what failed together does not come
   * back together.
   *
   * @default 0.5, a pause from the upper half
   */
  readonly jitter?: number;
}

/**
 * Pause before the next attempt, in milliseconds.
 *
 * @param failures failed attempts so far, from 1
 */
export function backoffMs(failures: number, bounds: BackoffBounds, random: Random): number {
  const { firstMs, capMs, jitter = 0.5 } = bounds;
  const longest = Math.min(capMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return longest * (1 - jitter + jitter * random());
}

/**
 * When something that failed is tried again: how often it failed in a row, and when it is due. It is
 * due from the beginning. Times are those of the monotonic clock.
 *
 * @example
 * if (!retry.isDue()) return;
 * try { await step(); retry.succeed(); } catch { retry.fail(); }
 */
export class Retry {
  private failed = 0;
  private due = -Infinity;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly bounds: BackoffBounds,
    private readonly random: Random,
  ) {}

  /** Failures since the last success. */
  get failures(): number {
    return this.failed;
  }

  /** Monotonic milliseconds from which on it is due. */
  get dueAt(): number {
    return this.due;
  }

  isDue(): boolean {
    return this.clock.monotonicMs() >= this.due;
  }

  /**
   * Counts a failure: not due before the pause is over.
   *
   * @param bounds of this one pause, where they depend on what failed
   * @returns the pause, in milliseconds
   */
  fail(bounds: BackoffBounds = this.bounds): number {
    this.failed += 1;
    const pauseMs = backoffMs(this.failed, bounds, this.random);
    this.due = this.clock.monotonicMs() + pauseMs;
    return pauseMs;
  }

  /** Forgets all failures: due now, and the next pause is a first one. */
  succeed(): void {
    this.failed = 0;
    this.due = -Infinity;
  }

  /** Not due for so many milliseconds, or longer if it was not due for longer. Counts no failure. */
  delay(ms: number): void {
    this.due = Math.max(this.due, this.clock.monotonicMs() + ms);
  }

  /** Due now. The failures stay counted, so the pause after the next one grows on. */
  hurry(): void {
    this.due = -Infinity;
  }
}
