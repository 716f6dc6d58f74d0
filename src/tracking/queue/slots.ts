import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { ownerOf } from '../../domain/transfer.js';
import type { TrackedTransfers } from '../core/tracked-transfers.js';

/**
 * The slots at Globus, of which there are `task.maxConcurrency`. A transfer that only a human can help
 * on holds none. Since Globus still has it, there is a limit on both together: `task.maxPending`. A
 * user with `task.maxStuckPerUser` of them gets no further slots, or one user could reach that limit alone.
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

  /** Users with so many transfers that only a human can help on that no further ones of them begin. */
  usersHeldBack(): ReadonlySet<string> {
    const { maxStuckPerUser } = this.config.current().task;
    const counts = new Map<string, number>();
    for (const { transfer } of maxStuckPerUser === 0 ? [] : this.transfers.withoutSlot()) {
      const { user } = ownerOf(transfer);
      counts.set(user, (counts.get(user) ?? 0) + 1);
    }
    return new Set([...counts].flatMap(([user, n]) => (n >= maxStuckPerUser ? [user] : [])));
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
