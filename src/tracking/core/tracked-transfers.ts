import type { Clock } from '../../ports/clock.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import { fingerprint } from '../../domain/fingerprint.js';
import type { Transfer } from '../../domain/transfer.js';
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
  /** Counts towards `task.maxConcurrency`: Globus has it, may have it, or is about to get it. */
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
  /** Waiting transfers; sorted lazily. */
  private queue: TrackedTransfer[] = [];
  private queueSorted = true;
  private readonly transferring = new Set<TrackedTransfer>();
  private readonly finalizing = new Set<TrackedTransfer>();
  private readonly bypassing = new Set<TrackedTransfer>();
  private slots = 0;
  /** Recent confirmed ends, oldest first: a sweep may still list these transfers as open. */
  private readonly ended = new Map<string, { transfer: Transfer; at: number }>();

  constructor(
    private readonly events: TransferEvents,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    /** Which of two waiting transfers goes first: negative for `a`, positive for `b`. */
    private readonly order: (a: Transfer, b: Transfer) => number,
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
    this.indexBypassing(tracked);
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
    if (state === 'transferring') this.setSlot(tracked, true);
    else if (state !== 'waiting') this.setSlot(tracked, false);
    this.indexBypassing(tracked);
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
    this.indexBypassing(tracked);
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
    this.indexBypassing(tracked);
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
    this.slots += holds ? 1 : -1;
    this.indexBypassing(tracked);
  }

  /** How many transfers count towards `task.maxConcurrency`. */
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
    if (state === 'waiting') {
      this.queueSorted = this.queueSorted && this.isLast(transfer);
      this.queue.push(tracked);
    } else if (state === 'transferring') this.transferring.add(tracked);
    else this.finalizing.add(tracked);
    const { fingerprint, jobGone, jobId } = tracked;
    if (transfer.endRequested !== undefined || jobGone || fingerprint === undefined) return;
    const equal = this.byFingerprint.get(fingerprint) ?? new Set();
    this.byFingerprint.set(fingerprint, equal.add(jobId));
  }

  private unindex(tracked: TrackedTransfer, before: Transfer): void {
    if (before.status.state === 'waiting') {
      this.queue = this.queue.filter((other) => other !== tracked);
    }
    this.transferring.delete(tracked);
    this.finalizing.delete(tracked);
    this.forgetFingerprint(tracked);
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

  private indexBypassing(tracked: TrackedTransfer): void {
    const { transfer } = tracked;
    const bypasses =
      this.isTracked(tracked) &&
      transfer.status.state === 'waiting' &&
      (tracked.holdsSlot || transfer.endRequested !== undefined || tracked.datasetGone);
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

/** What a `changed` event reports. Details of a trouble are not part of it: they change with every file. */
function headline({ status, progress }: Transfer): string {
  const { state } = status;
  if (state === 'waiting') return `${state}: ${status.reason}`;
  if (state !== 'transferring' || status.trouble === undefined) return state;
  return `${state}: ${progress.niceStatus ?? ''}`;
}
