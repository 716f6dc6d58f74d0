import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import type { TrackedTransfers } from '../core/tracked-transfers.js';

/** The slots at Globus, of which there are `task.maxConcurrency`. */
export class Slots {
  private reserved = 0;

  constructor(
    private readonly transfers: TrackedTransfers,
    private readonly config: ConfigSnapshots,
  ) {}

  /** Slots that are neither held by a transfer nor reserved for a request being stored. */
  get free(): number {
    const { maxConcurrency } = this.config.current().task;
    return Math.max(0, maxConcurrency - this.transfers.slotsInUse - this.reserved);
  }

  /** Reserves a slot for a request. @returns a function that releases it */
  reserve(): () => void {
    this.reserved += 1;
    return () => {
      this.reserved -= 1;
    };
  }
}
