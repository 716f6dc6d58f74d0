import type { TrackingDeps } from '../core/tracking-deps.js';
import { ProxyError } from '../../errors/proxy-error.js';
import {
  DatasetGoneError,
  UpstreamError,
  UpstreamSetupError,
  UpstreamUnavailableError,
} from '../../errors/upstream.errors.js';
import type { NewArchiveJob } from '../../ports/archive-jobs.port.js';
import { isInArchive, lifecycleToNote } from '../../domain/finalization.js';
import { subjectOf } from '../../domain/audit-subject.js';
import { taskFits } from '../../domain/task-fit.js';
import type { LifecycleFound } from '../../domain/dataset-lifecycle.js';
import {
  failed,
  finalizationOfTransfer,
  finished,
  lifecycleAtRequest,
  type Shortfall,
  taskIdOf,
  type Transfer,
  wantsArchive,
  withLifecycleFound,
} from '../../domain/transfer.js';
import { type AskedAgain, askAgain } from '../core/ask-again.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';

/** Consecutive refusals by SciCat after which a step is given up; the job says so. */
const REFUSALS_BEFORE_GIVING_UP = 3;
/** Pause after Globus contradicted a job. */
const CONTRADICTED_PAUSE_MS = 60_000;
const MAX_CONCURRENT = 32;
/** How long a check for an archive job is trusted: an earlier attempt may still be stored. */
const CHECK_HOLDS_MS = 2000;

/** How a transfer ends whose files have arrived. */
type Outcome =
  | Parameters<typeof finished>[1]
  /** The transfer is no longer allowed: nothing more is done with the dataset, for this reason. */
  | { readonly denied: string };

/**
 * The last steps of a transfer that Globus has completed: mark the dataset as archivable if its lifecycle
 * is still as it was at the request, create the archive job, write the end. Each step checks before it
 * acts, so that a crash in between neither repeats nor skips one. Outages are waited out.
 *
 * A dataset that was archived, or being archived, at the request is not touched: marking it would undo
 * what the archiver has set, and a second archive job would archive it again.
 */
export class Finalizer {
  private underWay = 0;
  /** Consecutive refusals of the current step; a call without an answer is none. */
  private readonly refusals = new WeakMap<TrackedTransfer, number>();
  /** Transfers whose task Globus showed as completed, or no longer knows. */
  private readonly proven = new WeakSet<TrackedTransfer>();

  constructor(private readonly deps: TrackingDeps) {}

  /** Starts the steps that are due. @returns promises for the caller to await; they never reject */
  startDue(): readonly Promise<void>[] {
    const { transfers, steps } = this.deps;
    const started: Promise<void>[] = [];
    for (const tracked of transfers.toFinalize()) {
      if (this.underWay >= MAX_CONCURRENT) break;
      if (steps.isDue(tracked)) started.push(this.run(tracked));
    }
    return started;
  }

  private async run(tracked: TrackedTransfer): Promise<void> {
    const { steps, signal, alarms } = this.deps;
    this.underWay += 1;
    await steps.run(tracked, async () => {
      try {
        await this.finalize(tracked);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ProxyError)) {
          alarms.raiseDefect(tracked.jobId, error);
        }
        if (!isRefusal(error)) this.refusals.delete(tracked);
        steps.failed(tracked);
      }
    });
    this.underWay -= 1;
  }

  private async finalize(tracked: TrackedTransfer): Promise<void> {
    const { archiveJobs, signal } = this.deps;
    const { status } = tracked.transfer;
    if (status.state !== 'finalizing') return;
    if (!(await this.provenByGlobus(tracked))) return;
    if (finalizationOfTransfer(tracked.transfer) !== 'archive') {
      this.finish(tracked, {});
      return;
    }
    const archive = wantsArchive(tracked.transfer);
    const checkedAt = this.deps.clock.monotonicMs();
    if (archive) {
      // An earlier attempt or process may have created it. Then the archiver may have begun, and the
      // dataset must not be touched. The transfer's job can't tell: a late write may have undone it.
      const archiveJobId = await archiveJobs.findByKey(tracked.transfer.key, signal);
      if (archiveJobId !== undefined) {
        this.finish(tracked, { archiveJobId });
        return;
      }
    }
    const before = lifecycleAtRequest(tracked.transfer) ?? status.lifecycleBefore;
    const marked = await this.markArchivable(tracked, before);
    if (marked !== undefined) {
      this.finish(tracked, marked);
      return;
    }
    this.finish(tracked, archive ? await this.makeArchiveJob(tracked, checkedAt) : {});
  }

  /** @returns how the transfer ends without an archive job; undefined if the dataset may be archived */
  private async markArchivable(
    tracked: TrackedTransfer,
    lifecycleBefore: LifecycleFound | undefined,
  ): Promise<Outcome | undefined> {
    const { datasets, transfers, signal } = this.deps;
    const { datasetPid } = tracked.transfer;
    let before = lifecycleBefore;
    let asked: AskedAgain;
    try {
      if (before === undefined) {
        // The record of an older version does not hold it.
        const first = await askAgain(this.deps, tracked);
        if (first.kind === 'gone') return datasetGone;
        if (first.kind === 'lost') return { denied: first.reason };
        const { lifecycle } = first.dataset;
        before = lifecycle;
        transfers.update(tracked, (transfer) => withLifecycleFound(transfer, lifecycle));
      }
      // Also on a retry, when only this process may know what was found.
      const written = await this.tryToConfirm(tracked);
      // Read again at the last moment: the write may have taken long, and other programs write too.
      asked = await askAgain(this.deps, tracked);
      if (written !== 'done' && asked.kind !== 'gone') throw written;
    } catch (error) {
      if (error instanceof DatasetGoneError) return datasetGone;
      if (!this.givenUp(tracked, error)) throw error;
      return notMarked('SciCat does not let the service read the dataset');
    }
    if (asked.kind === 'gone') return datasetGone;
    if (asked.kind === 'lost') return { denied: asked.reason };
    const now = asked.dataset.lifecycle;
    // Archived, or being archived, since the request: a second archive job would do it again.
    if (isInArchive(now)) return { inArchive: lifecycleToNote(now) };
    // A lifecycle that differs was changed by another program or an earlier attempt.
    if (before.archivable || !sameLifecycle(before, now)) return undefined;
    try {
      await datasets.markArchivable(datasetPid, signal);
      this.audit(tracked, 'mark');
      this.refusals.delete(tracked);
    } catch (error) {
      if (!this.givenUp(tracked, error)) throw error;
      return notMarked("SciCat does not let the service change the dataset's lifecycle");
    }
    return undefined;
  }

  /** @returns an error to wait out when SciCat refuses to write the job */
  private async tryToConfirm(tracked: TrackedTransfer): Promise<'done' | Error> {
    try {
      await this.deps.writer.confirmed(tracked);
      return 'done';
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.code !== 'UPSTREAM_REJECTED') throw error;
      if (error instanceof DatasetGoneError) throw error;
      return new UpstreamUnavailableError(
        'SciCat',
        'SciCat refuses a write to the job; it will be retried.',
        { outcomeUnclear: false, cause: error },
      );
    }
  }

  /**
   * After a restart the job's word that its task completed is checked at Globus, although it is our own:
   * what another account has written is not even read. A task that Globus no longer knows proves nothing,
   * but does not contradict our own word.
   */
  private async provenByGlobus(tracked: TrackedTransfer): Promise<boolean> {
    // This process saw the task complete.
    if (tracked.initial.status.state !== 'finalizing' || this.proven.has(tracked)) return true;
    const { globus, alarms, steps, config, signal } = this.deps;
    const task = await globus.task(taskIdOf(tracked.transfer), signal);
    if (
      task !== undefined &&
      (task.status !== 'SUCCEEDED' ||
        !taskFits(task, tracked.transfer, config.current().facilities))
    ) {
      alarms.raise(
        `task:${tracked.jobId}`,
        `Job ${tracked.jobId} claims that Globus task ${task.taskId} has completed, but Globus does not confirm this. Nothing is marked or archived; an operator should check both.`,
      );
      steps.delay(tracked, CONTRADICTED_PAUSE_MS);
      return false;
    }
    this.proven.add(tracked);
    return true;
  }

  /** @param checkedAt monotonic milliseconds at which there was no archive job yet */
  private async makeArchiveJob(
    tracked: TrackedTransfer,
    checkedAt: number,
  ): Promise<{ readonly archiveJobId: string } | { readonly shortfall: Shortfall }> {
    const { alarms, archiveJobs, clock, signal } = this.deps;
    if (clock.monotonicMs() - checkedAt > CHECK_HOLDS_MS) {
      const present = await archiveJobs.findByKey(tracked.transfer.key, signal);
      if (present !== undefined) return { archiveJobId: present };
    }
    const job = newArchiveJob(tracked.transfer);
    try {
      const archiveJobId = await archiveJobs.create(job, signal);
      this.audit(tracked, 'archive', archiveJobId);
      alarms.clear('scicat-setup:archive');
      return { archiveJobId };
    } catch (error) {
      if (error instanceof UpstreamSetupError) alarms.raise('scicat-setup:archive', error.message);
      // SciCat may have stored the job despite the error.
      const stored = await archiveJobs.findByKey(tracked.transfer.key, signal);
      if (stored !== undefined) {
        this.audit(tracked, 'archive', stored);
        return { archiveJobId: stored };
      }
      if (!(error instanceof DatasetGoneError) && !this.givenUp(tracked, error)) throw error;
      return { shortfall: { kind: 'no-archive-job', error: archiveJobRefused(error, job) } };
    }
  }

  private audit(
    { transfer, requestId }: TrackedTransfer,
    action: 'mark' | 'archive',
    archiveJobId?: string,
  ): void {
    this.deps.events.emit({
      kind: 'audited',
      action,
      subject: subjectOf(transfer, requestId),
      ...(archiveJobId === undefined ? {} : { archiveJobId }),
    });
  }

  private finish(tracked: TrackedTransfer, outcome: Outcome): void {
    this.deps.transfers.update(tracked, (transfer) =>
      'denied' in outcome
        ? failed(
            transfer,
            `all files were copied, but the dataset was neither marked as archivable nor archived, because ${outcome.denied}`,
          )
        : finished(transfer, outcome),
    );
    this.deps.writer.changed(tracked, 'final');
  }

  /** Counts a refusal. @returns whether SciCat has refused a step often enough in a row to give it up */
  private givenUp(tracked: TrackedTransfer, error: unknown): boolean {
    if (!isRefusal(error)) return false;
    const refusals = (this.refusals.get(tracked) ?? 0) + 1;
    this.refusals.set(tracked, refusals);
    return refusals >= REFUSALS_BEFORE_GIVING_UP;
  }
}

/** A missing job type as well: other transfers need it, but this one's files have arrived. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof UpstreamSetupError ||
    (error instanceof ProxyError && error.code === 'UPSTREAM_REJECTED')
  );
}

const DATASET_GONE = 'the dataset is no longer in SciCat';
const datasetGone: Outcome = notMarked(DATASET_GONE);

function notMarked(error: string): Outcome {
  return { shortfall: { kind: 'not-marked', error } };
}

/** Why there is no archive job, for the scientist and the operator. */
function archiveJobRefused(error: unknown, { ownerUser, ownerGroup }: NewArchiveJob): string {
  if (error instanceof DatasetGoneError) return DATASET_GONE;
  const status = error instanceof UpstreamError ? error.status : undefined;
  if (error instanceof UpstreamSetupError) {
    return `SciCat is not set up for archive jobs (status ${status ?? 'unknown'}), which its administrators must correct; the dataset must be archived by hand`;
  }
  if (status !== 403) {
    return `SciCat did not accept the archive job${status === undefined ? '' : ` (status ${status})`}`;
  }
  const owner =
    ownerUser === undefined
      ? `the group ${ownerGroup} alone`
      : `the user ${ownerUser} or the group ${ownerGroup}`;
  return `SciCat does not let the service's account create an archive job for ${owner} (status 403); the dataset must be archived by hand`;
}

function sameLifecycle(a: LifecycleFound, b: LifecycleFound): boolean {
  return (
    a.archivable === b.archivable &&
    a.archiveStatusMessage === b.archiveStatusMessage &&
    a.retrievable === b.retrievable
  );
}

function newArchiveJob(transfer: Transfer): NewArchiveJob {
  const common = {
    datasetPid: transfer.datasetPid,
    transferJobId: transfer.jobId,
    transferKey: transfer.key,
  };
  const { origin } = transfer;
  if (origin.kind === 'go-version') return { ...common, ownerGroup: origin.ownerGroup };
  const { username: ownerUser, email, ownerGroup } = origin.record.requestedBy;
  const contact = email === undefined ? {} : { contactEmail: email };
  return { ...common, ownerUser, ownerGroup, ...contact };
}
