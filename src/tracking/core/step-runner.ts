import type { Clock } from '../../ports/clock.port.js';
import { type BackoffBounds, type Random, Retry } from '../../time/backoff.js';
import type { TrackedTransfer } from './tracked-transfers.js';

interface StepState {
  running: boolean;
  readonly retry: Retry;
}

const BACKOFF: BackoffBounds = { firstMs: 2000, capMs: 60_000 };

/**
 * Runs the steps of transfers, one at a time per transfer. After failures the next step waits, longer
 * with each failure in a row.
 */
export class StepRunner {
  private readonly states = new WeakMap<TrackedTransfer, StepState>();
  private count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** Steps running now, over all transfers. */
  get running(): number {
    return this.count;
  }

  isRunning(tracked: TrackedTransfer): boolean {
    return this.states.get(tracked)?.running === true;
  }

  /**
   * Whether a step may begin: the job exists, it is known how far the transfer has come, no step is running,
   * and no pause is in force.
   */
  isDue(tracked: TrackedTransfer): boolean {
    return !tracked.doubted && this.mayRun(tracked);
  }

  /** As {@link isDue}, for the steps that find out how far the transfer has come. */
  mayRun(tracked: TrackedTransfer): boolean {
    if (tracked.jobGone) return false;
    const state = this.states.get(tracked);
    return state === undefined || (!state.running && state.retry.isDue());
  }

  /** Runs a step, due or not. @returns undefined, without running it, while another one runs */
  async run<T>(tracked: TrackedTransfer, step: () => Promise<T>): Promise<T | undefined> {
    const state = this.stateOf(tracked);
    if (state.running) return undefined; // T4 of the tracker
    state.running = true;
    this.count += 1;
    try {
      return await step();
    } finally {
      state.running = false;
      this.count -= 1;
    }
  }

  /** Records a failure: the next step begins after a pause that grows with each one in a row. */
  failed(tracked: TrackedTransfer, bounds: BackoffBounds = BACKOFF): void {
    this.stateOf(tracked).retry.fail(bounds);
  }

  /** Delays the next step by `ms` milliseconds, without counting a failure. */
  delay(tracked: TrackedTransfer, ms: number): void {
    this.stateOf(tracked).retry.delay(ms);
  }

  /** Ends the pause; earlier failures still count. */
  hurry(tracked: TrackedTransfer): void {
    this.states.get(tracked)?.retry.hurry();
  }

  /** Ends the pause and forgets earlier failures: the transfer has moved on. */
  reset(tracked: TrackedTransfer): void {
    this.states.get(tracked)?.retry.succeed();
  }

  private stateOf(tracked: TrackedTransfer): StepState {
    let state = this.states.get(tracked);
    if (state === undefined) {
      state = { running: false, retry: new Retry(this.clock, BACKOFF, this.random) };
      this.states.set(tracked, state);
    }
    return state;
  }
}
