import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { SchedulerRegistry } from '@nestjs/schedule';
import type { ConfigSnapshots } from '../config/config-snapshots.js';
import type { Tracker } from './tracker.js';

const INTERVAL = 'tracker';
/** The tracker's share of the 20 s that a stopping service allows. */
const STOP_WITHIN_MS = 15_000;

/**
 * Starts the tracker, wakes it every `task.pollInterval` and after a configuration reload, and stops
 * it before the service shuts down. The timer only wakes the tracker's loop, so cycles never overlap.
 */
export class TrackerSchedule implements BeforeApplicationShutdown {
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly tracker: Tracker,
    private readonly config: ConfigSnapshots,
  ) {}

  /** Call once, after every listener of the tracker's events is registered. */
  begin(): void {
    this.wakeRegularly();
    this.unsubscribe = this.config.onReplaced(() => {
      this.wakeRegularly();
      // There may be more slots now.
      this.tracker.wake();
    });
    this.tracker.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe?.();
    this.stopWaking();
    await this.tracker.stop(STOP_WITHIN_MS);
  }

  private wakeRegularly(): void {
    this.stopWaking();
    this.registry.addInterval(
      INTERVAL,
      setInterval(() => this.tracker.wake(), this.config.current().task.pollIntervalSeconds * 1000),
    );
  }

  private stopWaking(): void {
    if (this.registry.doesExist('interval', INTERVAL)) this.registry.deleteInterval(INTERVAL);
  }
}
