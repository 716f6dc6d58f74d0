import { setMaxListeners } from 'node:events';
import type { ConfigSnapshots } from '../config/config-snapshots.js';
import { errorInWords } from '../errors/error-facts.js';
import { JobNotFoundError, NotReadyError, QueueFullError } from '../errors/request.errors.js';
import { ServiceAccountError } from '../errors/upstream.errors.js';
import type { Clock } from '../ports/clock.port.js';
import type { ArchiveJobs } from '../ports/archive-jobs.port.js';
import type { Datasets } from '../ports/datasets.port.js';
import type { GlobusTask, GlobusTransfers } from '../ports/globus-transfers.port.js';
import type { JobHistory } from '../ports/job-history.port.js';
import type { FileListStore } from '../ports/file-list-store.port.js';
import type { TransferEvents } from '../ports/transfer-events.port.js';
import type { TransferJobs } from '../ports/transfer-jobs.port.js';
import type {
  CreateRefusal,
  DispatchResult,
  Outlook,
  Place,
  TransferTracking,
} from '../ports/transfer-tracking.port.js';
import type { TransferJobDocument } from '../domain/job-reading.js';
import { taskLabel } from '../domain/task-label.js';
import { type EndRequest, type Transfer, withEndRequest } from '../domain/transfer.js';
import { isFinal } from '../domain/transfer-state.js';
import type { Alarms } from './core/alarms.js';
import { backoffMs, type Random } from '../time/backoff.js';
import { decide } from './polling/decide.js';
import { ACCOUNT_ALARM, Dispatcher } from './queue/dispatcher.js';
import { Finalizer } from './completion/finalizer.js';
import { JobWriter, type JobWriterListener } from './core/job-writer.js';
import { Poller } from './polling/poller.js';
import { type TrackedTransfer, TrackedTransfers } from './core/tracked-transfers.js';
import { SubmissionIds } from './queue/submission-ids.js';
import { Sweep, type SweepResult } from './recovery/sweep.js';
import { TaskCanceller } from './completion/task-canceller.js';

/** What the tracker works with. */
export interface TrackerDeps {
  readonly jobs: TransferJobs;
  readonly archiveJobs: ArchiveJobs;
  readonly datasets: Datasets;
  readonly globus: GlobusTransfers;
  readonly spool: FileListStore;
  readonly history: JobHistory;
  readonly events: TransferEvents;
  readonly alarms: Alarms;
  readonly config: ConfigSnapshots;
  readonly clock: Clock;
  readonly random: Random;
}

/** What an operator may want to know of the tracker. */
export interface TrackerStatus {
  /** Recovery is complete. */
  readonly ready: boolean;
  /** Monotonic milliseconds of the last good poll at Globus; undefined before the first. */
  readonly lastGoodPoll: number | undefined;
  readonly open: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly finalizing: number;
  readonly pendingWrites: number;
  readonly parkedJobs: number;
}

const SWEEP_EVERY_MS = 5 * 60_000;
const SWEEP_AGAIN_MS = 30_000;
const RECOVERY_BACKOFF = { firstMs: 1000, capMs: 30_000 };
/** Globus's clock and ours may be this much apart. */
const CLOCKS_DIFFER_MS = 30_000;
const SUBMISSION_ID_STOCK = { first: 8, largest: 64 };
/** The account that creates jobs can't log in, or can't read them. */
const SCICAT_ACCOUNT_ALARM = 'scicat-account';
/** SciCat lets the account create no jobs. */
const SCICAT_CREATE_ALARM = 'scicat-account-create';
/** SciCat does not let the account write jobs. */
const SCICAT_WRITE_ALARM = 'scicat-account-write';
/** SciCat does not let the account remove jobs. */
const SCICAT_REMOVE_ALARM = 'scicat-account-remove';

/**
 * Follows every transfer from its acceptance to its end. One loop that never overlaps itself: it
 * runs when it is woken, by a timer or because something changed, and each run observes (when a
 * poll is due), decides, finalizes and dispatches. What takes time runs beside the loop, one step
 * per transfer at a time, so that neither a slow SciCat nor one bad transfer holds up the others.
 *
 * Entered by {@link start}, which recovers all open jobs from SciCat before the service is ready,
 * however long SciCat is away. Left by {@link stop}, which begins nothing new, lets submissions end
 * and writes what is pending.
 */
export class Tracker implements TransferTracking {
  private readonly transfers: TrackedTransfers;
  private readonly writer: JobWriter;
  private readonly dispatcher: Dispatcher;
  private readonly finalizer: Finalizer;
  private readonly ender: TaskCanceller;
  private readonly observer: Poller;
  private readonly sweep: Sweep;
  private readonly submissionIds: SubmissionIds;
  private readonly stopping = new AbortController();
  private readonly aborted = new AbortController();
  /** Steps beside the loop; all of them end before {@link stop} returns. */
  private readonly beside = new Set<Promise<unknown>>();
  /** Wall clock: it is compared with Globus's dates. */
  private readonly begunAt: number;
  private loop: Promise<void> | undefined;
  private wakeUp: (() => void) | undefined;
  private woken = false;
  private recovered = false;
  private recoveryFailures = 0;
  private recoverNotBefore = 0;
  private reconciled = false;
  private reconcileNotBefore = 0;
  private readonly fileListForgotten = new WeakSet<TrackedTransfer>();
  private sweeping = false;
  private sweepAt = 0;
  private polledAt = Number.NEGATIVE_INFINITY;
  private lastGoodPoll: number | undefined;
  private reservedSlots = 0;
  private reservedWaits = 0;

  constructor(private readonly parts: TrackerDeps) {
    const { clock, events, config, random, alarms, globus, datasets, spool, history } = parts;
    const { signal } = this.aborted;
    this.begunAt = clock.now();
    // Every call under way listens to it, and there may be hundreds.
    setMaxListeners(0, signal, this.stopping.signal);
    this.transfers = new TrackedTransfers(events, () => clock.monotonicMs());
    const listener: JobWriterListener = {
      confirmed: (tracked, shown) => {
        this.onConfirmed(tracked, shown);
      },
      gone: (tracked) => {
        this.onGone(tracked);
      },
      failed: ({ transfer }, error) => {
        if (error instanceof ServiceAccountError) alarms.raise(writeAlarm(transfer), error.message);
      },
    };
    const { transfers } = this;
    this.writer = new JobWriter(parts.jobs, config, clock, random, events, listener);
    const { writer } = this;
    this.submissionIds = new SubmissionIds(
      globus,
      clock,
      random,
      SUBMISSION_ID_STOCK.first,
      SUBMISSION_ID_STOCK.largest,
      signal,
    );
    this.dispatcher = new Dispatcher({
      transfers,
      writer,
      globus,
      datasets,
      spool,
      submissionIds: this.submissionIds,
      config,
      clock,
      random,
      alarms,
      signal,
    });
    this.finalizer = new Finalizer({
      transfers,
      writer,
      globus,
      datasets,
      archiveJobs: parts.archiveJobs,
      clock,
      random,
      alarms,
      signal,
    });
    const { dispatcher } = this;
    this.ender = new TaskCanceller({ writer, dispatcher, globus, clock, random, signal });
    this.observer = new Poller(globus, clock, signal);
    this.sweep = new Sweep({
      transfers,
      writer,
      jobs: parts.jobs,
      spool,
      history,
      clock,
      events,
      signal,
    });
    this.sweep.onGone = (tracked) => {
      this.onGone(tracked);
    };
  }

  get ready(): boolean {
    return this.recovered && !this.isStopping();
  }

  /** What an operator may want to know. */
  status(): TrackerStatus {
    return {
      ready: this.ready,
      lastGoodPoll: this.lastGoodPoll,
      open: this.transfers.size,
      waiting: this.transfers.waiting().length,
      inFlight: this.transfers.inFlight().size,
      finalizing: this.transfers.toFinalize().size,
      pendingWrites: this.writer.pending,
      parkedJobs: this.writer.parked,
    };
  }

  /** Every transfer that has not ended, or whose end SciCat does not show yet. In no order. */
  *openTransfers(): Iterable<Transfer> {
    for (const { transfer } of this.transfers.all()) yield transfer;
  }

  /** Begins. Recovery goes on in the background until SciCat has answered. */
  start(): void {
    this.loop ??= this.run();
    this.wake();
  }

  /** Something may have changed: poll at it soon. */
  wake(): void {
    this.woken = true;
    this.wakeUp?.();
  }

  /**
   * Takes no new work, lets submissions under way end, writes what is pending.
   *
   * @param withinMs milliseconds after which the rest is left to the next start
   */
  async stop(withinMs: number): Promise<void> {
    const deadline = this.parts.clock.monotonicMs() + withinMs;
    this.stopping.abort(new Error('The service is stopping.'));
    this.wake();
    await this.settled(deadline);
    await this.writer.stop(deadline);
    this.aborted.abort(new Error('The service is stopping.'));
    await this.loop;
    await Promise.allSettled(this.beside);
  }

  findEqual(print: string): string | undefined {
    return this.transfers.findEqual(print);
  }

  async stillThere(jobId: string): Promise<boolean> {
    const job = await this.parts.jobs.read(jobId, this.aborted.signal);
    if (job !== undefined) return true;
    const tracked = this.transfers.get(jobId);
    if (tracked !== undefined) this.onGone(tracked);
    return false;
  }

  answersOthers(jobId: string): boolean {
    if (this.transfers.get(jobId)?.jobGone === true) return false;
    const transfer = this.current(jobId) ?? this.transfers.recentlyEnded(jobId);
    return transfer !== undefined && transfer.endRequested === undefined;
  }

  accountMayCreate(refusal: CreateRefusal | undefined): void {
    const { alarms } = this.parts;
    if (refusal === undefined) alarms.clear(SCICAT_CREATE_ALARM);
    // What it may do will show when it can log in again, which the next sweep shows.
    else alarms.raise(refusal.atLogin ? SCICAT_ACCOUNT_ALARM : SCICAT_CREATE_ALARM, refusal.reason);
  }

  outlook(): Outlook {
    if (!this.ready) {
      throw new NotReadyError(
        'The service is starting or stopping and can take no transfer now; please try again in a minute.',
        { retryAfterSeconds: 30 },
      );
    }
    const { queueSize, pollIntervalSeconds, maxConcurrency } = this.parts.config.current().task;
    if (this.reconciled && this.dispatcher.slotFreeForNewcomer(this.reservedSlots)) {
      return { slot: true, waitsFor: '' };
    }
    const waiting = this.transfers.waiting().length - this.transfers.bypassingQueue().size;
    // While Globus takes nothing, what would run otherwise waits too, on top of the queue.
    const free = Math.max(0, maxConcurrency - this.transfers.slotsInUse - this.reservedSlots);
    if (queueSize > 0 && waiting + this.reservedWaits >= queueSize + free) {
      throw new QueueFullError(
        `The waiting queue is full: ${waiting} transfers wait already. Please try again later.`,
        { retryAfterSeconds: Math.max(30, pollIntervalSeconds) },
      );
    }
    const waitsFor =
      this.dispatcher.waitsForGlobus ??
      (this.reconciled ? undefined : 'the service has just started and asks Globus first') ??
      `the service runs at most ${maxConcurrency} at a time, and others were asked for before`;
    return { slot: false, waitsFor };
  }

  reserve(): Place {
    const outlook = this.outlook();
    if (outlook.slot) {
      this.reservedSlots += 1;
      return this.place(outlook, () => (this.reservedSlots -= 1));
    }
    this.reservedWaits += 1;
    return this.place(outlook, () => (this.reservedWaits -= 1));
  }

  takeSubmissionId(): string | undefined {
    return this.submissionIds.take();
  }

  async accept(transfer: Transfer, place: Place, requestId: string): Promise<DispatchResult> {
    place.release();
    const tracked = this.transfers.add(transfer, { holdsSlot: place.slot, requestId });
    // A sweep may have taken it up before, without a slot.
    if (place.slot) this.transfers.setSlot(tracked, true);
    this.parts.events.emit({ kind: 'accepted', transfer, requestId });
    void this.besideLoop(this.parts.history.note(transfer.jobId));
    if (place.slot) {
      const dispatched = this.dispatcher.dispatchOne(tracked);
      void this.thenWake(dispatched);
      return dispatched;
    }
    this.writer.changed(tracked, 'needed');
    this.wake();
    return { kind: 'waits' };
  }

  current(jobId: string): Transfer | undefined {
    return this.transfers.get(jobId)?.transfer;
  }

  queuePosition(jobId: string): number | undefined {
    const position = this.transfers.waiting().findIndex((tracked) => tracked.jobId === jobId);
    return position < 0 ? undefined : position;
  }

  adopt(job: TransferJobDocument): Transfer | undefined {
    return this.sweep.adopt(job)?.transfer;
  }

  async requestEnd(jobId: string, request: EndRequest, requestId: string): Promise<void> {
    const tracked = this.transfers.get(jobId);
    if (tracked === undefined) throw new JobNotFoundError(`Transfer ${jobId} is not open.`);
    this.transfers.update(tracked, (transfer) => withEndRequest(transfer, request));
    this.parts.events.emit({ kind: 'end-requested', transfer: tracked.transfer, requestId });
    await this.writer.confirmed(tracked);
    if (tracked.transfer.status.state === 'waiting') tracked.notBefore = 0;
    if (tracked.transfer.status.state === 'transferring')
      void this.besideLoop(this.ender.cancel(tracked));
    this.wake();
  }

  disown(key: string): void {
    void this.besideLoop(this.sweep.disown(key));
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private place(outlook: Outlook, giveBack: () => void): Place {
    let held = true;
    return {
      ...outlook,
      release: () => {
        if (held) giveBack();
        held = false;
      },
    };
  }

  private async run(): Promise<void> {
    while (!this.isStopping()) {
      await this.nextWake();
      try {
        await this.cycle();
      } catch (error) {
        // Nothing that happens in one cycle may end the loop.
        if (!this.aborted.signal.aborted) {
          this.parts.alarms.raise('internal:tracker', String(error));
        }
      }
    }
  }

  private async nextWake(): Promise<void> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        this.wakeUp = resolve;
      });
      this.wakeUp = undefined;
    }
    this.woken = false;
  }

  private async cycle(): Promise<void> {
    if (this.isStopping()) return;
    if (!this.recovered) await this.recover();
    if (!this.recovered) return;
    this.sweepIfDue();
    if (!this.reconciled) await this.reconcile();
    await this.observeIfDue();
    // While a poll was under way the service may have been told to stop.
    if (this.isStopping()) return;
    for (const step of this.finalizer.startDue()) void this.thenWake(step);
    const steps = this.reconciled
      ? this.dispatcher.dispatch(this.reservedSlots)
      : this.dispatcher.endUnsent();
    for (const step of steps) void this.thenWake(step);
  }

  /** Keeps a step in sight until it ends. */
  private async besideLoop<T>(step: Promise<T>): Promise<T> {
    this.beside.add(step);
    try {
      return await step;
    } finally {
      this.beside.delete(step);
    }
  }

  private async thenWake(step: Promise<unknown>): Promise<void> {
    await this.besideLoop(step);
    this.wake();
  }

  private async settled(deadline: number): Promise<void> {
    const { clock } = this.parts;
    while (this.submitting() && clock.monotonicMs() < deadline) await clock.sleep(50);
  }

  private submitting(): boolean {
    for (const tracked of this.transfers.all()) if (tracked.busy) return true;
    return false;
  }

  private async recover(): Promise<void> {
    const { clock, random } = this.parts;
    if (clock.monotonicMs() < this.recoverNotBefore) return;
    try {
      const found = await this.sweep.recover();
      this.recovered = true;
      this.swept(found);
      void this.submissionIds.fill();
    } catch (error) {
      if (this.aborted.signal.aborted) return;
      this.recoveryFailures += 1;
      const pause = backoffMs(this.recoveryFailures, RECOVERY_BACKOFF, random);
      this.recoverNotBefore = clock.monotonicMs() + pause;
      this.sweepFailed(error);
      // Sooner than the next poll: the service takes no request until this is done.
      void clock.sleep(pause, this.stopping.signal).then(
        () => {
          this.wake();
        },
        () => undefined,
      );
    }
  }

  /** Beside the loop: a long list or a slow SciCat must not keep Globus from being looked at. */
  private sweepIfDue(): void {
    if (this.sweeping || this.parts.clock.monotonicMs() < this.sweepAt) return;
    this.sweeping = true;
    void this.thenWake(this.sweepOnce());
  }

  private async sweepOnce(): Promise<void> {
    const { clock } = this.parts;
    try {
      this.swept(await this.sweep.run());
    } catch (error) {
      this.sweepAt = clock.monotonicMs() + SWEEP_AGAIN_MS;
      if (!this.aborted.signal.aborted) this.sweepFailed(error);
    }
    await this.tryGlobusAccount();
    this.sweeping = false;
  }

  /** When nothing is in flight, nothing else would show that Globus takes the account again. */
  private async tryGlobusAccount(): Promise<void> {
    const { alarms } = this.parts;
    if (!alarms.active().has(ACCOUNT_ALARM) || this.transfers.inFlight().size > 0) return;
    try {
      await this.observer.running();
      alarms.clear(ACCOUNT_ALARM);
    } catch {
      // The alarm stands.
    }
  }

  private swept({ open, adopted }: SweepResult): void {
    const { clock, events, alarms } = this.parts;
    this.sweepAt = clock.monotonicMs() + SWEEP_EVERY_MS;
    events.emit({ kind: 'swept', open, adopted });
    alarms.clear(SCICAT_ACCOUNT_ALARM);
  }

  private sweepFailed(error: unknown): void {
    const { events, alarms } = this.parts;
    events.emit({ kind: 'swept', open: 0, adopted: 0, error: errorInWords(error) });
    if (error instanceof ServiceAccountError) alarms.raise(SCICAT_ACCOUNT_ALARM, error.message);
  }

  /**
   * After a restart: transfers that Globus got from the last process without SciCat having heard of
   * it are recognized by their labels, before anything is handed over, so that the limit holds.
   */
  private async reconcile(): Promise<void> {
    const { clock, config } = this.parts;
    if (clock.monotonicMs() < this.reconcileNotBefore) return;
    const unknown = this.transfers
      .waiting()
      .filter(
        ({ transfer: { status } }) =>
          status.state === 'waiting' && status.submission !== 'not-sent',
      );
    if (unknown.length > 0) {
      try {
        const running = new Map(
          (await this.observer.running()).map((task) => [task.label, task.taskId]),
        );
        for (const tracked of unknown) {
          const taskId = running.get(taskLabel(tracked.jobId));
          if (taskId !== undefined && !tracked.busy) this.dispatcher.start(tracked, taskId);
        }
      } catch (error) {
        this.reconcileNotBefore =
          clock.monotonicMs() + config.current().task.pollIntervalSeconds * 900;
        this.pollFailed(error, 0);
        return;
      }
    }
    this.reconciled = true;
  }

  private async observeIfDue(): Promise<void> {
    const { clock, config, events, alarms } = this.parts;
    const { pollIntervalSeconds, stallTimeoutSeconds } = config.current().task;
    const now = clock.monotonicMs();
    // The timer that wakes the loop may be early by a little.
    if (now - this.polledAt < pollIntervalSeconds * 1000 * 0.9) return;
    this.polledAt = now;
    const inFlight = [...this.transfers.inFlight()];
    let look;
    try {
      look = await this.observer.poll(inFlight);
    } catch (error) {
      this.pollFailed(error, inFlight.length);
      return;
    }
    this.lastGoodPoll = clock.monotonicMs();
    if (inFlight.length > 0) {
      events.emit({ kind: 'observed', inFlight: inFlight.length, calls: look.calls });
      alarms.clear(ACCOUNT_ALARM);
    }
    for (const tracked of inFlight) {
      const observation = look.observations.get(tracked.jobId);
      if (observation === undefined) continue;
      const before = tracked.transfer;
      const decision = decide(before, observation, tracked.watch, {
        monotonicMs: clock.monotonicMs(),
        nowIso: new Date(clock.now()).toISOString(),
        stallTimeoutMs: stallTimeoutSeconds * 1000,
        clientId: this.parts.globus.clientId(),
      });
      tracked.watch = decision.watch;
      if (decision.alarm !== undefined) alarms.raise(`task:${tracked.jobId}`, decision.alarm);
      this.apply(tracked, before, decision.transfer);
      if (observation.kind === 'seen') this.tellProgress(tracked, before, observation.task);
    }
  }

  private tellProgress(tracked: TrackedTransfer, before: Transfer, task: GlobusTask): void {
    const { events } = this.parts;
    const { transfer } = tracked;
    const bytes = transfer.progress.bytesTransferred - before.progress.bytesTransferred;
    const files = transfer.progress.filesTransferred - before.progress.filesTransferred;
    // What was asked of Globus after this process began no other one can have counted.
    const ownTask =
      task.requestedAt !== undefined && task.requestedAt > this.begunAt + CLOCKS_DIFFER_MS;
    if ((tracked.progressInStep || ownTask) && (bytes > 0 || files > 0)) {
      events.emit({ kind: 'moved', transfer, bytes, files });
    }
    tracked.progressInStep = true;
    if (transfer.status.state !== before.status.state) {
      const { requestedAt: startedAt, completedAt: endedAt } = task;
      events.emit({ kind: 'task-ended', transfer, startedAt, endedAt });
    }
  }

  private apply(tracked: TrackedTransfer, before: Transfer, after: Transfer): void {
    const next = this.transfers.update(tracked, () => after);
    if (next.status.state !== before.status.state) {
      tracked.failures = 0;
      tracked.notBefore = 0;
    }
    if (isFinal(next.status.state)) {
      this.writer.changed(tracked, 'final');
      return;
    }
    // Details of a trouble may change with every file; that it is another trouble is news.
    const worded =
      (troubleOf(next) === undefined) !== (troubleOf(before) === undefined) ||
      next.progress.niceStatus !== before.progress.niceStatus ||
      next.endRequested !== before.endRequested;
    if (next !== before && next.status.state === 'transferring') {
      this.writer.changed(tracked, worded ? 'needed' : 'progress');
    }
    if (next.endRequested !== before.endRequested) {
      const { requestId } = tracked;
      this.parts.events.emit({ kind: 'end-requested', transfer: next, requestId });
    }
    if (next.endRequested !== undefined && next.status.state === 'transferring') {
      void this.besideLoop(this.ender.cancel(tracked));
    }
  }

  private pollFailed(error: unknown, inFlight: number): void {
    if (this.aborted.signal.aborted) return;
    const { events, alarms } = this.parts;
    events.emit({ kind: 'observed', inFlight, calls: 0, error: errorInWords(error) });
    if (error instanceof ServiceAccountError) alarms.raise(ACCOUNT_ALARM, error.message);
  }

  private onConfirmed(tracked: TrackedTransfer, shown: Transfer): void {
    this.parts.alarms.clear(writeAlarm(shown));
    const { state } = shown.status;
    // Something newer is to be written, such as the removal of an ended transfer's job.
    if (isFinal(state) && tracked.transfer !== shown) return;
    if (state === 'waiting') return;
    // SciCat has the task's id, or the end: the file list has done its work.
    if (hasFileList(shown) && !this.fileListForgotten.has(tracked)) {
      this.fileListForgotten.add(tracked);
      void this.besideLoop(this.forgetFileList(shown.key));
    }
    if (!isFinal(state)) return;
    // One that never changed here has ended before, and SciCat had lost it: nothing new to tell.
    if (tracked.revision > 0) {
      this.parts.events.emit({
        kind: 'end-written',
        transfer: shown,
        requestId: tracked.requestId,
      });
    }
    this.letGo(tracked);
  }

  private letGo(tracked: TrackedTransfer): void {
    this.writer.forget(tracked);
    this.transfers.drop(tracked);
    this.dispatcher.forget(tracked);
    for (const kind of ['task', 'internal']) this.parts.alarms.clear(`${kind}:${tracked.jobId}`);
    this.wake();
  }

  private async forgetFileList(key: string): Promise<void> {
    try {
      await this.parts.spool.remove(key);
    } catch {
      // The sweep removes it after some days.
    }
  }

  /** The job was removed from SciCat: nobody is left to tell, and nothing more is to be copied. */
  private onGone(tracked: TrackedTransfer): void {
    if (tracked.jobGone) return;
    this.transfers.setGone(tracked);
    this.parts.events.emit({ kind: 'job-gone', jobId: tracked.jobId });
    this.writer.forget(tracked);
    // Somebody has removed what this service was not allowed to remove.
    if (isToBeRemoved(tracked.transfer)) this.parts.alarms.clear(SCICAT_REMOVE_ALARM);
    void this.besideLoop(
      this.ender.cancelOrphan(tracked).then(() => {
        this.letGo(tracked);
      }),
    );
  }
}

/** The alarm that a refused write of this state raises: an account may write jobs and not remove them. */
function writeAlarm(transfer: Transfer): string {
  return isToBeRemoved(transfer) ? SCICAT_REMOVE_ALARM : SCICAT_WRITE_ALARM;
}

function isToBeRemoved({ status, endRequested }: Transfer): boolean {
  return isFinal(status.state) && endRequested?.remove === true;
}

function troubleOf(transfer: Transfer): string | undefined {
  return transfer.status.state === 'transferring' ? transfer.status.trouble : undefined;
}

function hasFileList(transfer: Transfer): boolean {
  return transfer.origin.kind === 'recorded' && transfer.origin.record.fileList !== undefined;
}
