import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { SchedulerRegistry } from '@nestjs/schedule';
import type { ConfigSnapshots } from '../config/config-snapshots.js';
import type { Tracker } from './tracker.js';

const INTERVAL = 'tracker';
/** Requests have up to 20 s to end when the service stops; this is the tracker's part of it. */
const STOP_WITHIN_MS = 15_000;

/**
 * Starts the tracker, wakes it at every `task.pollInterval`, and when another configuration comes
 * into force, and stops it before the service goes. The timer only wakes: the tracker's own loop
 * never overlaps itself, however long a cycle takes.
 */
export class TrackerSchedule implements BeforeApplicationShutdown {
  private unfollow: (() => void) | undefined;

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly tracker: Tracker,
    private readonly config: ConfigSnapshots,
  ) {}

  /** To be called once, when all who listen to the tracker's events are there. */
  begin(): void {
    this.wakeRegularly();
    this.unfollow = this.config.onReplaced(() => {
      this.wakeRegularly();
      // There may be more places now.
      this.tracker.wake();
    });
    this.tracker.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.unfollow?.();
    this.wakeNoMore();
    await this.tracker.stop(STOP_WITHIN_MS);
  }

  private wakeRegularly(): void {
    this.wakeNoMore();
    this.registry.addInterval(
      INTERVAL,
      setInterval(() => {
        this.tracker.wake();
      }, this.config.current().task.pollIntervalSeconds * 1000),
    );
  }

  private wakeNoMore(): void {
    if (this.registry.doesExist('interval', INTERVAL)) this.registry.deleteInterval(INTERVAL);
  }
}
