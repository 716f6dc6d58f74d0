import { setMaxListeners } from 'node:events';
import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { errorInWords } from '../../errors/error-facts.js';
import { JobNotFoundError, NotReadyError } from '../../errors/request.errors.js';
import { DatasetGoneError, UpstreamError } from '../../errors/upstream.errors.js';
import type { Clock } from '../../ports/clock.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import type { TransferJobs } from '../../ports/transfer-jobs.port.js';
import { showsView } from '../../domain/job-reading.js';
import { type JobView, jobView } from '../../domain/job-view.js';
import type { Transfer } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';
import { type BackoffBounds, type Random, Retry } from '../../time/backoff.js';
import type { TrackedTransfer } from './tracked-transfers.js';

/**
 * How soon SciCat must have a change. `final`: the end of a transfer, first of all. `needed`: something
 * waits for it, or a scientist should see it. `progress`: numbers, within the operator's budget.
 */
export type Urgency = 'final' | 'needed' | 'progress';

/** Receives the outcomes of writes. */
export interface JobWriterListener {
  /** SciCat now shows this state. */
  confirmed(tracked: TrackedTransfer, shown: Transfer): void;
  /** SciCat no longer has the job. */
  gone(tracked: TrackedTransfer): void;
  /** A write failed and will be retried. */
  failed(tracked: TrackedTransfer, error: Error): void;
}

class Entry {
  urgency: Urgency | undefined;
  writing = false;
  /** Revision that SciCat certainly shows; -1 before the first confirmation. */
  confirmedRevision = -1;
  /** The view that SciCat shows, as JSON; undefined while unknown. */
  confirmedView: string | undefined;
  /** Consecutive refusals; writes without a clear answer are not refusals. */
  refusals = 0;
  /** The last write may have been stored, or may still be: read before writing again. */
  verifyFirst = false;
  /** What SciCat keeps refusing; it is retried hourly. */
  parkedFor: 'write' | 'removal' | undefined;
  /** SciCat refuses every write, because the job's dataset was deleted. */
  deleted: DatasetGoneError | undefined;
  /** The job, which is to be removed, already shows the end of its transfer. */
  endShown = false;
  waiters: Waiter[] = [];

  constructor(
    readonly tracked: TrackedTransfer,
    readonly retry: Retry,
  ) {}
}

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const URGENCIES: readonly Urgency[] = ['final', 'needed', 'progress'];
/** Jobs written at the same time, at most. */
export const MAX_CONCURRENT_WRITES = 32;
const BACKOFF: BackoffBounds = { firstMs: 1000, capMs: 30_000 };
const PARK_MS = 60 * 60_000;
/** Consecutive refusals after which a job is parked. */
const REFUSALS_BEFORE_PARKING = 5;

/**
 * Keeps the jobs in SciCat current, as their only writer: one write per job at a time, the latest state
 * wins, ends go first. After an unclear outcome it reads before it retries, because every PATCH that
 * SciCat stores also runs the job type's actions, such as e-mails.
 */
export class JobWriter {
  private readonly entries = new Map<string, Entry>();
  private readonly due: Readonly<Record<Urgency, Set<Entry>>> = {
    final: new Set(),
    needed: new Set(),
    progress: new Set(),
  };
  private underWay = 0;
  private progressBudget = 0;
  private budgetAt: number;
  private nextPump = Number.POSITIVE_INFINITY;
  private readonly stopped = new AbortController();
  private readonly writes = new Set<Promise<void>>();

  constructor(
    private readonly jobs: TransferJobs,
    private readonly config: ConfigSnapshots,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly events: TransferEvents,
    private readonly listener: JobWriterListener,
  ) {
    this.budgetAt = clock.monotonicMs();
    setMaxListeners(0, this.stopped.signal);
  }

  /** Jobs whose latest state SciCat does not show yet. */
  get pending(): number {
    return this.count(({ urgency, writing }) => urgency !== undefined || writing);
  }

  /** Jobs whose writes SciCat keeps refusing; they are retried hourly. */
  get parked(): number {
    return this.count(({ parkedFor }) => parkedFor !== undefined);
  }

  /** SciCat shows the transfer's current state, which was just read from there. */
  markSynced(tracked: TrackedTransfer): void {
    this.entryOf(tracked).confirmedRevision = tracked.revision;
  }

  /** SciCat no longer shows what was written: another program wrote into the job. */
  markUnsynced(tracked: TrackedTransfer): void {
    const entry = this.entryOf(tracked);
    entry.confirmedRevision = -1;
    entry.confirmedView = undefined;
    this.changed(tracked, 'needed');
  }

  /** Has the transfer's current state written, unless its job is gone. */
  changed(tracked: TrackedTransfer, urgency: Urgency): void {
    if (tracked.jobGone) return;
    const entry = this.entryOf(tracked);
    const before = entry.urgency;
    entry.urgency = moreUrgent(before, urgency);
    if (before !== undefined && before !== entry.urgency) this.due[before].delete(entry);
    // A parked job waits out its hour; one that merely failed is retried at once. SciCat may well
    // remove a job that it does not let be written.
    const waitsOut = entry.parkedFor === (removesJob(tracked.transfer) ? 'removal' : 'write');
    if (urgency !== 'progress' && !waitsOut) entry.retry.hurry();
    if (!entry.writing) this.due[entry.urgency].add(entry);
    this.pump();
  }

  /**
   * Resolves when SciCat shows the transfer's current state or a later one.
   *
   * @throws DatasetGoneError at once, if that is known: callers may repeat this without a pause
   * @throws the error of a failed write; the write is retried regardless
   */
  confirmed(tracked: TrackedTransfer): Promise<void> {
    if (tracked.jobGone) return Promise.reject(notThere(tracked));
    const entry = this.entryOf(tracked);
    if (entry.confirmedRevision >= tracked.revision) return Promise.resolve();
    if (this.stopped.signal.aborted) return Promise.reject(stopping());
    if (entry.deleted !== undefined && !entry.retry.isDue() && !removesJob(tracked.transfer)) {
      return Promise.reject(entry.deleted);
    }
    return new Promise((resolve, reject) => {
      entry.waiters.push({ revision: tracked.revision, resolve, reject });
      // A caller is waiting: even a parked job is retried now.
      entry.retry.hurry();
      this.changed(tracked, 'needed');
    });
  }

  /** Writes nothing more of this transfer. */
  forget(tracked: TrackedTransfer): void {
    const entry = this.entries.get(tracked.jobId);
    if (entry === undefined) return;
    this.entries.delete(tracked.jobId);
    if (entry.urgency !== undefined) this.due[entry.urgency].delete(entry);
    for (const waiter of entry.waiters.splice(0)) waiter.reject(notThere(tracked));
  }

  /**
   * Waits for the writes under way and those that are due, and begins no others.
   *
   * @param deadlineMs monotonic milliseconds at which waiting ends
   */
  async stop(deadlineMs: number): Promise<void> {
    while (this.underWay > 0 || this.hasDue()) {
      const left = deadlineMs - this.clock.monotonicMs();
      if (left <= 0) break;
      this.pump();
      await Promise.race([...this.writes, this.clock.sleep(Math.min(left, 200))]);
    }
    this.stopped.abort(stopping());
    await Promise.allSettled(this.writes);
    for (const entry of this.entries.values()) {
      for (const waiter of entry.waiters.splice(0)) waiter.reject(stopping());
    }
  }

  private count(matches: (entry: Entry) => boolean): number {
    return [...this.entries.values()].filter(matches).length;
  }

  private hasDue(): boolean {
    return URGENCIES.some((urgency) => [...this.due[urgency]].some(({ retry }) => retry.isDue()));
  }

  private entryOf(tracked: TrackedTransfer): Entry {
    let entry = this.entries.get(tracked.jobId);
    if (entry === undefined) {
      entry = new Entry(tracked, new Retry(this.clock, BACKOFF, this.random));
      this.entries.set(tracked.jobId, entry);
    }
    return entry;
  }

  /** Starts the writes that may start now, and runs again when the next one is due. */
  private pump(): void {
    if (this.stopped.signal.aborted) return;
    const now = this.clock.monotonicMs();
    this.refillBudget(now);
    let next = Number.POSITIVE_INFINITY;
    for (const urgency of URGENCIES) {
      for (const entry of this.due[urgency]) {
        if (this.underWay >= MAX_CONCURRENT_WRITES) return;
        if (!entry.retry.isDue()) {
          next = Math.min(next, entry.retry.dueAt);
          continue;
        }
        if (urgency === 'progress') {
          if (this.progressBudget < 1) {
            next = Math.min(next, now + 1000);
            break;
          }
          this.progressBudget -= 1;
        }
        this.due[urgency].delete(entry);
        this.start(entry);
      }
    }
    this.pumpAgainAt(next);
  }

  private refillBudget(now: number): void {
    const perSecond = this.config.current().task.progressWritesPerSecond;
    const earned = ((now - this.budgetAt) / 1000) * perSecond;
    this.progressBudget = Math.min(Math.max(1, perSecond), this.progressBudget + earned);
    this.budgetAt = now;
  }

  private pumpAgainAt(at: number): void {
    if (at >= this.nextPump || at === Number.POSITIVE_INFINITY) return;
    this.nextPump = at;
    void this.clock.sleep(at - this.clock.monotonicMs(), this.stopped.signal).then(
      () => {
        if (this.nextPump === at) this.nextPump = Number.POSITIVE_INFINITY;
        this.pump();
      },
      () => undefined,
    );
  }

  private start(entry: Entry): void {
    entry.writing = true;
    this.underWay += 1;
    const write = this.write(entry).finally(() => {
      entry.writing = false;
      this.underWay -= 1;
      this.writes.delete(write);
      if (entry.urgency !== undefined && this.entries.get(entry.tracked.jobId) === entry) {
        this.due[entry.urgency].add(entry);
      }
      this.pump();
    });
    this.writes.add(write);
  }

  private async write(entry: Entry): Promise<void> {
    const { tracked } = entry;
    const { transfer, revision } = tracked;
    const urgency = entry.urgency ?? 'needed';
    entry.urgency = undefined;
    if (entry.confirmedRevision >= revision) return;
    // Once per write, so that a reload in between can't mix two ways of writing status codes.
    const view = jobView(transfer, this.config.current().scicat.statusCodes);
    const outcome = await this.attempt(transfer, view, entry);
    entry.verifyFirst =
      outcome.kind === 'unclear' || (outcome.kind === 'failed' && outcome.mayArrive);
    if (outcome.kind === 'confirmed') entry.confirmedView = JSON.stringify(view);
    else if (entry.verifyFirst || removesJob(transfer)) entry.confirmedView = undefined;
    // Otherwise nothing was stored, and SciCat shows what it showed before.
    switch (outcome.kind) {
      case 'confirmed':
        entry.retry.succeed();
        entry.refusals = 0;
        entry.parkedFor = undefined;
        entry.deleted = undefined;
        entry.confirmedRevision = Math.max(entry.confirmedRevision, revision);
        for (const waiter of takeWaiters(entry)) waiter.resolve();
        this.listener.confirmed(tracked, transfer);
        return;
      case 'gone':
        this.forget(tracked);
        this.listener.gone(tracked);
        return;
      case 'failed':
      case 'unclear':
      case 'refused':
        entry.refusals = outcome.kind === 'refused' ? entry.refusals + 1 : 0;
        this.retryLater(entry, transfer, urgency, outcome);
        this.listener.failed(tracked, outcome.error);
        for (const waiter of entry.waiters.splice(0)) waiter.reject(outcome.error);
        return;
    }
  }

  /** @param tried the state that could not be written */
  private retryLater(entry: Entry, tried: Transfer, urgency: Urgency, outcome: Failure): void {
    const { jobId, transfer } = entry.tracked;
    const { error } = outcome;
    const reason = errorInWords(error);
    entry.deleted = error instanceof DatasetGoneError ? error : undefined;
    const isFinalRefusal =
      outcome.kind === 'refused' &&
      (entry.deleted !== undefined || entry.refusals >= REFUSALS_BEFORE_PARKING);
    if (isFinalRefusal) {
      if (entry.parkedFor === undefined) this.events.emit({ kind: 'job-parked', jobId, reason });
      entry.parkedFor = removesJob(tried) ? 'removal' : 'write';
      entry.retry.delay(PARK_MS);
      // Its removal became due meanwhile, which SciCat has not refused.
      if (removesJob(transfer) && !removesJob(tried)) entry.retry.hurry();
    } else {
      this.events.emit({ kind: 'write-failed', jobId, reason });
      entry.retry.fail();
    }
    entry.urgency = moreUrgent(entry.urgency, urgency);
  }

  private async attempt(transfer: Transfer, view: JobView, entry: Entry): Promise<Outcome> {
    const { jobId } = transfer;
    const removes = removesJob(transfer);
    // A change that SciCat would not show is not written: every PATCH may send an e-mail.
    if (!removes && entry.confirmedView === JSON.stringify(view)) return { kind: 'confirmed' };
    if (entry.verifyFirst) {
      const seen = await this.readBack(jobId, view, removes);
      if (seen.kind !== 'differs') return seen;
    }
    try {
      if (removes) await this.jobs.remove(jobId, this.stopped.signal);
      else await this.jobs.write(jobId, view, this.stopped.signal);
      return { kind: 'confirmed' };
    } catch (error) {
      if (!(error instanceof UpstreamError)) return { kind: 'unclear', error: asError(error) };
      if (removes && isRefusal(error)) return this.showEndAtLeast(entry, view, error);
      // Refused at login, or never sent: nothing was stored.
      if (error.code === 'SERVICE_ACCOUNT' || neverSent(error)) {
        return { kind: 'failed', error, mayArrive: false };
      }
      // SciCat looks for the dataset before it changes the job.
      if (error instanceof DatasetGoneError) return { kind: 'refused', error };
      const seen = await this.readBack(jobId, view, removes);
      if (seen.kind !== 'differs') return seen;
      return error.code === 'UPSTREAM_REJECTED'
        ? { kind: 'refused', error }
        : { kind: 'failed', error, mayArrive: true };
    }
  }

  /** Writes the end into a job that SciCat refuses to remove. */
  private async showEndAtLeast(entry: Entry, view: JobView, error: Error): Promise<Outcome> {
    if (!entry.endShown) {
      try {
        await this.jobs.write(entry.tracked.jobId, view, this.stopped.signal);
        entry.endShown = true;
      } catch (refusal) {
        // Its dataset was deleted: neither is possible, however often it is tried.
        if (refusal instanceof DatasetGoneError) return { kind: 'refused', error };
        return { kind: 'failed', error, mayArrive: false };
      }
    }
    return { kind: 'refused', error };
  }

  /** Compares what SciCat shows with what a write of unclear outcome was to store. */
  private async readBack(
    jobId: string,
    view: JobView,
    removes: boolean,
  ): Promise<Outcome | Differs> {
    try {
      const job = await this.jobs.read(jobId, this.stopped.signal);
      if (job === undefined) return { kind: removes ? 'confirmed' : 'gone' };
      const shown = !removes && showsView(job, view);
      return { kind: shown ? 'confirmed' : 'differs' };
    } catch (error) {
      return { kind: 'unclear', error: asError(error) };
    }
  }
}

type Outcome =
  | { readonly kind: 'confirmed' }
  /** SciCat no longer has the job. */
  | { readonly kind: 'gone' }
  /** Not stored so far. `mayArrive`: its request may still arrive, and SciCat store it. */
  | { readonly kind: 'failed'; readonly error: Error; readonly mayArrive: boolean }
  /** Possibly stored; the job could not be read. */
  | { readonly kind: 'unclear'; readonly error: Error }
  /** SciCat rejected the write, and the job does not show the state. */
  | { readonly kind: 'refused'; readonly error: Error };

interface Differs {
  readonly kind: 'differs';
}

type Failure = Extract<Outcome, { readonly error: Error }>;

function notThere({ jobId }: TrackedTransfer): JobNotFoundError {
  return new JobNotFoundError(`Transfer ${jobId} no longer exists.`);
}

function stopping(): NotReadyError {
  return new NotReadyError('The service is stopping; please try again in a minute.');
}

function isRefusal(error: UpstreamError): boolean {
  return error.code === 'UPSTREAM_REJECTED' || error.status === 403;
}

function neverSent(error: UpstreamError): boolean {
  return error.code === 'UPSTREAM_UNAVAILABLE' && !error.outcomeUnclear;
}

/** Whether the job is to be removed, not written. */
function removesJob({ status, endRequested }: Transfer): boolean {
  return isFinal(status.state) && endRequested?.remove === true;
}

function takeWaiters(entry: Entry): readonly Waiter[] {
  const served = entry.waiters.filter((waiter) => waiter.revision <= entry.confirmedRevision);
  entry.waiters = entry.waiters.filter((waiter) => waiter.revision > entry.confirmedRevision);
  return served;
}

function moreUrgent(present: Urgency | undefined, other: Urgency): Urgency {
  if (present === undefined) return other;
  return URGENCIES.indexOf(other) < URGENCIES.indexOf(present) ? other : present;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
