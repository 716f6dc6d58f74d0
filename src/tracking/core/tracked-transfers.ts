import type { Clock } from '../../ports/clock.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import { fingerprint } from '../../domain/fingerprint.js';
import { type Owner, ownerOf, type Transfer } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';

/**
 * A transfer that this process tracks. Only {@link TrackedTransfers} changes it; state that only the
 * dispatcher, the poller or the finalizer needs is kept there.
 */
export interface TrackedTransfer {
  readonly jobId: string;
  /** Of the requested copy; undefined for jobs of the Go version, which have no record. */
  readonly fingerprint: string | undefined;
  /** Of the HTTP request that created it; undefined when an earlier process served that. */
  readonly requestId: string | undefined;
  /** Monotonic milliseconds when this process began to track it. */
  readonly trackedSince: number;
  /** Its state at that time: read from SciCat, or just stored. */
  readonly initial: Transfer;
  /** Its current state; replaced as a whole by {@link TrackedTransfers.update}. */
  readonly transfer: Transfer;
  /** Number of changes so far: tells whether a confirmed write holds the newest state. */
  readonly revision: number;
  /** Counts toward `task.maxConcurrency`: Globus has it, may have it, or is about to get it. */
  readonly holdsSlot: boolean;
  /** The job was removed from SciCat: the transfer only remains to be ended at Globus. */
  readonly jobGone: boolean;
  /** The dataset was deleted in SciCat, so a transfer that Globus does not have is not started. */
  readonly datasetGone: boolean;
  /**
   * Another account wrote the job last, so it is not known how far the transfer has come, nor whether it
   * has ended: no step of it begins until that is clear (recovery/doubts.ts).
   */
  readonly doubted: boolean;
}

type Owned = { -readonly [Key in keyof TrackedTransfer]: TrackedTransfer[Key] };

/**
 * The transfers that have not ended, or whose end SciCat has not confirmed. After a restart all of it
 * is read again from SciCat.
 */
export class TrackedTransfers {
  private readonly byJob = new Map<string, TrackedTransfer>();
  private readonly byFingerprint = new Map<string, Set<string>>();
  /** Waiting transfers, in no order. */
  private readonly queue = new Set<TrackedTransfer>();
  private readonly waitingOf = { user: new Tally(), group: new Tally() };
  private queueChanges = 0;
  private readonly transferring = new Set<TrackedTransfer>();
  private readonly finalizing = new Set<TrackedTransfer>();
  private readonly bypassing = new Set<TrackedTransfer>();
  private readonly slots = new Set<TrackedTransfer>();
  /** In flight without a slot, because only a human can help them on. */
  private readonly stuck = new Set<TrackedTransfer>();
  /** Recent confirmed ends, oldest first: a sweep may still list these transfers as open. */
  private readonly ended = new Map<string, { transfer: Transfer; at: number }>();

  constructor(
    private readonly events: TransferEvents,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  get(jobId: string): TrackedTransfer | undefined {
    return this.byJob.get(jobId);
  }

  all(): Iterable<TrackedTransfer> {
    return this.byJob.values();
  }

  get size(): number {
    return this.byJob.size;
  }

  /** Begins to track a transfer, unless it is tracked already. */
  add(
    transfer: Transfer,
    options: {
      readonly holdsSlot: boolean;
      readonly requestId?: string;
      readonly doubted?: boolean;
    },
  ): TrackedTransfer {
    const present = this.byJob.get(transfer.jobId);
    if (present !== undefined) return present;
    const tracked: TrackedTransfer = {
      jobId: transfer.jobId,
      fingerprint:
        transfer.origin.kind === 'recorded' ? fingerprint(transfer.origin.record) : undefined,
      requestId: options.requestId,
      trackedSince: this.clock.monotonicMs(),
      initial: transfer,
      transfer,
      revision: 0,
      holdsSlot: false,
      jobGone: false,
      datasetGone: false,
      doubted: options.doubted ?? false,
    };
    this.byJob.set(transfer.jobId, tracked);
    this.ended.delete(transfer.jobId);
    this.index(tracked);
    this.setSlot(tracked, options.holdsSlot || transfer.status.state === 'transferring');
    this.indexSlot(tracked);
    return tracked;
  }

  /** Applies `change` to a transfer. @returns the new state */
  update(tracked: TrackedTransfer, change: (transfer: Transfer) => Transfer): Transfer {
    const before = tracked.transfer;
    const after = change(before);
    if (after === before) return after;
    const owned: Owned = tracked;
    owned.transfer = after;
    owned.revision += 1;
    const indexed =
      after.status.state === before.status.state && after.endRequested === before.endRequested;
    if (!indexed && this.isTracked(tracked)) {
      this.unindex(tracked, before);
      this.index(tracked);
    }
    const { state } = after.status;
    if (state === 'transferring') {
      // A running one may have given its slot back.
      if (before.status.state !== state) this.setSlot(tracked, true);
    } else if (state !== 'waiting') this.setSlot(tracked, false);
    this.indexSlot(tracked);
    if (headline(after) !== headline(before)) {
      const { requestId } = tracked;
      this.events.emit({ kind: 'changed', transfer: after, from: before.status.state, requestId });
    }
    return after;
  }

  /** Stops tracking a transfer. */
  drop(tracked: TrackedTransfer): void {
    if (!this.isTracked(tracked)) return;
    this.unindex(tracked, tracked.transfer);
    this.setSlot(tracked, false);
    this.byJob.delete(tracked.jobId);
    this.indexSlot(tracked);
    if (isFinal(tracked.transfer.status.state)) {
      this.ended.set(tracked.jobId, { transfer: tracked.transfer, at: this.clock.monotonicMs() });
      this.forgetOldEnds();
    }
  }

  /** Notes that the job is no longer in SciCat: requests no longer match it, and it is not written. */
  setGone(tracked: TrackedTransfer): void {
    (tracked as Owned).jobGone = true;
    this.forgetFingerprint(tracked);
  }

  /** Notes that the dataset is no longer in SciCat. */
  setDatasetGone(tracked: TrackedTransfer): void {
    (tracked as Owned).datasetGone = true;
    this.indexSlot(tracked);
  }

  /** It is now clear how far the transfer has come. */
  setBelieved(tracked: TrackedTransfer): void {
    (tracked as Owned).doubted = false;
  }

  /** A transfer whose end was confirmed within the last hour. */
  recentlyEnded(jobId: string): Transfer | undefined {
    return this.ended.get(jobId)?.transfer;
  }

  /** Takes or returns a slot. */
  setSlot(tracked: TrackedTransfer, holds: boolean): void {
    if (tracked.holdsSlot === holds || !this.isTracked(tracked)) return;
    (tracked as Owned).holdsSlot = holds;
    if (holds) this.slots.add(tracked);
    else this.slots.delete(tracked);
    this.indexSlot(tracked);
  }

  /** Transfers that count towards `task.maxConcurrency`. */
  holdingSlots(): ReadonlySet<TrackedTransfer> {
    return this.slots;
  }

  /** How many transfers count toward `task.maxConcurrency`. */
  get slotsInUse(): number {
    return this.slots.size;
  }

  /** Transfers that Globus has but can't get on with, and that hold no slot. */
  withoutSlot(): ReadonlySet<TrackedTransfer> {
    return this.stuck;
  }

  /** Waiting transfers, in no order; see queue/order.ts. */
  waiting(): ReadonlySet<TrackedTransfer> {
    return this.queue;
  }

  /** How many transfers of a user, and of an owner group, wait. */
  waitingFor(owner: Owner): { readonly user: number; readonly group: number } {
    const { user, group } = this.waitingOf;
    return { user: user.of(owner.user), group: group.of(owner.group) };
  }

  /** Number of changes of what waits. */
  get queueRevision(): number {
    return this.queueChanges;
  }

  /**
   * Waiting transfers whose next step needs no free slot: their end was requested, their dataset is
   * gone, or they hold a slot because Globus may have them.
   */
  bypassingQueue(): ReadonlySet<TrackedTransfer> {
    return this.bypassing;
  }

  /** Transfers that Globus runs. */
  inFlight(): ReadonlySet<TrackedTransfer> {
    return this.transferring;
  }

  /** Transfers whose copy is complete and whose last steps are not. */
  toFinalize(): ReadonlySet<TrackedTransfer> {
    return this.finalizing;
  }

  /** Job id of an open transfer of the same copy, unless its end was requested. */
  findEqual(fingerprint: string): string | undefined {
    const [jobId] = this.byFingerprint.get(fingerprint) ?? [];
    return jobId;
  }

  private index(tracked: TrackedTransfer): void {
    const { transfer } = tracked;
    const { state } = transfer.status;
    if (isFinal(state)) return;
    if (state === 'waiting') this.enqueue(tracked, 1);
    else if (state === 'transferring') this.transferring.add(tracked);
    else this.finalizing.add(tracked);
    const { fingerprint, jobGone, jobId } = tracked;
    if (transfer.endRequested !== undefined || jobGone || fingerprint === undefined) return;
    const equal = this.byFingerprint.get(fingerprint) ?? new Set();
    this.byFingerprint.set(fingerprint, equal.add(jobId));
  }

  private unindex(tracked: TrackedTransfer, before: Transfer): void {
    if (before.status.state === 'waiting') this.enqueue(tracked, -1);
    this.transferring.delete(tracked);
    this.finalizing.delete(tracked);
    this.forgetFingerprint(tracked);
  }

  private enqueue(tracked: TrackedTransfer, by: 1 | -1): void {
    if (by === 1) this.queue.add(tracked);
    else this.queue.delete(tracked);
    const { user, group } = ownerOf(tracked.transfer);
    this.waitingOf.user.add(user, by);
    this.waitingOf.group.add(group, by);
    this.queueChanges += 1;
  }

  private forgetFingerprint(tracked: TrackedTransfer): void {
    if (tracked.fingerprint === undefined) return;
    const equal = this.byFingerprint.get(tracked.fingerprint);
    equal?.delete(tracked.jobId);
    if (equal?.size === 0) this.byFingerprint.delete(tracked.fingerprint);
  }

  /** Whether this very object is tracked and has not been dropped. */
  private isTracked(tracked: TrackedTransfer): boolean {
    return this.byJob.get(tracked.jobId) === tracked;
  }

  private indexSlot(tracked: TrackedTransfer): void {
    const { transfer, holdsSlot } = tracked;
    const { state } = transfer.status;
    const isTracked = this.isTracked(tracked);
    const bypasses =
      isTracked &&
      state === 'waiting' &&
      (holdsSlot || transfer.endRequested !== undefined || tracked.datasetGone);
    if (bypasses) this.bypassing.add(tracked);
    else this.bypassing.delete(tracked);
    if (isTracked && state === 'transferring' && !holdsSlot) this.stuck.add(tracked);
    else this.stuck.delete(tracked);
  }

  private forgetOldEnds(): void {
    const oldest = this.clock.monotonicMs() - REMEMBER_ENDS_MS;
    for (const [jobId, end] of this.ended) {
      if (end.at > oldest && this.ended.size <= REMEMBER_ENDS_COUNT) return;
      this.ended.delete(jobId);
    }
  }
}

/** Counts by name. */
class Tally {
  private readonly counts = new Map<string, number>();

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  add(name: string, by: number): void {
    const count = this.of(name) + by;
    if (count === 0) this.counts.delete(name);
    else this.counts.set(name, count);
  }
}

const REMEMBER_ENDS_MS = 60 * 60_000;
const REMEMBER_ENDS_COUNT = 10_000;

/** What a `changed` event reports. Details of a trouble are not part of it: they change with every file. */
function headline({ status, progress }: Transfer): string {
  const { state } = status;
  if (state === 'waiting') return `${state}: ${status.reason}`;
  if (state !== 'transferring' || status.trouble === undefined) return state;
  return `${state}: ${progress.niceStatus ?? ''}`;
}
