import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../ports/clock.port.js';

/** The machine's own clocks and timers. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    try {
      await delay(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // Node throws its own AbortError; callers expect the signal's reason.
      signal?.throwIfAborted();
      throw error;
    }
  }

  schedule(ms: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.max(0, ms));
    return () => clearTimeout(timer);
  }
}
