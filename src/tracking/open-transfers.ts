import type { TransferEvents } from '../transfers/application/ports/transfer-events.port.js';
import { fingerprint } from '../transfers/domain/fingerprint.js';
import type { Transfer } from '../transfers/domain/transfer.js';
import { isFinal } from '../transfers/domain/transfer-state.js';
import { noWatch, type Watch } from './decide.js';

/** An open transfer with what this process remembers of it, and would not miss after a restart. */
export interface OpenTransfer {
  readonly jobId: string;
  /** Of what was asked for; undefined for jobs of the Go version, which kept no record. */
  readonly fingerprint: string | undefined;
  /** The HTTP request from which it came; undefined when an earlier process got that. */
  readonly requestId: string | undefined;
  /** As it stands now; replaced as a whole by {@link OpenTransfers.update}. */
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
export class OpenTransfers {
  private readonly byJob = new Map<string, OpenTransfer>();
  private readonly byFingerprint = new Map<string, Set<string>>();
  /** Those that wait; sorted when somebody looks. */
  private queue: OpenTransfer[] = [];
  private queueSorted = true;
  private readonly transferring = new Set<OpenTransfer>();
  private readonly finalizing = new Set<OpenTransfer>();
  private readonly pressing = new Set<OpenTransfer>();
  private slots = 0;
  /** Ended and confirmed lately, oldest first: what a sweep may still see as open. */
  private readonly ended = new Map<string, { transfer: Transfer; at: number }>();

  constructor(
    private readonly events: TransferEvents,
    private readonly monotonicMs: () => number,
  ) {}

  get(jobId: string): OpenTransfer | undefined {
    return this.byJob.get(jobId);
  }

  all(): Iterable<OpenTransfer> {
    return this.byJob.values();
  }

  get size(): number {
    return this.byJob.size;
  }

  /** Takes a transfer in. One that is here already stays as it is. */
  add(
    transfer: Transfer,
    options: { readonly holdsSlot: boolean; readonly requestId?: string },
  ): OpenTransfer {
    const present = this.byJob.get(transfer.jobId);
    if (present !== undefined) return present;
    const open: OpenTransfer = {
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
    this.byJob.set(transfer.jobId, open);
    this.ended.delete(transfer.jobId);
    this.index(open);
    this.setSlot(open, options.holdsSlot || transfer.status.state === 'transferring');
    this.mindPressing(open);
    return open;
  }

  /** Replaces a transfer by what `change` makes of it. @returns the new state */
  update(open: OpenTransfer, change: (transfer: Transfer) => Transfer): Transfer {
    const before = open.transfer;
    const after = change(before);
    if (after === before) return after;
    open.transfer = after;
    open.revision += 1;
    const indexed =
      after.status.state === before.status.state && after.endRequested === before.endRequested;
    if (!indexed && this.follows(open)) {
      this.unindex(open, before);
      this.index(open);
    }
    const { state } = after.status;
    if (state === 'transferring') this.setSlot(open, true);
    else if (state !== 'waiting') this.setSlot(open, false);
    this.mindPressing(open);
    const isNews =
      state !== before.status.state ||
      waitReason(after) !== waitReason(before) ||
      troubleCode(after) !== troubleCode(before);
    if (isNews) {
      this.events.emit({
        kind: 'changed',
        transfer: after,
        from: before.status.state,
        requestId: open.requestId,
      });
    }
    return after;
  }

  /** Forgets a transfer: its end is in SciCat, or its job is gone. */
  drop(open: OpenTransfer): void {
    if (!this.follows(open)) return;
    this.unindex(open, open.transfer);
    this.setSlot(open, false);
    this.byJob.delete(open.jobId);
    this.mindPressing(open);
    if (isFinal(open.transfer.status.state)) {
      this.ended.set(open.jobId, { transfer: open.transfer, at: this.monotonicMs() });
      this.forgetOldEnds();
    }
  }

  /** The job is no longer in SciCat: nobody may be answered with it, and nothing of it is written. */
  setGone(open: OpenTransfer): void {
    open.jobGone = true;
    this.forgetFingerprint(open);
  }

  /** A transfer whose end was written lately. */
  lately(jobId: string): Transfer | undefined {
    return this.ended.get(jobId)?.transfer;
  }

  /** Takes or gives back a slot. */
  setSlot(open: OpenTransfer, holds: boolean): void {
    if (open.holdsSlot === holds || !this.follows(open)) return;
    open.holdsSlot = holds;
    this.slots += holds ? 1 : -1;
    this.mindPressing(open);
  }

  /** How many count towards `task.maxConcurrency`. */
  get slotsInUse(): number {
    return this.slots;
  }

  /** Those that wait, in the order in which they are to be handed over: oldest first. */
  waiting(): readonly OpenTransfer[] {
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
  pressingOnes(): ReadonlySet<OpenTransfer> {
    return this.pressing;
  }

  /** Those that Globus has, by what is known here. */
  inFlight(): ReadonlySet<OpenTransfer> {
    return this.transferring;
  }

  /** Those that Globus has copied and that need their last steps. */
  toFinalize(): ReadonlySet<OpenTransfer> {
    return this.finalizing;
  }

  /** Id of an open transfer that asks for the same copy and that nobody wants to end. */
  findEqual(print: string): string | undefined {
    const [jobId] = this.byFingerprint.get(print) ?? [];
    return jobId;
  }

  private index(open: OpenTransfer): void {
    const { transfer } = open;
    switch (transfer.status.state) {
      case 'waiting':
        this.queueSorted = this.queueSorted && inOrder(this.queue.at(-1), open);
        this.queue.push(open);
        break;
      case 'transferring':
        this.transferring.add(open);
        break;
      case 'finalizing':
        this.finalizing.add(open);
        break;
      case 'finished':
      case 'failed':
      case 'cancelled':
        return;
    }
    if (transfer.endRequested === undefined && !open.jobGone && open.fingerprint !== undefined) {
      const equal = this.byFingerprint.get(open.fingerprint) ?? new Set();
      this.byFingerprint.set(open.fingerprint, equal.add(open.jobId));
    }
  }

  private unindex(open: OpenTransfer, before: Transfer): void {
    switch (before.status.state) {
      case 'waiting':
        this.queue = this.queue.filter((other) => other !== open);
        break;
      case 'transferring':
        this.transferring.delete(open);
        break;
      case 'finalizing':
        this.finalizing.delete(open);
        break;
      case 'finished':
      case 'failed':
      case 'cancelled':
        break;
    }
    this.forgetFingerprint(open);
  }

  private forgetFingerprint(open: OpenTransfer): void {
    if (open.fingerprint === undefined) return;
    const equal = this.byFingerprint.get(open.fingerprint);
    equal?.delete(open.jobId);
    if (equal?.size === 0) this.byFingerprint.delete(open.fingerprint);
  }

  /** Whether this very transfer is followed, and was not dropped meanwhile. */
  private follows(open: OpenTransfer): boolean {
    return this.byJob.get(open.jobId) === open;
  }

  private mindPressing(open: OpenTransfer): void {
    const { transfer } = open;
    const presses =
      this.follows(open) &&
      transfer.status.state === 'waiting' &&
      (open.holdsSlot || transfer.endRequested !== undefined);
    if (presses) this.pressing.add(open);
    else this.pressing.delete(open);
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
  return status.state === 'waiting' && status.handover === 'none';
}

/** Tells one trouble of a running task from another; its details may change with every file. */
function troubleCode({ status, progress }: Transfer): string | undefined {
  if (status.state !== 'transferring' || status.trouble === undefined) return undefined;
  return progress.niceStatus ?? '';
}

function inOrder(a: OpenTransfer | undefined, b: OpenTransfer): boolean {
  if (a === undefined || a.transfer.requestedAt < b.transfer.requestedAt) return true;
  return a.transfer.requestedAt === b.transfer.requestedAt && a.jobId < b.jobId;
}
