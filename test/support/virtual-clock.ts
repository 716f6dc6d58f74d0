import type { Clock } from '../../src/ports/clock.port.js';

interface Sleeper {
  readonly wakeAt: number;
  readonly order: number;
  readonly wake: () => void;
  cancelled: boolean;
}

/**
 * A clock that stands still until it is told to go on: days pass in milliseconds, and in the same
 * order every time.
 */
export class VirtualClock implements Clock {
  private monotonic = 0;
  private wallOffset: number;
  private order = 0;
  private underWay = 0;
  /** A binary heap, the next to wake on top; a cancelled one stays until it comes up. */
  private readonly heap: Sleeper[] = [];

  /**
   * @param start wall clock in milliseconds since the epoch
   * @param settled lets everything run that is not waiting for time
   */
  constructor(
    start = Date.UTC(2026, 0, 1),
    private readonly settled: () => Promise<void> = settle,
  ) {
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
      const onAbort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.schedule(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Calls back after `ms` milliseconds.
   *
   * @returns what takes the call back
   */
  schedule(ms: number, callback: () => void): () => void {
    const sleeper: Sleeper = {
      wakeAt: this.monotonic + Math.max(0, ms),
      order: this.order++,
      wake: callback,
      cancelled: false,
    };
    this.push(sleeper);
    this.underWay += 1;
    return () => {
      if (sleeper.cancelled) return;
      sleeper.cancelled = true;
      this.underWay -= 1;
    };
  }

  /** The wall clock jumps, as when an administrator sets it; durations are not affected. */
  jumpWallClock(ms: number): void {
    this.wallOffset += ms;
  }

  /** How many sleeps are under way. */
  get pending(): number {
    return this.underWay;
  }

  /** Lets `ms` pass; every sleeper wakes at its time, and what it starts runs before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.monotonic + ms;
    await this.settled();
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.wakeAt > end) break;
      this.pop();
      if (next.cancelled) continue;
      next.cancelled = true;
      this.underWay -= 1;
      this.monotonic = Math.max(this.monotonic, next.wakeAt);
      next.wake();
      await this.settled();
    }
    this.monotonic = end;
    await this.settled();
  }

  private push(sleeper: Sleeper): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(sleeper);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(sleeper, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = sleeper;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = 2 * index + (child === right ? 2 : 1);
    }
    heap[index] = last;
  }
}

function isBefore(a: Sleeper, b: Sleeper): boolean {
  return a.wakeAt < b.wakeAt || (a.wakeAt === b.wakeAt && a.order < b.order);
}

/** Lets everything run that is not waiting for time, files and sockets included for a moment. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/**
 * As {@link settle}, where nothing but promises is waited for: many times as fast. Node calls a
 * `nextTick` only when no promise has anything left to run.
 */
export async function settlePromises(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
}
