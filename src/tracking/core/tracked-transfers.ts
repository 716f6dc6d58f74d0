import type { Clock } from '../../ports/clock.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import { fingerprint } from '../../domain/fingerprint.js';
import type { Transfer } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';

/**
 * A transfer that this process tracks. Changed only by {@link TrackedTransfers}; what the dispatcher,
 * the poller or the finalizer alone remember of it lives with them.
 */
export interface TrackedTransfer {
  readonly jobId: string;
  /** Of the requested copy; undefined for jobs of the Go version, which kept no record. */
  readonly fingerprint: string | undefined;
  /** The HTTP request that it came from; undefined when an earlier process received that. */
  readonly requestId: string | undefined;
  /** Monotonic milliseconds when this process began to track it. */
  readonly trackedSince: number;
  /** As it was then: as SciCat showed it, or as its record was just stored. */
  readonly initial: Transfer;
  /** As it is now; replaced as a whole by {@link TrackedTransfers.update}. */
  readonly transfer: Transfer;
  /** Counts the changes, so that a confirmed write can be told from a newer state. */
  readonly revision: number;
  /** Counts towards `task.maxConcurrency`: Globus has it, may have it, or is being asked. */
  readonly holdsSlot: boolean;
  /** The job was removed from SciCat: the transfer is only brought to its end at Globus. */
  readonly jobGone: boolean;
}

type Owned = { -readonly [Key in keyof TrackedTransfer]: TrackedTransfer[Key] };

/** Which of two waiting transfers goes first: negative for `a`, positive for `b`. */
export type QueueOrder = (a: Transfer, b: Transfer) => number;

/**
 * The transfers that have not ended, or whose end SciCat has not confirmed. The only mutable state
 * of the service; everything in it can be read again from SciCat.
 */
export class TrackedTransfers {
  private readonly byJob = new Map<string, TrackedTransfer>();
  private readonly byFingerprint = new Map<string, Set<string>>();
  /** Waiting transfers; sorted when they are read. */
  private queue: TrackedTransfer[] = [];
  private queueSorted = true;
  private readonly transferring = new Set<TrackedTransfer>();
  private readonly finalizing = new Set<TrackedTransfer>();
  private readonly bypassing = new Set<TrackedTransfer>();
  private slots = 0;
  /** Recently ended and confirmed, oldest first: a sweep may still see them as open. */
  private readonly ended = new Map<string, { transfer: Transfer; at: number }>();

  constructor(
    private readonly events: TransferEvents,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly order: QueueOrder,
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

  /** Begins to track a transfer. One that is tracked already stays as it is. */
  add(
    transfer: Transfer,
    options: { readonly holdsSlot: boolean; readonly requestId?: string },
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
    };
    this.byJob.set(transfer.jobId, tracked);
    this.ended.delete(transfer.jobId);
    this.index(tracked);
    this.setSlot(tracked, options.holdsSlot || transfer.status.state === 'transferring');
    this.indexBypassing(tracked);
    return tracked;
  }

  /** Replaces a transfer by what `change` makes of it. @returns the new state */
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
    if (state === 'transferring') this.setSlot(tracked, true);
    else if (state !== 'waiting') this.setSlot(tracked, false);
    this.indexBypassing(tracked);
    const isNews =
      state !== before.status.state ||
      waitReason(after) !== waitReason(before) ||
      troubleCode(after) !== troubleCode(before);
    if (isNews) {
      this.events.emit({
        kind: 'changed',
        transfer: after,
        from: before.status.state,
        requestId: tracked.requestId,
      });
    }
    return after;
  }

  /** Stops tracking a transfer: SciCat shows its end, or its job is gone. */
  drop(tracked: TrackedTransfer): void {
    if (!this.isTracked(tracked)) return;
    this.unindex(tracked, tracked.transfer);
    this.setSlot(tracked, false);
    this.byJob.delete(tracked.jobId);
    this.indexBypassing(tracked);
    if (isFinal(tracked.transfer.status.state)) {
      this.ended.set(tracked.jobId, { transfer: tracked.transfer, at: this.clock.monotonicMs() });
      this.forgetOldEnds();
    }
  }

  /** The job is no longer in SciCat: no request is answered with it, and nothing of it is written. */
  setGone(tracked: TrackedTransfer): void {
    (tracked as Owned).jobGone = true;
    this.forgetFingerprint(tracked);
  }

  /** A transfer whose end was written within the last hour. */
  recentlyEnded(jobId: string): Transfer | undefined {
    return this.ended.get(jobId)?.transfer;
  }

  /** Takes or gives back a slot. */
  setSlot(tracked: TrackedTransfer, holds: boolean): void {
    if (tracked.holdsSlot === holds || !this.isTracked(tracked)) return;
    (tracked as Owned).holdsSlot = holds;
    this.slots += holds ? 1 : -1;
    this.indexBypassing(tracked);
  }

  /** How many count towards `task.maxConcurrency`. */
  get slotsInUse(): number {
    return this.slots;
  }

  /** Waiting transfers in queue order. */
  waiting(): readonly TrackedTransfer[] {
    if (!this.queueSorted) {
      this.queue.sort((a, b) => this.order(a.transfer, b.transfer));
      this.queueSorted = true;
    }
    return this.queue;
  }

  /**
   * Waiting transfers whose next step needs no free slot: their end was requested, or Globus may
   * have them already.
   */
  bypassingQueue(): ReadonlySet<TrackedTransfer> {
    return this.bypassing;
  }

  /** Transfers that Globus runs. */
  inFlight(): ReadonlySet<TrackedTransfer> {
    return this.transferring;
  }

  /** Transfers that Globus has copied and that need their last steps. */
  toFinalize(): ReadonlySet<TrackedTransfer> {
    return this.finalizing;
  }

  /** Job id of an open transfer of the same copy whose end was not requested. */
  findEqual(fingerprint: string): string | undefined {
    const [jobId] = this.byFingerprint.get(fingerprint) ?? [];
    return jobId;
  }

  private index(tracked: TrackedTransfer): void {
    const { transfer } = tracked;
    switch (transfer.status.state) {
      case 'waiting':
        this.queueSorted = this.queueSorted && this.isLast(transfer);
        this.queue.push(tracked);
        break;
      case 'transferring':
        this.transferring.add(tracked);
        break;
      case 'finalizing':
        this.finalizing.add(tracked);
        break;
      case 'finished':
      case 'failed':
      case 'cancelled':
        return;
    }
    if (
      transfer.endRequested === undefined &&
      !tracked.jobGone &&
      tracked.fingerprint !== undefined
    ) {
      const equal = this.byFingerprint.get(tracked.fingerprint) ?? new Set();
      this.byFingerprint.set(tracked.fingerprint, equal.add(tracked.jobId));
    }
  }

  private unindex(tracked: TrackedTransfer, before: Transfer): void {
    switch (before.status.state) {
      case 'waiting':
        this.queue = this.queue.filter((other) => other !== tracked);
        break;
      case 'transferring':
        this.transferring.delete(tracked);
        break;
      case 'finalizing':
        this.finalizing.delete(tracked);
        break;
      case 'finished':
      case 'failed':
      case 'cancelled':
        break;
    }
    this.forgetFingerprint(tracked);
  }

  private forgetFingerprint(tracked: TrackedTransfer): void {
    if (tracked.fingerprint === undefined) return;
    const equal = this.byFingerprint.get(tracked.fingerprint);
    equal?.delete(tracked.jobId);
    if (equal?.size === 0) this.byFingerprint.delete(tracked.fingerprint);
  }

  /** Whether this very object is tracked, and was not dropped meanwhile. */
  private isTracked(tracked: TrackedTransfer): boolean {
    return this.byJob.get(tracked.jobId) === tracked;
  }

  private indexBypassing(tracked: TrackedTransfer): void {
    const { transfer } = tracked;
    const bypasses =
      this.isTracked(tracked) &&
      transfer.status.state === 'waiting' &&
      (tracked.holdsSlot || transfer.endRequested !== undefined);
    if (bypasses) this.bypassing.add(tracked);
    else this.bypassing.delete(tracked);
  }

  private isLast(transfer: Transfer): boolean {
    const last = this.queue.at(-1);
    return last === undefined || this.order(last.transfer, transfer) < 0;
  }

  private forgetOldEnds(): void {
    const oldest = this.clock.monotonicMs() - REMEMBER_ENDS_MS;
    for (const [jobId, end] of this.ended) {
      if (end.at > oldest && this.ended.size <= REMEMBER_ENDS_COUNT) return;
      this.ended.delete(jobId);
    }
  }
}

const REMEMBER_ENDS_MS = 60 * 60_000;
const REMEMBER_ENDS_COUNT = 10_000;

function waitReason(transfer: Transfer): string | undefined {
  return transfer.status.state === 'waiting' ? transfer.status.reason : undefined;
}

/** Tells one trouble of a running task from another; its details may change with every file. */
function troubleCode({ status, progress }: Transfer): string | undefined {
  if (status.state !== 'transferring' || status.trouble === undefined) return undefined;
  return progress.niceStatus ?? '';
}
