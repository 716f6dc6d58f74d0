import { setMaxListeners } from 'node:events';
import type { FacilityPair } from '../domain/facility-hold.js';
import type { StoreUsage } from '../ports/file-list-store.port.js';
import type { TransferJobDocument } from '../domain/job-reading.js';
import { type EndRequest, type Owner, type Transfer, withEndRequest } from '../domain/transfer.js';
import { JobNotFoundError } from '../errors/request.errors.js';
import { DatasetGoneError, UpstreamUnavailableError } from '../errors/upstream.errors.js';
import type {
  AdmissionRequest,
  AdmissionResult,
  Forecast,
  JobCreation,
  JobObstacle,
  TrackedState,
  TransferTracking,
} from '../ports/transfer-tracking.port.js';
import { isFinal } from '../domain/transfer-state.js';
import { Retry } from '../time/backoff.js';
import { EndOfTracking } from './completion/end-of-tracking.js';
import { Finalizer } from './completion/finalizer.js';
import { TaskCanceller } from './completion/task-canceller.js';
import type { AlarmName } from './core/alarms.js';
import { Background } from './core/background.js';
import type { TrackerDeps, TrackingDeps } from './core/tracking-deps.js';
import { JobWriter, type JobWriterListener } from './core/job-writer.js';
import { StepRunner } from './core/step-runner.js';
import { TaskLookup } from './core/task-lookup.js';
import { type TrackedTransfer, TrackedTransfers } from './core/tracked-transfers.js';
import { Poller } from './polling/poller.js';
import { TaskListing } from './polling/task-listing.js';
import { AdmissionControl } from './queue/admission-control.js';
import { Dispatcher } from './queue/dispatcher.js';
import { Slots } from './queue/slots.js';
import { SubmissionIds } from './queue/submission-ids.js';
import { Turns } from './queue/turns.js';
import { WithdrawnFacilities } from './queue/withdrawn.js';
import { reconcile } from './recovery/reconcile.js';
import { Doubts } from './recovery/doubts.js';
import { Sweep } from './recovery/sweep.js';
import { Sweeper } from './recovery/sweeper.js';

/** The state of the tracker, for health checks and metrics. */
export interface TrackerStatus {
  /** Recovery is complete. */
  readonly ready: boolean;
  /** Monotonic milliseconds of the last successful poll of Globus; undefined before the first. */
  readonly lastGoodPoll: number | undefined;
  readonly open: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly finalizing: number;
  /** In flight without a slot, because only a human can help them on. */
  readonly withoutSlot: number;
  readonly pendingWrites: number;
  readonly parkedJobs: number;
}

/** The tracker's lifecycle. Phases only advance. */
type Phase =
  /** Reading open jobs from SciCat; `retry` spaces the attempts. */
  | { readonly kind: 'recovering'; readonly retry: Retry }
  /** Matching them with the tasks that Globus runs; `retry` spaces the attempts. */
  | { readonly kind: 'reconciling'; readonly retry: Retry }
  | { readonly kind: 'running' }
  | { readonly kind: 'stopping' };

const OBSTACLE_ALARMS: Readonly<Record<JobObstacle, AlarmName>> = {
  // A failed login says nothing about the right to create; the next sweep tries to log in.
  login: 'scicat-account',
  permission: 'scicat-account-create',
  setup: 'scicat-setup:create',
};
const RECOVERY_BACKOFF = { firstMs: 1000, capMs: 30_000 };
/** How long a request to end a transfer waits for Globus, if SciCat can't store it. */
const END_CARRIED_OUT_WITHIN_MS = 10_000;
const END_CHECKED_EVERY_MS = 50;
const SUBMISSION_ID_STOCK = { first: 8, largest: 64 };

/**
 * The loop that tracks every transfer from admission to end. A timer or a change wakes it. Each cycle
 * starts a sweep and polls Globus when they are due, then finalizes and dispatches. Slow work runs in
 * the background, so that neither a slow SciCat nor one bad transfer delays the rest.
 *
 * Invariants, cited at the lines that keep them:
 *
 * - T1: Nothing is admitted, polled or submitted until every open job has been read from SciCat.
 * - T2: Nothing is submitted until tasks started by an earlier process have been matched at Globus.
 * - T3: Cycles never overlap, and no error in a cycle ends the loop.
 * - T4: At most one step of a transfer runs at a time (core/step-runner.ts).
 * - T5: Once stopping, no step begins; {@link stop} returns after all steps have ended.
 * - T6: A transfer is dropped only when SciCat shows its end, or when its job was removed and Globus
 *   no longer copies anything for it (completion/end-of-tracking.ts). If another account wrote that end,
 *   only when Globus agrees (recovery/doubts.ts). One of which nothing tells whether it has ended is left
 *   alone, with an alarm.
 */
export class Tracker implements TransferTracking {
  private readonly parts: TrackingDeps;
  private readonly submissionIds: SubmissionIds;
  private readonly turns: Turns;
  private readonly listing: TaskListing;
  private readonly dispatcher: Dispatcher;
  private readonly admissions: AdmissionControl;
  private readonly finalizer: Finalizer;
  private readonly canceller: TaskCanceller;
  private readonly poller: Poller;
  private readonly doubts: Doubts;
  private readonly sweep: Sweep;
  private readonly sweeper: Sweeper;
  private readonly withdrawn: WithdrawnFacilities;
  private readonly background = new Background(() => this.wake());
  private readonly stopping = new AbortController();
  private readonly aborted = new AbortController();
  private phase: Phase;
  private loop: Promise<void> | undefined;
  private wakeUp: (() => void) | undefined;
  private woken = false;

  constructor(deps: TrackerDeps) {
    const { jobs, globus, events, holds, config, clock, random = Math.random } = deps;
    const { background } = this;
    const { signal } = this.aborted;
    // Hundreds of concurrent calls may listen to each.
    setMaxListeners(0, signal, this.stopping.signal);
    // The writer and its listener refer to each other.
    const listener: JobWriterListener = {
      confirmed: (tracked, shown) => end.confirmed(tracked, shown),
      gone: (tracked) => end.gone(tracked),
      failed: (tracked, error) => end.failed(tracked, error),
    };
    const transfers = new TrackedTransfers(events, clock);
    const { first, largest } = SUBMISSION_ID_STOCK;
    const parts: TrackingDeps = {
      ...deps,
      ...{ random, background, signal },
      transfers,
      steps: new StepRunner(clock, random),
      tasks: new TaskLookup(globus, clock, signal, events),
      writer: new JobWriter(jobs, config, clock, random, events, listener),
    };
    const listing = new TaskListing(globus, clock, signal);
    const submissionIds = new SubmissionIds(globus, clock, random, first, largest, signal);
    const turns = new Turns(transfers, config, clock, holds);
    const queue = { ...parts, slots: new Slots(transfers, config), turns, submissionIds };
    const dispatcher = new Dispatcher(queue);
    const canceller = new TaskCanceller(parts, (tracked) =>
      background.add(this.poller.pollCancelled(tracked, this.stopping.signal)),
    );
    const end = new EndOfTracking(parts, dispatcher, canceller);
    const onGone = (tracked: TrackedTransfer): void => end.gone(tracked);
    this.parts = parts;
    this.submissionIds = submissionIds;
    this.turns = turns;
    this.listing = listing;
    this.dispatcher = dispatcher;
    this.canceller = canceller;
    this.finalizer = new Finalizer(parts);
    this.admissions = new AdmissionControl(queue, dispatcher, () => this.gate(), onGone);
    this.poller = new Poller(parts, listing, (tracked) =>
      background.add(canceller.cancel(tracked)),
    );
    this.doubts = new Doubts(parts, {
      onTask: (tracked, taskId) => dispatcher.start(tracked, taskId),
      onLetGo: (tracked) => end.alreadyEnded(tracked),
      onUnclear: (tracked) => {
        end.alreadyEnded(tracked);
        this.sweep.setAside(tracked);
      },
    });
    this.sweep = new Sweep(parts, onGone, this.doubts);
    this.sweeper = new Sweeper(parts, this.sweep, listing);
    this.withdrawn = new WithdrawnFacilities(parts);
    this.phase = { kind: 'recovering', retry: new Retry(clock, RECOVERY_BACKOFF, random) };
    holds.onChange(() => this.wake());
  }

  get ready(): boolean {
    return this.phase.kind === 'reconciling' || this.phase.kind === 'running';
  }

  status(): TrackerStatus {
    const { transfers, writer } = this.parts;
    return {
      ready: this.ready,
      lastGoodPoll: this.poller.lastGoodPoll,
      open: transfers.size,
      waiting: transfers.waiting().size,
      inFlight: transfers.inFlight().size,
      finalizing: transfers.toFinalize().size,
      withoutSlot: transfers.withoutSlot().size,
      pendingWrites: writer.pending,
      parkedJobs: writer.parked,
    };
  }

  /** Every transfer that has not ended or whose end SciCat does not show yet, in no order. */
  *openTransfers(): Iterable<Transfer> {
    for (const { transfer } of this.parts.transfers.all()) yield transfer;
  }

  /** How full the store of file lists is. */
  storeUsage(): StoreUsage {
    return this.parts.fileLists.usage();
  }

  /** Starts the loop. Recovery continues in the background until SciCat answers. */
  start(): void {
    this.loop ??= this.run(); // T3
    this.wake();
  }

  /** Makes the loop run soon, because something may have changed. */
  wake(): void {
    this.woken = true;
    this.wakeUp?.();
  }

  /**
   * Stops admitting, lets running steps end, and writes pending changes.
   *
   * @param withinMs milliseconds after which the rest is left to the next start
   */
  async stop(withinMs: number): Promise<void> {
    const { clock } = this.parts;
    const deadline = clock.monotonicMs() + withinMs;
    const reason = new Error('The service is stopping.');
    this.phase = { kind: 'stopping' };
    this.stopping.abort(reason);
    this.wake();
    while (this.parts.steps.running > 0 && clock.monotonicMs() < deadline) await clock.sleep(50);
    await this.parts.writer.stop(deadline);
    this.aborted.abort(reason);
    await this.loop;
    await this.background.ended(); // T5
  }

  forecast(fingerprint: string, owner: Owner, facilities: FacilityPair): Forecast {
    return this.admissions.forecast(fingerprint, owner, facilities);
  }

  admit(request: AdmissionRequest): Promise<AdmissionResult> {
    return this.admissions.admit(request);
  }

  reportJobCreation(outcome: JobCreation): void {
    const { alarms } = this.parts;
    switch (outcome.kind) {
      case 'created':
        alarms.clear('scicat-account-create');
        alarms.clear('scicat-setup:create');
        return;
      case 'disowned':
        this.background.add(this.sweep.disown(outcome.key));
        return;
      case 'not-permitted':
        alarms.raise(OBSTACLE_ALARMS[outcome.obstacle], outcome.reason);
        return;
    }
  }

  find(jobId: string): TrackedState | undefined {
    const tracked = this.parts.transfers.get(jobId);
    if (tracked === undefined) return undefined;
    return { transfer: tracked.transfer, queuePosition: this.turns.placeOf(jobId) };
  }

  adopt(job: TransferJobDocument): Transfer | undefined {
    return this.sweep.adopt(job)?.transfer;
  }

  async requestEnd(jobId: string, request: EndRequest, requestId: string): Promise<void> {
    const tracked = this.parts.transfers.get(jobId);
    if (tracked === undefined) throw new JobNotFoundError(`Transfer ${jobId} is not open.`);
    this.parts.transfers.update(tracked, (transfer) => withEndRequest(transfer, request));
    this.parts.events.emit({ kind: 'end-requested', transfer: tracked.transfer, requestId });
    // Also where nobody can take it back by writing into the job.
    const { endRequested } = tracked.transfer;
    const [unrecorded] = await Promise.all([
      this.recordEnd(tracked),
      endRequested && this.parts.history.noteEnd(jobId, { requested: endRequested }),
    ]);
    const { state } = tracked.transfer.status;
    if (state === 'waiting') {
      this.parts.steps.hurry(tracked);
      this.endUnsent();
    }
    if (state === 'transferring') this.background.add(this.canceller.cancel(tracked));
    this.wake();
    if (unrecorded) await this.endCarriedOut(tracked);
  }

  /** Needs no answer of Globus, so it does not wait for a poll that the loop may be waiting for. */
  private endUnsent(): void {
    if (!this.ready || this.isStopping()) return; // T1, T5
    for (const step of this.dispatcher.endUnsent()) this.background.addThenWake(step); // T2
  }

  /** @returns true if SciCat refuses to store the request, because the job's dataset was deleted */
  private async recordEnd(tracked: TrackedTransfer): Promise<boolean> {
    try {
      await this.parts.writer.confirmed(tracked);
      return false;
    } catch (error) {
      if (!(error instanceof DatasetGoneError)) throw error;
      return true;
    }
  }

  /**
   * Resolves when an end request that only this process knows can no longer be lost with it: Globus
   * cancels the task, or there is nothing to cancel. (A restart starts nothing for a deleted dataset.)
   *
   * @throws UpstreamUnavailableError after some seconds; the request is carried out regardless
   */
  private async endCarriedOut(tracked: TrackedTransfer): Promise<void> {
    const { clock, signal } = this.parts;
    const deadline = clock.monotonicMs() + END_CARRIED_OUT_WITHIN_MS;
    while (!this.isEndDurable(tracked)) {
      if (clock.monotonicMs() >= deadline) {
        // Only the job's removal is still missing, which is retried.
        if (isFinal(tracked.transfer.status.state)) return;
        throw endNotCarriedOutYet();
      }
      await clock.sleep(END_CHECKED_EVERY_MS, signal);
    }
  }

  private isEndDurable(tracked: TrackedTransfer): boolean {
    const { status, endRequested } = tracked.transfer;
    const untracked = this.parts.transfers.get(tracked.jobId) !== tracked;
    switch (status.state) {
      case 'waiting':
        return untracked;
      case 'transferring':
        return untracked || this.canceller.hasCancelled(tracked);
      case 'finalizing':
        return true;
      case 'finished':
      case 'failed':
      case 'cancelled':
        return untracked || endRequested?.remove !== true || tracked.jobGone;
    }
  }

  private gate(): 'open' | 'waiting-only' | 'closed' {
    switch (this.phase.kind) {
      case 'recovering': // T1
      case 'stopping': // T5
        return 'closed';
      case 'reconciling':
        return 'waiting-only'; // T2
      case 'running':
        return 'open';
    }
  }

  private async run(): Promise<void> {
    while (!this.isStopping()) {
      await this.nextWake();
      try {
        await this.cycle(); // T3
      } catch (error) {
        if (!this.aborted.signal.aborted) {
          this.parts.alarms.raiseDefect('tracker', error);
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
    this.reportStore();
    if (this.phase.kind === 'recovering') await this.recover(this.phase);
    if (!this.ready) return; // T1
    this.withdrawn.reportOnce();
    this.sweeper.sweepIfDue();
    if (this.phase.kind === 'reconciling') await this.reconcile(this.phase);
    if (this.isStopping()) return; // T5
    for (const step of this.doubts.startDue()) this.background.addThenWake(step);
    await this.poller.pollIfDue();
    // stop() may have been called during the poll.
    if (this.isStopping()) return; // T5
    for (const step of this.finalizer.startDue()) this.background.addThenWake(step);
    const dispatched =
      this.phase.kind === 'running' ? this.dispatcher.dispatch() : this.dispatcher.endUnsent(); // T2
    for (const step of dispatched) this.background.addThenWake(step);
  }

  private reportStore(): void {
    const { alarms, fileLists } = this.parts;
    const { trouble } = fileLists.usage();
    if (trouble === undefined) alarms.clear('spool');
    else alarms.raise('spool', trouble);
  }

  private async recover(phase: Phase & { kind: 'recovering' }): Promise<void> {
    const { clock, random } = this.parts;
    if (!phase.retry.isDue()) return;
    try {
      await this.sweeper.recover(); // T1
      if (this.phase !== phase) return; // T5
      this.phase = { kind: 'reconciling', retry: new Retry(clock, RECOVERY_BACKOFF, random) };
      void this.submissionIds.fill();
    } catch {
      // Already reported. Retried before the next poll, since nothing is admitted until it succeeds.
      void clock.sleep(phase.retry.fail(), this.stopping.signal).then(
        () => this.wake(),
        () => undefined,
      );
    }
  }

  private async reconcile(phase: Phase & { kind: 'reconciling' }): Promise<void> {
    if (!phase.retry.isDue()) return;
    try {
      await reconcile(this.parts, this.listing, this.dispatcher);
      if (this.phase === phase) this.phase = { kind: 'running' }; // T2, T5
    } catch (error) {
      phase.retry.delay(this.parts.config.current().task.pollIntervalSeconds * 900);
      this.poller.failed(error, 0);
    }
  }

  private isStopping(): boolean {
    return this.phase.kind === 'stopping';
  }
}

function endNotCarriedOutYet(): UpstreamUnavailableError {
  return new UpstreamUnavailableError(
    'Globus',
    "The dataset of this transfer was deleted in SciCat, which therefore can't store the request to end the transfer, and Globus has not confirmed the cancellation yet. The service keeps trying; please check the transfer in a few minutes.",
    { outcomeUnclear: true },
  );
}
