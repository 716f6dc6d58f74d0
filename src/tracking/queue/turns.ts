import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { facilitiesOf, ownerOf } from '../../domain/transfer.js';
import type { FacilityHolds } from '../../ports/facility-holds.port.js';
import type { Clock } from '../../ports/clock.port.js';
import type { TrackedTransfer, TrackedTransfers } from '../core/tracked-transfers.js';
import {
  charged,
  entryOf,
  EVEN,
  fairOrder,
  isSmall,
  levelled,
  type OrderFacts,
  type OrderRules,
  type QueueEntry,
} from './order.js';

const HOUR_MS = 3_600_000;
const GIB = 2 ** 30;

interface Entry extends QueueEntry {
  readonly tracked: TrackedTransfer;
}

/**
 * Whose turn it is, by order.ts: remembers what each group and user was given while they had something
 * waiting. After a restart, everybody begins equal.
 */
export class Turns {
  private balance = EVEN;
  /** What was charged for a transfer that holds a slot, or did. */
  private readonly charges = new WeakMap<TrackedTransfer, QueueEntry>();
  /** The order last shown, until the queue or the balance changes. */
  private shown: { readonly revision: number; readonly places: ReadonlyMap<string, number> } = {
    revision: -1,
    places: new Map(),
  };
  /** Number of changes of the balance. */
  private changes = 0;

  constructor(
    private readonly transfers: TrackedTransfers,
    private readonly config: ConfigSnapshots,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly holds: Pick<FacilityHolds, 'reasonToWait' | 'onChange'>,
  ) {
    holds.onChange(() => {
      this.changes += 1;
    });
  }

  /** The transfers among `candidates` that get the next `count` slots. They are not charged yet. */
  next(candidates: readonly TrackedTransfer[], count: number): readonly TrackedTransfer[] {
    const entries = candidates.map(entryFor);
    this.balance = levelled(this.balance, entries);
    this.changes += 1;
    return this.inOrder(entries)
      .slice(0, count)
      .map(({ tracked }) => tracked);
  }

  /** A transfer takes a slot out of the queue. */
  taken(tracked: TrackedTransfer): void {
    const entry = entryOf(tracked.transfer);
    this.charges.set(tracked, entry);
    this.charge(entry, entry.bytes);
  }

  /** It gives the slot back without having been started. */
  givenBack(tracked: TrackedTransfer): void {
    const entry = this.charges.get(tracked);
    if (entry === undefined) return;
    this.charges.delete(tracked);
    this.charge(entry, -entry.bytes);
  }

  /** It has ended: what was copied beyond its expected size counts too. */
  ended(tracked: TrackedTransfer): void {
    const entry = this.charges.get(tracked);
    if (entry === undefined) return;
    this.charges.delete(tracked);
    const more = tracked.transfer.progress.bytesTransferred - entry.bytes;
    if (more > 0) this.charge(entry, more);
  }

  /**
   * Number of transfers that go before this one, if no others arrive; undefined if it does not wait.
   * Those of held facilities come last.
   */
  placeOf(jobId: string): number | undefined {
    const revision = this.transfers.queueRevision + this.changes;
    if (this.shown.revision !== revision) {
      const waiting = [...this.transfers.waiting()].map(entryFor);
      const held = new Set(waiting.filter((entry) => this.isHeld(entry)));
      const order = [
        ...this.inOrder(waiting.filter((entry) => !held.has(entry))),
        ...this.inOrder([...held]),
      ];
      const places = new Map(order.map((entry, place) => [entry.jobId, place]));
      this.shown = { revision, places };
    }
    return this.shown.places.get(jobId);
  }

  private isHeld({ tracked }: Entry): boolean {
    const facilities = facilitiesOf(tracked.transfer);
    return facilities !== undefined && this.holds.reasonToWait(facilities) !== undefined;
  }

  private charge(entry: QueueEntry, bytes: number): void {
    this.balance = charged(this.balance, entry, bytes, this.rules());
    this.changes += 1;
  }

  private inOrder(entries: readonly Entry[]): readonly Entry[] {
    return entries.length === 0 ? [] : fairOrder(entries, this.balance, this.rules(), this.facts());
  }

  private rules(): OrderRules {
    const { shares, maxWaitHours, smallTransferGiB } = this.config.current().task;
    return {
      weightOf: (group) => (Object.hasOwn(shares, group) ? shares[group] : shares['default']) ?? 1,
      maxWaitMs: maxWaitHours * HOUR_MS,
      smallBytes: smallTransferGiB * GIB,
    };
  }

  private facts(): OrderFacts {
    const { transfers } = this;
    const { smallBytes } = this.rules();
    return {
      now: this.clock.now(),
      // Looked up only where they matter: very many may run.
      get usersRunning() {
        return new Set([...transfers.holdingSlots()].map((one) => ownerOf(one.transfer).user));
      },
      get smallRunning() {
        return [...transfers.holdingSlots()].some((one) => isSmall(entryFor(one), smallBytes));
      },
    };
  }
}

function entryFor(tracked: TrackedTransfer): Entry {
  return { ...entryOf(tracked.transfer), tracked };
}
