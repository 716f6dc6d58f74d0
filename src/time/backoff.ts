import type { Clock } from '../ports/clock.port.js';

/** A number in [0, 1), injected so that tests are repeatable. */
export type Random = () => number;

/** No randomness: every pause is the longest possible. */
export const noJitter: Random = () => 1;

export interface BackoffBounds {
  /** Longest pause after the first failure, in milliseconds; doubles with each further one. */
  readonly firstMs: number;
  /** Longest pause ever, in milliseconds. */
  readonly capMs: number;
  /** Random share of a pause, from 0 to 1, so that retries spread out. @default 0.5 */
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
 * Decides when to retry: counts failures in a row, and knows when the next attempt is due. The first
 * is due at once. Times are those of the monotonic clock.
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

  /** When the next attempt is due, in monotonic milliseconds. */
  get dueAt(): number {
    return this.due;
  }

  isDue(): boolean {
    return this.clock.monotonicMs() >= this.due;
  }

  /**
   * Counts a failure, and is not due until a pause is over.
   *
   * @param bounds of this pause alone
   * @returns the pause, in milliseconds
   */
  fail(bounds: BackoffBounds = this.bounds): number {
    this.failed += 1;
    const pauseMs = backoffMs(this.failed, bounds, this.random);
    this.due = this.clock.monotonicMs() + pauseMs;
    return pauseMs;
  }

  /** Resets the failures; due now. */
  succeed(): void {
    this.failed = 0;
    this.due = -Infinity;
  }

  /** Not due for at least `ms` milliseconds. Counts no failure. */
  delay(ms: number): void {
    this.due = Math.max(this.due, this.clock.monotonicMs() + ms);
  }

  /** Due now. Keeps the failure count, so that pauses keep growing. */
  hurry(): void {
    this.due = -Infinity;
  }
}
