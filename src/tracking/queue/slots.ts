import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import type { TrackedTransfers } from '../core/tracked-transfers.js';

/**
 * The slots at Globus, of which there are `task.maxConcurrency`. A transfer that only a human can help
 * on holds none. Since Globus still has it, there is a limit on both together: `task.maxPending`.
 */
export class Slots {
  private reserved = 0;

  constructor(
    private readonly transfers: TrackedTransfers,
    private readonly config: ConfigSnapshots,
  ) {}

  /** Slots that are neither held by a transfer nor reserved for a request being stored. */
  get free(): number {
    const { maxConcurrency } = this.config.current().task;
    const taken = this.transfers.slotsInUse + this.reserved;
    return Math.max(0, Math.min(maxConcurrency - taken, this.pendingLeft));
  }

  /** Whether there would be free slots if Globus could take more transfers of this service. */
  private get areHeldBack(): boolean {
    const { maxConcurrency } = this.config.current().task;
    const taken = this.transfers.slotsInUse + this.reserved;
    return this.pendingLeft <= 0 && taken < maxConcurrency;
  }

  /** Why a transfer that may go waits for a slot, to follow "waiting: ". */
  get waitedFor(): string {
    const { maxConcurrency } = this.config.current().task;
    if (this.areHeldBack) {
      return 'Globus has as many transfers of the service as it may have at a time, some of which need someone to act, and this one waits until one of them has ended';
    }
    return `the service runs at most ${maxConcurrency} ${maxConcurrency === 1 ? 'transfer' : 'transfers'} at a time, and this one waits for a free slot`;
  }

  private get pendingLeft(): number {
    const { maxPending, maxConcurrency } = this.config.current().task;
    const { slotsInUse } = this.transfers;
    return (
      Math.max(maxPending, maxConcurrency) -
      slotsInUse -
      this.transfers.withoutSlot().size -
      this.reserved
    );
  }

  /** Reserves a slot for a request. @returns a function that releases it */
  reserve(): () => void {
    this.reserved += 1;
    return () => {
      this.reserved -= 1;
    };
  }
}
