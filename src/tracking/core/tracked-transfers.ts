import type { TransferEvents } from '../../ports/transfer-events.port.js';
import { fingerprint } from '../../domain/fingerprint.js';
import type { Transfer } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';
import { noWatch, type Watch } from '../polling/decide.js';

/** An open transfer with what this process remembers of it, and would not miss after a restart. */
export interface TrackedTransfer {
  readonly jobId: string;
  /** Of what was asked for; undefined for jobs of the Go version, which kept no record. */
  readonly fingerprint: string | undefined;
  /** The HTTP request from which it came; undefined when an earlier process got that. */
  readonly requestId: string | undefined;
  /** As it stands now; replaced as a whole by {@link TrackedTransfers.update}. */
  transfer: Transfer;
  /** Counts the changes, so that a confirmed write can be told from a newer state. */
  revision: number;
  /** Counts towards `task.maxConcurrency`: Globus has it, may have it, or is being asked. */
  holdsSlot: boolean;
  /** A step is under way for it; no second one may begin. */
  busy: boolean;
  /** Monotonic milliseconds before which the next step is not tried again. */
  notBefore: number;
  /** Failed steps in a row; what the backoff grows with. */
  failures: number;
  /** Steps in a row that SciCat has refused, as opposed to not answered. */
  refusals: number;
  /** The submission id that SciCat is known to hold; no other one may be used. */
  durableSubmissionId: string | undefined;
  /** The job was removed from SciCat: the transfer is only brought to its end at Globus. */
  jobGone: boolean;
  /** The job says that Globus has copied everything; before this process acts on it, it asks Globus. */
  unproven: boolean;
  /** Monotonic milliseconds when Globus may last have been asked to start it. */
  lastAskedAt: number;
  /**
   * The progress in hand is all that Globus has copied so far. False after a restart, until the
   * first look: how much an earlier process has counted of it is not known.
   */
  progressInStep: boolean;
  /** What the observer remembers from poll to poll. */
  watch: Watch;
}

/**
 * The transfers that have not ended, or whose end SciCat has not confirmed. The only mutable state
 * of the service; everything in it can be read again from SciCat.
 */
export class TrackedTransfers {
  private readonly byJob = new Map<string, TrackedTransfer>();
  private readonly byFingerprint = new Map<string, Set<string>>();
  /** Those that wait; sorted when somebody looks. */
  private queue: TrackedTransfer[] = [];
  private queueSorted = true;
  private readonly transferring = new Set<TrackedTransfer>();
  private readonly finalizing = new Set<TrackedTransfer>();
  private readonly bypassing = new Set<TrackedTransfer>();
  private slots = 0;
  /** Ended and confirmed recentlyEnded, oldest first: what a sweep may still see as open. */
  private readonly ended = new Map<string, { transfer: Transfer; at: number }>();

  constructor(
    private readonly events: TransferEvents,
    private readonly monotonicMs: () => number,
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

  /** Takes a transfer in. One that is here already stays as it is. */
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
      transfer,
      revision: 0,
      holdsSlot: false,
      busy: false,
      notBefore: 0,
      failures: 0,
      refusals: 0,
      // It was read from SciCat, or stands in the record that SciCat has just stored.
      durableSubmissionId: transfer.submissionId,
      jobGone: false,
      unproven: transfer.status.state === 'finalizing',
      // Before a restart Globus may have been asked up to the last moment.
      lastAskedAt: this.monotonicMs(),
      progressInStep: certainlyNotAtGlobus(transfer),
      watch: noWatch,
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
    tracked.transfer = after;
    tracked.revision += 1;
    const indexed =
      after.status.state === before.status.state && after.endRequested === before.endRequested;
    if (!indexed && this.follows(tracked)) {
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

  /** Forgets a transfer: its end is in SciCat, or its job is gone. */
  drop(tracked: TrackedTransfer): void {
    if (!this.follows(tracked)) return;
    this.unindex(tracked, tracked.transfer);
    this.setSlot(tracked, false);
    this.byJob.delete(tracked.jobId);
    this.indexBypassing(tracked);
    if (isFinal(tracked.transfer.status.state)) {
      this.ended.set(tracked.jobId, { transfer: tracked.transfer, at: this.monotonicMs() });
      this.forgetOldEnds();
    }
  }

  /** The job is no longer in SciCat: nobody may be answered with it, and nothing of it is written. */
  setGone(tracked: TrackedTransfer): void {
    tracked.jobGone = true;
    this.forgetFingerprint(tracked);
  }

  /** A transfer whose end was written recentlyEnded. */
  recentlyEnded(jobId: string): Transfer | undefined {
    return this.ended.get(jobId)?.transfer;
  }

  /** Takes or gives back a slot. */
  setSlot(tracked: TrackedTransfer, holds: boolean): void {
    if (tracked.holdsSlot === holds || !this.follows(tracked)) return;
    tracked.holdsSlot = holds;
    this.slots += holds ? 1 : -1;
    this.indexBypassing(tracked);
  }

  /** How many count towards `task.maxConcurrency`. */
  get slotsInUse(): number {
    return this.slots;
  }

  /** Those that wait, in the order in which they are to be handed over: oldest first. */
  waiting(): readonly TrackedTransfer[] {
    if (!this.queueSorted) {
      this.queue.sort((a, b) => (inOrder(a, b) ? -1 : 1));
      this.queueSorted = true;
    }
    return this.queue;
  }

  /**
   * Those that wait but whose next step needs no free slot: somebody wants their end, or Globus may
   * have them already.
   */
  bypassingQueue(): ReadonlySet<TrackedTransfer> {
    return this.bypassing;
  }

  /** Those that Globus has, by what is known here. */
  inFlight(): ReadonlySet<TrackedTransfer> {
    return this.transferring;
  }

  /** Those that Globus has copied and that need their last steps. */
  toFinalize(): ReadonlySet<TrackedTransfer> {
    return this.finalizing;
  }

  /** Id of an open transfer that asks for the same copy and that nobody wants to end. */
  findEqual(print: string): string | undefined {
    const [jobId] = this.byFingerprint.get(print) ?? [];
    return jobId;
  }

  private index(tracked: TrackedTransfer): void {
    const { transfer } = tracked;
    switch (transfer.status.state) {
      case 'waiting':
        this.queueSorted = this.queueSorted && inOrder(this.queue.at(-1), tracked);
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

  /** Whether this very transfer is followed, and was not dropped meanwhile. */
  private follows(tracked: TrackedTransfer): boolean {
    return this.byJob.get(tracked.jobId) === tracked;
  }

  private indexBypassing(tracked: TrackedTransfer): void {
    const { transfer } = tracked;
    const presses =
      this.follows(tracked) &&
      transfer.status.state === 'waiting' &&
      (tracked.holdsSlot || transfer.endRequested !== undefined);
    if (presses) this.bypassing.add(tracked);
    else this.bypassing.delete(tracked);
  }

  private forgetOldEnds(): void {
    const oldest = this.monotonicMs() - REMEMBER_ENDS_MS;
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

function certainlyNotAtGlobus({ status }: Transfer): boolean {
  return status.state === 'waiting' && status.submission === 'not-sent';
}

/** Tells one trouble of a running task from another; its details may change with every file. */
function troubleCode({ status, progress }: Transfer): string | undefined {
  if (status.state !== 'transferring' || status.trouble === undefined) return undefined;
  return progress.niceStatus ?? '';
}

function inOrder(a: TrackedTransfer | undefined, b: TrackedTransfer): boolean {
  if (a === undefined || a.transfer.requestedAt < b.transfer.requestedAt) return true;
  return a.transfer.requestedAt === b.transfer.requestedAt && a.jobId < b.jobId;
}
