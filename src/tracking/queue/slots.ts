import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import type { TrackedTransfers } from '../core/tracked-transfers.js';

/** The `task.maxConcurrency` places at Globus. */
export class Slots {
  private reserved = 0;

  constructor(
    private readonly transfers: TrackedTransfers,
    private readonly config: ConfigSnapshots,
  ) {}

  /** Places that no transfer holds and no request that is being stored has reserved. */
  get free(): number {
    const { maxConcurrency } = this.config.current().task;
    return Math.max(0, maxConcurrency - this.transfers.slotsInUse - this.reserved);
  }

  /** Reserves a place for a request. @returns gives it back */
  reserve(): () => void {
    this.reserved += 1;
    return () => {
      this.reserved -= 1;
    };
  }
}
