import type { TrackingDeps } from '../core/tracking-deps.js';
import { newTransfer } from '../../domain/transfer.js';
import {
  NotReadyError,
  QueueFullError,
  TransferRefusedError,
} from '../../errors/request.errors.js';
import type {
  Admission,
  AdmissionRequest,
  AdmissionResult,
  Forecast,
  StoredTransfer,
} from '../../ports/transfer-tracking.port.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import type { Dispatcher, DispatchResult } from './dispatcher.js';
import type { Slots } from './slots.js';
import type { SubmissionIds } from './submission-ids.js';

interface Deps extends TrackingDeps {
  readonly slots: Slots;
  readonly dispatcher: Dispatcher;
  readonly submissionIds: SubmissionIds;
  /** `closed`: nothing is admitted. `waiting-only`: nothing is submitted yet. */
  readonly gate: () => 'open' | 'waiting-only' | 'closed';
  /** A tracked job is no longer in SciCat. */
  readonly onGone: (tracked: TrackedTransfer) => void;
}

/** How long a request waits for Globus; the transfer goes on all the same. */
const ANSWER_AFTER_MS = 10_000;

/**
 * Admits transfers: an equal open transfer is the answer; else room is reserved, the transfer is
 * stored, and only then, with a slot, submitted under an id that its job already holds.
 */
export class AdmissionControl {
  /** Requests that are being stored, by fingerprint: equal ones at the same time share one job. */
  private readonly underWay = new Map<string, Promise<AdmissionResult>>();
  private reservedWaits = 0;

  constructor(private readonly deps: Deps) {}

  /** See {@link TransferTracking.forecast}. */
  forecast(fingerprint: string): Forecast {
    const equal = this.deps.transfers.findEqual(fingerprint);
    if (equal !== undefined) return { kind: 'repeats', jobId: equal };
    return { kind: 'starts', ...this.admission() };
  }

  /** See {@link TransferTracking.admit}. */
  async admit(request: AdmissionRequest): Promise<AdmissionResult> {
    const { fingerprint } = request;
    // From finding none to noting this one as under way nothing may happen in between.
    for (
      let equal = this.equalTransfer(fingerprint);
      equal !== undefined;
      equal = this.equalTransfer(fingerprint)
    ) {
      const jobId = await equal;
      if (jobId !== undefined) return { kind: 'repeats', jobId };
    }
    const admitted = this.admitNew(request);
    this.underWay.set(fingerprint, admitted);
    try {
      return await admitted;
    } finally {
      this.underWay.delete(fingerprint);
    }
  }

  /**
   * An equal transfer, open or just being stored.
   *
   * @returns undefined when there is none; else its job, or undefined if it turns out to be no answer:
   *   its end was requested, or its job was removed from SciCat
   */
  private equalTransfer(fingerprint: string): Promise<string | undefined> | undefined {
    const { transfers } = this.deps;
    const open = transfers.findEqual(fingerprint);
    if (open !== undefined) {
      return this.jobExists(open).then((exists) =>
        exists && transfers.findEqual(fingerprint) === open ? open : undefined,
      );
    }
    return this.underWay
      .get(fingerprint)
      ?.then(({ jobId }) => (this.isReusable(jobId) ? jobId : undefined));
  }

  private async jobExists(jobId: string): Promise<boolean> {
    const { jobs, transfers, signal, onGone } = this.deps;
    if ((await jobs.read(jobId, signal)) !== undefined) return true;
    const tracked = transfers.get(jobId);
    if (tracked !== undefined) onGone(tracked);
    return false;
  }

  /** Whether a transfer that was just admitted answers the requests that waited for it. */
  private isReusable(jobId: string): boolean {
    const tracked = this.deps.transfers.get(jobId);
    return tracked !== undefined && !tracked.jobGone && tracked.transfer.endRequested === undefined;
  }

  private async admitNew(request: AdmissionRequest): Promise<AdmissionResult> {
    const { submissionIds, transfers, events, history, background, writer, dispatcher } = this.deps;
    const { requestId } = request;
    const { admission, release } = this.reserve();
    const { slot, waitsFor } = admission;
    let stored: StoredTransfer;
    try {
      // Only with a slot is an id taken now; how long Globus honours an unused one is not known.
      stored = await request.store(slot ? submissionIds.take() : undefined);
    } catch (error) {
      release();
      throw error;
    }
    const { record, job } = stored;
    const transfer = newTransfer(job, record, slot ? 'being submitted to Globus' : waitsFor);
    // Nothing may happen between these two, or another request would take the room.
    release();
    const tracked = transfers.add(transfer, { holdsSlot: slot, requestId });
    // A sweep may have taken it up before, without a slot.
    if (slot) transfers.setSlot(tracked, true);
    events.emit({ kind: 'accepted', transfer, requestId });
    background.add(history.note(transfer.jobId));
    const { jobId } = job;
    if (!slot) {
      writer.changed(tracked, 'needed');
      background.wake();
      return { kind: 'waits', jobId };
    }
    const dispatched = dispatcher.dispatchOne(tracked);
    background.addThenWake(dispatched);
    const result = await this.withinLimit(dispatched);
    if (result.kind !== 'refused') return { kind: result.kind, jobId };
    throw new TransferRefusedError(`The transfer was refused: ${result.reason}`, {
      details: `It is kept as failed job ${jobId} in SciCat.`,
    });
  }

  /** Takes room for a transfer before it is stored, so that limits hold in a burst. */
  private reserve(): { readonly admission: Admission; readonly release: () => void } {
    const admission = this.admission();
    if (admission.slot) return { admission, release: this.deps.slots.reserve() };
    this.reservedWaits += 1;
    const release = (): void => {
      this.reservedWaits -= 1;
    };
    return { admission, release };
  }

  /** @throws NotReadyError QueueFullError */
  private admission(): Admission {
    const { transfers, slots, dispatcher, config, gate } = this.deps;
    const stage = gate();
    if (stage === 'closed') {
      throw new NotReadyError(
        'The service is starting or stopping and takes no transfers now; please try again in a minute.',
        { retryAfterSeconds: 30 },
      );
    }
    if (stage === 'open' && dispatcher.hasSlotForNewcomer()) return { slot: true, waitsFor: '' };
    const { queueSize, pollIntervalSeconds, maxConcurrency } = config.current().task;
    const waiting = transfers.waiting().length - transfers.bypassingQueue().size;
    // While Globus takes nothing, what would run otherwise waits too, on top of the queue.
    if (queueSize > 0 && waiting + this.reservedWaits >= queueSize + slots.free) {
      throw new QueueFullError(
        `The queue is full: ${waiting} transfers are waiting already. Please try again later.`,
        { retryAfterSeconds: Math.max(30, pollIntervalSeconds) },
      );
    }
    const waitsFor =
      dispatcher.waitsForGlobus ??
      (stage === 'open' ? undefined : 'the service has just started and asks Globus first') ??
      `the service runs at most ${maxConcurrency} at a time, and others were requested before`;
    return { slot: false, waitsFor };
  }

  private async withinLimit(dispatched: Promise<DispatchResult>): Promise<DispatchResult> {
    let answered = (): void => undefined;
    const tooLate = new Promise<DispatchResult>((resolve) => {
      answered = this.deps.clock.schedule(ANSWER_AFTER_MS, () => {
        resolve({ kind: 'waits' });
      });
    });
    try {
      return await Promise.race([dispatched, tooLate]);
    } finally {
      answered();
    }
  }
}
