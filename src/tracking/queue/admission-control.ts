import type { FacilityPair } from '../../domain/facility-hold.js';
import { newTransfer, type Owner } from '../../domain/transfer.js';
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
import {
  type Dispatcher,
  type DispatchResult,
  OWN_ARE_STUCK,
  type QueueDeps,
} from './dispatcher.js';

/** What admission needs to know of a request. */
type Newcomer = Pick<AdmissionRequest, 'owner' | 'facilities'>;

/** How long a request waits for Globus's answer; the transfer goes on regardless. */
const ANSWER_AFTER_MS = 10_000;

/**
 * Admits transfers. A request is answered with an equal open transfer, if there is one. Otherwise a slot
 * or a place in the queue is reserved, the transfer is stored, and only then, with a slot, submitted.
 */
export class AdmissionControl {
  /** Requests being admitted, by fingerprint: concurrent equal ones share a job. */
  private readonly underWay = new Map<string, Promise<AdmissionResult>>();
  /** Requests being stored that will wait. */
  private readonly toWait = new Set<Owner>();

  constructor(
    private readonly deps: QueueDeps,
    private readonly dispatcher: Dispatcher,
    /** `closed`: nothing is admitted. `waiting-only`: nothing is submitted yet. */
    private readonly gate: () => 'open' | 'waiting-only' | 'closed',
    /** Called when a tracked job is no longer in SciCat. */
    private readonly onGone: (tracked: TrackedTransfer) => void,
  ) {}

  /** See {@link TransferTracking.forecast}. */
  forecast(fingerprint: string, owner: Owner, facilities: FacilityPair): Forecast {
    const equal = this.deps.transfers.findEqual(fingerprint);
    if (equal !== undefined) {
      this.refuseIfDoubted(equal);
      return { kind: 'repeats', jobId: equal };
    }
    return { kind: 'starts', ...this.admission({ owner, facilities }) };
  }

  /** See {@link TransferTracking.admit}. */
  async admit(request: AdmissionRequest): Promise<AdmissionResult> {
    const { fingerprint } = request;
    // No await between finding none and registering this request as under way.
    let equal;
    while ((equal = this.equalTransfer(fingerprint)) !== undefined) {
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
   * While it is not known whether an equal transfer has ended, neither its job nor a new one is the answer.
   *
   * @throws NotReadyError
   */
  private refuseIfDoubted(jobId: string): void {
    if (this.deps.transfers.get(jobId)?.doubted !== true) return;
    throw new NotReadyError(
      `The service is finding out whether transfer ${jobId}, which is identical to this one, has ended. Please try again in a minute.`,
      { retryAfterSeconds: 60 },
    );
  }

  /**
   * An equal transfer, open or being stored.
   *
   * @returns undefined when there is none; otherwise the id of its job, or undefined if it can't be
   *   reused, because its end was requested or its job was removed from SciCat
   */
  private equalTransfer(fingerprint: string): Promise<string | undefined> | undefined {
    const { transfers } = this.deps;
    const open = transfers.findEqual(fingerprint);
    if (open !== undefined) {
      this.refuseIfDoubted(open);
      return this.jobExists(open).then((exists) =>
        exists && transfers.findEqual(fingerprint) === open ? open : undefined,
      );
    }
    return this.underWay
      .get(fingerprint)
      ?.then(({ jobId }) => (this.isReusable(jobId) ? jobId : undefined));
  }

  private async jobExists(jobId: string): Promise<boolean> {
    const { jobs, transfers, signal } = this.deps;
    if ((await jobs.read(jobId, signal)) !== undefined) return true;
    const tracked = transfers.get(jobId);
    if (tracked !== undefined) this.onGone(tracked);
    return false;
  }

  /** Whether a transfer just admitted can answer the equal requests that waited for it. */
  private isReusable(jobId: string): boolean {
    const tracked = this.deps.transfers.get(jobId);
    return tracked !== undefined && !tracked.jobGone && tracked.transfer.endRequested === undefined;
  }

  private async admitNew(request: AdmissionRequest): Promise<AdmissionResult> {
    const { submissionIds, transfers, turns, events, history, background, writer } = this.deps;
    const { requestId } = request;
    const isHeld = this.deps.holds.reasonToWait(request.facilities) !== undefined;
    const { admission, release } = this.reserve(request);
    const { slot, waitsFor } = admission;
    let stored: StoredTransfer;
    try {
      // An id is taken only with a slot: how long Globus honours an unused one is unknown.
      stored = await request.store(slot ? submissionIds.take() : undefined);
    } catch (error) {
      release();
      throw error;
    }
    const { record, job, parents } = stored;
    const reason = slot ? 'being submitted to Globus' : waitsFor;
    const transfer = newTransfer(job, record, reason, parents);
    // No await between these two, or another request would take the place.
    release();
    const tracked = transfers.add(transfer, { holdsSlot: slot, requestId });
    // A sweep may have adopted it already, without a slot.
    if (slot) {
      transfers.setSlot(tracked, true);
      turns.taken(tracked);
    }
    events.emit({ kind: 'accepted', transfer, requestId });
    background.add(history.note(transfer.jobId));
    const { jobId } = job;
    if (!slot) {
      // The hold may have ended since, and its job must not go on saying so.
      if (isHeld) this.dispatcher.admittedHeld(tracked);
      writer.changed(tracked, 'needed');
      background.wake();
      return { kind: 'waits', jobId };
    }
    const dispatched = this.dispatcher.dispatchOne(tracked);
    background.addThenWake(dispatched);
    const result = await this.withinLimit(dispatched);
    if (result.kind !== 'refused') return { kind: result.kind, jobId };
    throw new TransferRefusedError(asSentence(result.reason), {
      details: `The transfer is recorded in SciCat as job ${jobId}, which has ended.`,
    });
  }

  /** Reserves a slot or a place in the queue before storing, so that limits hold in a burst. */
  private reserve(newcomer: Newcomer): {
    readonly admission: Admission;
    readonly release: () => void;
  } {
    const admission = this.admission(newcomer);
    if (admission.slot) return { admission, release: this.deps.slots.reserve() };
    const place: Owner = { ...newcomer.owner };
    this.toWait.add(place);
    return { admission, release: () => this.toWait.delete(place) };
  }

  /** @throws NotReadyError QueueFullError */
  private admission({ owner, facilities }: Newcomer): Admission {
    const { dispatcher, deps } = this;
    const stage = this.gate();
    if (stage === 'closed') {
      throw new NotReadyError(
        "The service is starting or stopping and can't accept transfers right now; please try again in a minute.",
        { retryAfterSeconds: 30 },
      );
    }
    const held = deps.holds.reasonToWait(facilities);
    const isHeldBack = deps.slots.usersHeldBack().has(owner.user);
    if (held === undefined && stage === 'open' && !isHeldBack && dispatcher.hasSlotForNewcomer()) {
      return { slot: true, waitsFor: '' };
    }
    this.requirePlace(owner);
    const waitsFor =
      held ??
      dispatcher.waitsForGlobus ??
      (stage === 'open'
        ? isHeldBack
          ? OWN_ARE_STUCK
          : deps.slots.waitedFor
        : 'the service has just started and is checking which transfers are already running in Globus');
    return { slot: false, waitsFor };
  }

  /** @throws QueueFullError */
  private requirePlace({ user, group }: Owner): void {
    const { transfers, slots, config } = this.deps;
    const { task } = config.current();
    const coming = [...this.toWait];
    const queue = transfers.waiting().size - transfers.bypassingQueue().size;
    const theirs = transfers.waitingFor({ user, group });
    const limits = [
      {
        waiting: queue,
        coming: coming.length,
        // While Globus is unavailable, transfers that would otherwise run wait on top of the queue.
        most: task.queueSize && task.queueSize + slots.free,
        message: `The queue is full: ${queue} transfers are already waiting.`,
      },
      {
        waiting: theirs.user,
        coming: coming.filter((other) => other.user === user).length,
        most: task.maxWaitingPerUser,
        message: `You already have ${theirs.user} transfers waiting, and a user may have ${task.maxWaitingPerUser}.`,
      },
      {
        waiting: theirs.group,
        coming: coming.filter((other) => other.group === group).length,
        most: task.maxWaitingPerGroup,
        message: `The dataset's owner group already has ${theirs.group} transfers waiting, and a group may have ${task.maxWaitingPerGroup}.`,
      },
    ];
    const reached = limits.find(
      (limit) => limit.most > 0 && limit.waiting + limit.coming >= limit.most,
    );
    if (reached === undefined) return;
    throw new QueueFullError(`${reached.message} Please try again later.`, {
      retryAfterSeconds: Math.max(30, task.pollIntervalSeconds),
    });
  }

  private async withinLimit(dispatched: Promise<DispatchResult>): Promise<DispatchResult> {
    let cancelTimer = (): void => undefined;
    const tooLate = new Promise<DispatchResult>((resolve) => {
      cancelTimer = this.deps.clock.schedule(ANSWER_AFTER_MS, () => resolve({ kind: 'waits' }));
    });
    return Promise.race([dispatched, tooLate]).finally(cancelTimer);
  }
}

/** A reason that may lack a capital letter and a full stop. */
function asSentence(reason: string): string {
  const ended = /[.!?]$/.test(reason) ? reason : `${reason}.`;
  return `${ended.charAt(0).toUpperCase()}${ended.slice(1)}`;
}
