import type { TrackingDeps } from '../core/tracking-deps.js';
import { areRuns, linkCount } from '../../domain/file-list-digest.js';
import { taskLabel } from '../../domain/task-label.js';
import {
  beingSubmitted,
  cancelled,
  endedBy,
  facilitiesOf,
  failed,
  ownerOf,
  type SubmissionState,
  submittedAs,
  type Transfer,
  waitingFor,
  withListRead,
  withSubmissionId,
} from '../../domain/transfer.js';
import type { TransferRecord } from '../../domain/transfer-record.js';
import { ProxyError } from '../../errors/proxy-error.js';
import {
  DatasetGoneError,
  ServiceAccountError,
  UpstreamError,
  UpstreamRejectedError,
} from '../../errors/upstream.errors.js';
import { rebuildFileList } from '../../file-lists/digest-file-list.js';
import { runCooperatively } from '../../file-lists/run-cooperatively.js';
import type { StoredFileList } from '../../file-lists/stored-format.js';
import type { SubmitOutcome } from '../../ports/globus-transfers.port.js';
import type { AlarmName } from '../core/alarms.js';
import { askAgain } from '../core/ask-again.js';
import { type BackoffBounds, Retry } from '../../time/backoff.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import type { Slots } from './slots.js';
import type { SubmissionIds } from './submission-ids.js';
import type { Turns } from './turns.js';
import { withdrawnReason } from './withdrawn.js';

/** Collaborators of the queue. */
export interface QueueDeps extends TrackingDeps {
  readonly slots: Slots;
  readonly turns: Turns;
  readonly submissionIds: SubmissionIds;
}

/** The outcome of dispatching one transfer. */
export type DispatchResult =
  | { readonly kind: 'started' }
  /** It waits, and is dispatched again later. */
  | { readonly kind: 'waits' }
  /** It ended without starting; `reason` is for the scientist. */
  | { readonly kind: 'refused'; readonly reason: string };

const STARTED: DispatchResult = { kind: 'started' };
const WAITS: DispatchResult = { kind: 'waits' };

/** Globus accepts no submissions from us; none is made until `retry` is due. */
interface Pause {
  readonly reason: string;
  readonly retry: Retry;
}

/** A submission answered sooner than this gets no "being submitted" write of its own. */
const FIRST_STATUS_AFTER_MS = 1000;
const VERIFY_AGAIN_MS = 15_000;
/** How long an answer counts to the question whether a transfer is allowed. */
const ASKED_HOLDS_MS = 60_000;
const BLOCKED_BACKOFF: BackoffBounds = { firstMs: 30_000, capMs: 600_000 };
const PAUSE_BACKOFF: BackoffBounds = { firstMs: 5000, capMs: 60_000 };
/** Cap on the pause that Globus may ask for, since it may recover sooner. */
const LONGEST_PAUSE_MS = 15 * 60_000;

/**
 * Submits waiting transfers to Globus in the order of their turns, at most `task.maxConcurrency` at a time, each under
 * a submission id that SciCat already holds, so that retries never create a second task. A transfer
 * that can't be submitted now does not delay those behind it.
 */
export class Dispatcher {
  private pause: Pause | undefined;
  /** After a pause, the one transfer that tests whether Globus accepts submissions again. */
  private probe: TrackedTransfer | undefined;
  /** The submission id that SciCat is known to hold; only that one may be used. */
  private readonly durableIds = new WeakMap<TrackedTransfer, string>();
  /** Transfers that wait because they belong to another Globus client id. */
  private readonly foreign = new Set<TrackedTransfer>();
  /** Why the lost list of a transfer can't be rebuilt, while Globus may still have the transfer. */
  private readonly unrebuildable = new WeakMap<TrackedTransfer, string>();
  /** Transfers whose jobs say that they wait because a facility is held. */
  private readonly held = new Set<TrackedTransfer>();
  /** By alarm: transfers that wait because Globus refuses the scopes of their collections. */
  private readonly withoutScopes = new Map<AlarmName, Set<TrackedTransfer>>();
  /** Monotonic milliseconds at which it was last asked whether a transfer is allowed. */
  private readonly askedAt = new WeakMap<TrackedTransfer, number>();

  constructor(private readonly deps: QueueDeps) {}

  /** Why Globus accepts no submissions; undefined once one has succeeded again. */
  get waitsForGlobus(): string | undefined {
    return this.pause?.reason;
  }

  /** Whether a new transfer may take a slot ahead of the queue. */
  hasSlotForNewcomer(): boolean {
    const { transfers, slots } = this.deps;
    if (this.pause !== undefined || slots.free === 0) return false;
    for (const tracked of transfers.waiting()) if (this.mayGo(tracked)) return false;
    return true;
  }

  /**
   * Ends transfers whose end was requested, or whose dataset is gone, and that Globus certainly does
   * not have.
   *
   * @returns promises for the caller to await; they never reject
   */
  endUnsent(): readonly Promise<DispatchResult>[] {
    const { transfers, steps } = this.deps;
    return [...transfers.bypassingQueue()]
      .filter(
        (tracked) =>
          !steps.isRunning(tracked) &&
          !tracked.jobGone &&
          (tracked.transfer.endRequested !== undefined || tracked.datasetGone) &&
          submissionOf(tracked) === 'not-sent',
      )
      .map((tracked) => this.dispatchOne(tracked));
  }

  /**
   * Starts every transfer that may go now, and takes their slots.
   *
   * @returns promises for the caller to await; they never reject
   */
  dispatch(): readonly Promise<DispatchResult>[] {
    const { transfers, steps, writer } = this.deps;
    const started: Promise<DispatchResult>[] = [];
    for (const tracked of transfers.bypassingQueue()) {
      if (steps.isDue(tracked)) started.push(this.dispatchOne(tracked));
    }
    const released = this.takeReleased();
    started.push(...this.startWaiting());
    for (const tracked of released) if (isQueued(tracked)) writer.changed(tracked, 'needed');
    this.sayHolds();
    return started;
  }

  private startWaiting(): readonly Promise<DispatchResult>[] {
    const { transfers, slots, turns } = this.deps;
    const started: Promise<DispatchResult>[] = [];
    if (this.pause?.retry.isDue() === false) return started;
    // After a pause a single transfer goes first; the others follow once Globus has accepted it.
    const limit = this.pause === undefined ? slots.free : this.probe === undefined ? 1 : 0;
    const free = Math.min(slots.free, limit);
    for (const tracked of free === 0 ? [] : turns.next(this.candidates(), free)) {
      if (this.pause !== undefined) this.probe = tracked;
      turns.taken(tracked);
      transfers.setSlot(tracked, true);
      started.push(this.dispatchOne(tracked));
    }
    return started;
  }

  /** Transfers that may take a slot now. Those that are held back are told why. */
  private candidates(): readonly TrackedTransfer[] {
    const usersHeldBack = this.deps.slots.usersHeldBack();
    return [...this.deps.transfers.waiting()].filter((tracked) => {
      if (!this.mayGo(tracked)) return false;
      // What Globus may have is searched there first, whatever the configuration says.
      if (submissionOf(tracked) !== 'not-sent') return true;
      const reason =
        this.withdrawn(tracked.transfer) ??
        (usersHeldBack.has(ownerOf(tracked.transfer).user) ? OWN_ARE_STUCK : undefined);
      if (reason === undefined) return true;
      this.wait(tracked, reason, 'not-sent', BLOCKED_BACKOFF);
      return false;
    });
  }

  /** A new transfer whose job says that it waits because a facility is held. */
  admittedHeld(tracked: TrackedTransfer): void {
    this.held.add(tracked);
  }

  /** Advances one transfer as far as it can go now. Never rejects. */
  async dispatchOne(tracked: TrackedTransfer): Promise<DispatchResult> {
    const { transfers, steps, signal, alarms } = this.deps;
    const result = await steps.run(tracked, async () => {
      try {
        return await this.step(tracked);
      } catch (error) {
        if (signal.aborted) return WAITS;
        if (error instanceof DatasetGoneError) {
          transfers.setDatasetGone(tracked);
          return this.endOnceAbsent(tracked, DATASET_GONE, submissionOf(tracked));
        }
        if (error instanceof ServiceAccountError && error.upstream === 'Globus') {
          return this.accountRefused(tracked, error.message, submissionOf(tracked));
        }
        if (!(error instanceof ProxyError)) {
          alarms.raiseDefect(tracked.jobId, error);
        }
        return tracked.transfer.status.state === 'waiting'
          ? this.wait(tracked, reasonToWait(error), submissionOf(tracked))
          : WAITS;
      } finally {
        if (this.probe === tracked) this.probe = undefined;
      }
    });
    return result ?? WAITS;
  }

  /** Records that Globus runs the transfer as this task. */
  start(tracked: TrackedTransfer, taskId: string): DispatchResult {
    const { transfers, steps, writer, alarms } = this.deps;
    transfers.update(tracked, (transfer) => submittedAs(transfer, taskId));
    steps.reset(tracked);
    this.pause = undefined;
    alarms.clear('globus-account');
    this.withoutScopes.delete(scopesAlarm(tracked));
    alarms.clear(scopesAlarm(tracked));
    writer.changed(tracked, 'needed');
    return STARTED;
  }

  /** Forgets a transfer that is no longer tracked. */
  forget(tracked: TrackedTransfer): void {
    const { alarms, turns } = this.deps;
    turns.ended(tracked);
    this.held.delete(tracked);
    this.foreign.delete(tracked);
    if (this.foreign.size === 0) alarms.clear('globus-client-id');
    // Only transfers between the same facilities need these scopes.
    const alarm = scopesAlarm(tracked);
    const others = this.withoutScopes.get(alarm);
    others?.delete(tracked);
    if (others?.size !== 0) return;
    this.withoutScopes.delete(alarm);
    alarms.clear(alarm);
  }

  private async step(tracked: TrackedTransfer): Promise<DispatchResult> {
    const { tasks, globus, transfers } = this.deps;
    const { transfer } = tracked;
    if (transfer.status.state !== 'waiting') return STARTED;
    if (transfer.origin.kind !== 'recorded') {
      return this.fail(
        tracked,
        'the job contains neither transfer parameters nor a Globus task id',
      );
    }
    const { record } = transfer.origin;
    let { submission } = transfer.status;
    if (transfer.endRequested !== undefined && submission === 'not-sent') {
      return this.cancel(tracked);
    }
    if (tracked.datasetGone && submission === 'not-sent') return this.fail(tracked, DATASET_GONE);
    if (record.globusClientId !== globus.clientId()) return this.foreignClient(tracked, record);
    if (submission === 'unconfirmed') {
      const taskId = await tasks.find(tracked);
      if (taskId !== undefined) return this.start(tracked, taskId);
      if (tracked.transfer.endRequested !== undefined) {
        return tasks.isCertainlyAbsent(tracked) ? this.cancel(tracked) : this.verifyLater(tracked);
      }
      if (tasks.isCertainlyAbsent(tracked)) submission = 'not-sent';
      if (tracked.datasetGone) return this.endOnceAbsent(tracked, DATASET_GONE, submission);
      const obstacle = this.stopsAt(tracked) ?? this.withdrawn(tracked.transfer);
      if (obstacle !== undefined) {
        const result = this.wait(tracked, obstacle, submission, BLOCKED_BACKOFF);
        // Globus was searched and has no task of it, so others may have its slot.
        this.giveSlotBack(tracked);
        return result;
      }
    }
    const denied = await this.denied(tracked);
    if (denied !== undefined) return this.endOnceAbsent(tracked, denied, submission);
    const files = await this.filesOf(tracked, record);
    if (typeof files === 'string') return this.endOnceAbsent(tracked, files, submission);
    if (files !== undefined) {
      transfers.update(tracked, (transfer) => withListRead(transfer, files.parents.count));
    }
    return this.submit(tracked, record, files, submission);
  }

  /**
   * Why a transfer is no longer allowed, or its dataset no longer there. Its request has asked; after a
   * minute, or a restart, it is asked again before Globus gets it.
   */
  private async denied(tracked: TrackedTransfer): Promise<string | undefined> {
    const { clock, transfers } = this.deps;
    const now = clock.monotonicMs();
    const isFirst = tracked.requestId !== undefined && tracked.transfer.attempts === 0;
    const askedAt = this.askedAt.get(tracked) ?? (isFirst ? tracked.trackedSince : undefined);
    if (askedAt !== undefined && now - askedAt < ASKED_HOLDS_MS) return undefined;
    try {
      const asked = await askAgain(this.deps, tracked);
      switch (asked.kind) {
        case 'gone':
          transfers.setDatasetGone(tracked);
          return DATASET_GONE;
        case 'lost':
          return `the transfer is no longer allowed, because ${asked.reason}`;
        case 'kept':
          break;
      }
    } catch (error) {
      // Not for the account to decide: it lacks the right to read the dataset.
      if (!(error instanceof UpstreamRejectedError)) throw error;
    }
    this.askedAt.set(tracked, now);
    return undefined;
  }

  private async submit(
    tracked: TrackedTransfer,
    record: TransferRecord,
    files: StoredFileList | undefined,
    before: SubmissionState,
  ): Promise<DispatchResult> {
    const { transfers, tasks, globus, writer, clock, signal } = this.deps;
    const submissionId = await this.durableSubmissionId(tracked);
    // The end may have been requested meanwhile.
    if (tracked.transfer.endRequested !== undefined) {
      return before === 'not-sent' ? this.cancel(tracked) : this.verifyLater(tracked);
    }
    // A facility may be held since the transfer took its slot.
    const held = this.stopsAt(tracked);
    if (held !== undefined) return this.wait(tracked, held, before);
    transfers.update(tracked, beingSubmitted);
    const answered = clock.schedule(FIRST_STATUS_AFTER_MS, () => {
      if (tracked.transfer.status.state === 'waiting') writer.changed(tracked, 'needed');
    });
    const { source, destination, copy } = record;
    const label = taskLabel(tracked.jobId);
    const outcome = await tasks
      .whileSubmitting(tracked, () =>
        globus.submit({ submissionId, label, source, destination, copy, files }, signal),
      )
      .finally(answered);
    return this.conclude(tracked, outcome, before);
  }

  private async conclude(
    tracked: TrackedTransfer,
    outcome: SubmitOutcome,
    before: SubmissionState,
  ): Promise<DispatchResult> {
    switch (outcome.kind) {
      case 'accepted':
        return this.start(tracked, outcome.taskId);
      case 'unclear':
        return this.wait(tracked, outcome.reason, 'unconfirmed');
      case 'busy':
        this.pauseFor(outcome.reason, outcome.retryAfterSeconds);
        return this.wait(tracked, outcome.reason, before);
      case 'account-refused':
        return this.accountRefused(tracked, outcome.reason, before);
      case 'scopes-refused':
        return this.scopesRefused(tracked, outcome.reason, before);
      case 'conflict':
      case 'refused':
      case 'submission-id-refused': {
        // The cause may be an earlier submission of ours whose answer was lost.
        const taskId =
          outcome.kind === 'conflict' || before === 'unconfirmed'
            ? await this.deps.tasks.find(tracked)
            : undefined;
        if (taskId !== undefined) return this.start(tracked, taskId);
        return this.applyRejection(tracked, outcome, before);
      }
    }
  }

  private async applyRejection(
    tracked: TrackedTransfer,
    outcome: Extract<SubmitOutcome, { kind: 'conflict' | 'refused' | 'submission-id-refused' }>,
    before: SubmissionState,
  ): Promise<DispatchResult> {
    switch (outcome.kind) {
      case 'refused':
        return before === 'unconfirmed'
          ? this.verifyLater(tracked)
          : this.fail(tracked, outcome.reason);
      case 'conflict':
        // After an unclear submission the conflicting task may be our own, not listed yet.
        return this.wait(tracked, outcome.reason, before, BLOCKED_BACKOFF);
      case 'submission-id-refused':
        // Globus will never accept the old id, so a new one makes no second task. A request under the
        // old id that is still on its way is found by its label.
        this.deps.transfers.update(tracked, (transfer) =>
          waitingFor(transfer, outcome.reason, before),
        );
        await this.assignSubmissionId(tracked);
        return this.wait(tracked, outcome.reason, before);
    }
  }

  /** The transfer's submission id. Resolves once SciCat holds it. */
  private async durableSubmissionId(tracked: TrackedTransfer): Promise<string> {
    const submissionId = tracked.transfer.submissionId ?? (await this.assignSubmissionId(tracked));
    const durable = this.durableIds.get(tracked) ?? tracked.initial.submissionId;
    if (durable !== submissionId) {
      await this.deps.writer.confirmed(tracked);
      this.durableIds.set(tracked, submissionId);
    }
    return submissionId;
  }

  private async assignSubmissionId(tracked: TrackedTransfer): Promise<string> {
    const submissionId = await this.deps.submissionIds.next();
    this.deps.transfers.update(tracked, (transfer) => withSubmissionId(transfer, submissionId));
    return submissionId;
  }

  /** @returns undefined for the whole folder; a text if the list is lost and can't be rebuilt: why */
  private async filesOf(
    tracked: TrackedTransfer,
    { key, fileList, datasetPid, requestedBy }: TransferRecord,
  ): Promise<StoredFileList | undefined | string> {
    const { fileLists, datasets, transfers, signal } = this.deps;
    if (fileList === undefined) return undefined;
    const stored = await fileLists.open(key);
    const links = linkCount(fileList.symlinks);
    if (stored?.count === fileList.count && stored.symlinks === links) return stored;
    const known = this.unrebuildable.get(tracked);
    if (known !== undefined) return known;
    if (!areRuns(fileList.symlinks)) return lost(NOT_REBUILT.links);
    const shown = await datasets.files(datasetPid, signal);
    const files =
      shown.kind === 'listed'
        ? await runCooperatively(rebuildFileList(shown.paths, fileList), signal)
        : undefined;
    if (files !== undefined) {
      await fileLists.put(key, files, requestedBy.username);
      const rebuilt = await fileLists.open(key);
      if (rebuilt !== undefined) return rebuilt;
    }
    if (shown.kind === 'no-dataset') {
      transfers.setDatasetGone(tracked);
      return DATASET_GONE;
    }
    const why = lost(NOT_REBUILT[shown.kind]);
    // Not asked again at every attempt: a list may have hundreds of thousands of files.
    this.unrebuildable.set(tracked, why);
    return why;
  }

  /**
   * Ends a transfer that can't be carried out: at once if Globus certainly does not have it. Otherwise
   * its job says so, and it ends when that has become certain.
   */
  private endOnceAbsent(
    tracked: TrackedTransfer,
    reason: string,
    submission: SubmissionState,
  ): DispatchResult {
    if (submission === 'not-sent') return this.fail(tracked, reason);
    this.say(tracked, `${reason} (the service first makes sure that Globus does not have it)`);
    return this.verifyLater(tracked);
  }

  private fail(tracked: TrackedTransfer, reason: string): DispatchResult {
    this.deps.transfers.update(tracked, (transfer) => failed(transfer, reason));
    this.deps.writer.changed(tracked, 'final');
    return { kind: 'refused', reason };
  }

  private cancel(tracked: TrackedTransfer): DispatchResult {
    const { by = '', note } = tracked.transfer.endRequested ?? {};
    const ended = `${endedBy({ by })}, before anything was copied`;
    this.deps.transfers.update(tracked, (transfer) =>
      cancelled(transfer, note === undefined ? ended : `${ended}: ${note}`),
    );
    this.deps.writer.changed(tracked, 'final');
    return {
      kind: 'refused',
      reason: 'the transfer was cancelled before it was submitted to Globus',
    };
  }

  /** A transfer can't end while an earlier request of it may still reach Globus. */
  private verifyLater(tracked: TrackedTransfer): DispatchResult {
    this.deps.steps.delay(tracked, VERIFY_AGAIN_MS);
    return WAITS;
  }

  private foreignClient(tracked: TrackedTransfer, record: TransferRecord): DispatchResult {
    this.foreign.add(tracked);
    this.deps.alarms.raise(
      'globus-client-id',
      `Transfers of Globus client ${record.globusClientId} are waiting: run the service with that client id until they have ended.`,
    );
    this.giveSlotBack(tracked);
    return this.wait(
      tracked,
      'it was requested under a different Globus client id from the one the service uses now; Globus may be running it, but does not show it to the service',
      submissionOf(tracked),
      BLOCKED_BACKOFF,
    );
  }

  private accountRefused(
    tracked: TrackedTransfer,
    reason: string,
    submission: SubmissionState,
  ): DispatchResult {
    this.deps.alarms.raise('globus-account', reason);
    this.pauseFor(reason);
    return this.wait(tracked, reason, submission);
  }

  private scopesRefused(
    tracked: TrackedTransfer,
    reason: string,
    submission: SubmissionState,
  ): DispatchResult {
    const alarm = scopesAlarm(tracked);
    this.withoutScopes.set(alarm, (this.withoutScopes.get(alarm) ?? new Set()).add(tracked));
    this.deps.alarms.raise(alarm, reason);
    return this.wait(tracked, reason, submission, BLOCKED_BACKOFF);
  }

  private wait(
    tracked: TrackedTransfer,
    reason: string,
    submission: SubmissionState,
    bounds?: BackoffBounds,
  ): DispatchResult {
    this.say(tracked, reason, submission);
    if (submission === 'not-sent') this.giveSlotBack(tracked);
    this.deps.steps.failed(tracked, bounds);
    return WAITS;
  }

  private giveSlotBack(tracked: TrackedTransfer): void {
    this.deps.transfers.setSlot(tracked, false);
    this.deps.turns.givenBack(tracked);
  }

  /** Has the job of a waiting transfer say why it waits. */
  private say(
    tracked: TrackedTransfer,
    reason: string,
    submission: SubmissionState = submissionOf(tracked),
  ): void {
    const { transfers, writer } = this.deps;
    const { status } = tracked.transfer;
    const isHeld = submission === 'not-sent' || !tracked.holdsSlot;
    // What else it waits for is of no use to anybody until then.
    const shown = (isHeld ? this.heldReason(tracked.transfer) : undefined) ?? reason;
    transfers.update(tracked, (transfer) => waitingFor(transfer, shown, submission));
    if (status.state === 'waiting' && status.reason !== shown) writer.changed(tracked, 'needed');
  }

  private pauseFor(reason: string, retryAfterSeconds = 0): void {
    const { clock, random } = this.deps;
    const retry = this.pause?.retry ?? new Retry(clock, PAUSE_BACKOFF, random);
    retry.fail();
    retry.delay(Math.min(retryAfterSeconds * 1000, LONGEST_PAUSE_MS));
    this.pause = { reason, retry };
  }

  private mayGo(tracked: TrackedTransfer): boolean {
    return (
      !tracked.holdsSlot &&
      !tracked.datasetGone &&
      tracked.transfer.endRequested === undefined &&
      this.deps.steps.isDue(tracked) &&
      // What Globus may have is searched there first, whatever is held.
      (submissionOf(tracked) !== 'not-sent' || this.heldReason(tracked.transfer) === undefined)
    );
  }

  private heldReason(transfer: Transfer): string | undefined {
    const facilities = facilitiesOf(transfer);
    return facilities && this.deps.holds.reasonToWait(facilities);
  }

  /** Why the transfer waits, if one of its facilities is held. Remembers that it does. */
  private stopsAt(tracked: TrackedTransfer): string | undefined {
    const reason = this.heldReason(tracked.transfer);
    if (reason !== undefined) this.held.add(tracked);
    return reason;
  }

  /**
   * Has the jobs of all waiting transfers of a held facility say so, also of those whose next step is
   * not due.
   */
  private sayHolds(): void {
    const { transfers, steps, holds } = this.deps;
    if (holds.inForce().length === 0) return;
    for (const tracked of transfers.waiting()) {
      if (tracked.holdsSlot || steps.isRunning(tracked)) continue;
      const reason = this.stopsAt(tracked);
      if (reason !== undefined) this.say(tracked, reason);
    }
  }

  /**
   * Transfers whose facilities are no longer held. They are due at once; what they wait for from now on
   * is not written yet, since most of them are about to be submitted.
   */
  private takeReleased(): readonly TrackedTransfer[] {
    const { transfers, steps, slots } = this.deps;
    const released = [...this.held].filter(
      ({ transfer }) => this.heldReason(transfer) === undefined,
    );
    for (const tracked of released) {
      this.held.delete(tracked);
      steps.hurry(tracked);
      if (!isQueued(tracked)) continue;
      const reason = this.pause?.reason ?? slots.waitedFor;
      transfers.update(tracked, (transfer) => waitingFor(transfer, reason, submissionOf(tracked)));
    }
    return released;
  }

  private withdrawn(transfer: Transfer): string | undefined {
    return withdrawnReason(transfer, this.deps.config.current());
  }
}

/** Why a transfer waits whose user has too many that only a human can help on. */
export const OWN_ARE_STUCK =
  'many transfers of the same user make no progress until someone acts, and this one waits until some of them get on, are cancelled or have ended';

/** Why a transfer ends whose dataset is no longer in SciCat. */
const DATASET_GONE = 'the dataset was deleted in SciCat before Globus had started to copy';

/** Why a lost list can't be rebuilt, by what SciCat shows of the dataset's files. */
const NOT_REBUILT: Readonly<Record<'listed' | 'hidden' | 'none' | 'links', string>> = {
  listed: 'the files that SciCat lists for the dataset are not the requested ones',
  hidden: "SciCat does not let the service see the dataset's files, so it could not be rebuilt",
  none: "SciCat has no list of the dataset's files from which it could be rebuilt",
  links: 'it had symbolic links in too many places for its job to say which they are',
};

function lost(why: string): string {
  return `the list of files to copy was lost, and ${why}; please request the transfer again`;
}

/**
 * Why a transfer waits after an error. The wording does not vary between attempts, because every change
 * of it is a write to SciCat; details are in the log.
 */
function reasonToWait(error: unknown): string {
  if (error instanceof UpstreamError && error.retryable) {
    return `${error.upstream} is not responding as expected; the service keeps trying`;
  }
  return error instanceof ProxyError
    ? error.message
    : 'internal error in the service; see its log for details';
}

function scopesAlarm({ transfer: { origin } }: TrackedTransfer): AlarmName {
  return origin.kind === 'recorded'
    ? `globus-scopes:${origin.record.source.facility}:${origin.record.destination.facility}`
    : 'globus-scopes';
}

/** Whether it waits without a slot. */
function isQueued({ transfer: { status }, holdsSlot }: TrackedTransfer): boolean {
  return status.state === 'waiting' && !holdsSlot;
}

function submissionOf({ transfer: { status } }: TrackedTransfer): SubmissionState {
  return status.state === 'waiting' ? status.submission : 'unconfirmed';
}
