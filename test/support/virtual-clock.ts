import type { Clock } from '../../src/time/clock.port.js';

interface Sleeper {
  readonly wakeAt: number;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still until it is told to go on: days pass in milliseconds, and in the same
 * order every time.
 */
export class VirtualClock implements Clock {
  private monotonic = 0;
  private wallOffset: number;
  private order = 0;
  private sleepers: Sleeper[] = [];

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.wallOffset = start;
  }

  now(): number {
    return this.wallOffset + this.monotonic;
  }

  monotonicMs(): number {
    return this.monotonic;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const sleeper: Sleeper = {
        wakeAt: this.monotonic + Math.max(0, ms),
        order: this.order++,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.sleepers.push(sleeper);
    });
  }

  /** The wall clock jumps, as when an administrator sets it; durations are not affected. */
  jumpWallClock(ms: number): void {
    this.wallOffset += ms;
  }

  /** How many sleeps are under way. */
  get pending(): number {
    return this.sleepers.length;
  }

  /** Lets `ms` pass; every sleeper wakes at its time, and what it starts runs before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.monotonic + ms;
    await settle();
    for (;;) {
      const next = this.nextSleeper();
      if (next === undefined || next.wakeAt > end) break;
      this.sleepers = this.sleepers.filter((other) => other !== next);
      this.monotonic = Math.max(this.monotonic, next.wakeAt);
      next.wake();
      await settle();
    }
    this.monotonic = end;
    await settle();
  }

  private nextSleeper(): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.sleepers) {
      if (
        next === undefined ||
        sleeper.wakeAt < next.wakeAt ||
        (sleeper.wakeAt === next.wakeAt && sleeper.order < next.order)
      ) {
        next = sleeper;
      }
    }
    return next;
  }
}

/** Lets everything run that is not waiting for time. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
