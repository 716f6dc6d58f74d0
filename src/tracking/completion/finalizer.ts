import type { TrackingDeps } from '../core/tracking-deps.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { UpstreamError, UpstreamUnavailableError } from '../../errors/upstream.errors.js';
import type { NewArchiveJob } from '../../ports/archive-jobs.port.js';
import { labelFits } from '../../domain/task-label.js';
import {
  finished,
  type LifecycleFound,
  type Shortfall,
  type StatusOf,
  taskIdOf,
  type Transfer,
  wantsArchive,
  withLifecycleFound,
} from '../../domain/transfer.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';

/** Refusals by SciCat after which a step is given up and said so in the job. */
const REFUSALS_BEFORE_GIVING_UP = 3;
/** After a job that Globus contradicts. */
const CONTRADICTED_PAUSE_MS = 60_000;
const MAX_CONCURRENT = 32;
/** While SciCat is slow, a job of an earlier attempt may be stored after the last check. */
const CHECK_HOLDS_MS = 2000;

/**
 * The last steps of a transfer that Globus has completed: note the dataset's lifecycle, mark it as
 * archivable, have it archived, write the end. Each step checks before it acts, so a crash between
 * any two of them neither repeats nor forgets one. Outages are waited out.
 */
export class Finalizer {
  private underWay = 0;
  /** Steps in a row that SciCat has refused, as opposed to not answered. */
  private readonly refusals = new WeakMap<TrackedTransfer, number>();
  /** Transfers whose task Globus itself shows as completed, or no longer shows. */
  private readonly proven = new WeakSet<TrackedTransfer>();

  constructor(private readonly deps: TrackingDeps) {}

  /** Starts what is due. The promises are the caller's to wait for; they never reject. */
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
          alarms.raise(`internal:${tracked.jobId}`, String(error));
        }
        this.refusals.set(tracked, isRefusal(error) ? this.refusalsOf(tracked) + 1 : 0);
        steps.failed(tracked);
      }
    });
    this.underWay -= 1;
  }

  private async finalize(tracked: TrackedTransfer): Promise<void> {
    const { archiveJobs, signal } = this.deps;
    const status = finalizingStatus(tracked.transfer);
    if (status === undefined) return;
    if (!(await this.provenByGlobus(tracked))) return;
    const archive = wantsArchive(tracked.transfer);
    const checkedAt = this.deps.clock.monotonicMs();
    if (archive) {
      // From an earlier try or an earlier process; the archiver may have begun, so nothing else may
      // be touched then. What the job says is no proof: a write that arrives late takes news out.
      const archiveJobId = await archiveJobs.findByKey(tracked.transfer.key, signal);
      if (archiveJobId !== undefined) {
        this.finish(tracked, { archiveJobId });
        return;
      }
    }
    const shortfall = await this.markArchivable(tracked, status.lifecycleBefore);
    if (shortfall !== undefined) {
      this.finish(tracked, { shortfall });
      return;
    }
    this.finish(tracked, archive ? await this.makeArchiveJob(tracked, checkedAt) : {});
  }

  /** @returns what could not be done; undefined when the dataset is as it should be */
  private async markArchivable(
    tracked: TrackedTransfer,
    lifecycleBefore: LifecycleFound | undefined,
  ): Promise<Shortfall | undefined> {
    const { datasets, transfers, signal } = this.deps;
    const { datasetPid } = tracked.transfer;
    let before = lifecycleBefore;
    let now: LifecycleFound | undefined;
    try {
      if (before === undefined) {
        const found = await datasets.lifecycle(datasetPid, signal);
        if (found === undefined) return datasetGone;
        transfers.update(tracked, (transfer) => withLifecycleFound(transfer, found));
        before = found;
      }
      // Also on a later try, when only the memory of this process holds what was found.
      const written = await this.tryToConfirm(tracked);
      // Read again at the last moment: writing may have taken long, and others write too.
      now = await datasets.lifecycle(datasetPid, signal);
      // Without the dataset no job is ever written, so the dataset is checked before that counts.
      if (written !== 'done' && now !== undefined) throw written;
    } catch (error) {
      if (!this.givenUp(tracked, error)) throw error;
      return notMarked('SciCat does not let the service read the dataset');
    }
    if (now === undefined) return datasetGone;
    // Once it differs from what was found, another program (or an earlier attempt) has changed it.
    if (before.archivable || !sameLifecycle(before, now)) return undefined;
    try {
      await datasets.markArchivable(datasetPid, signal);
    } catch (error) {
      if (!this.givenUp(tracked, error)) throw error;
      return notMarked("SciCat does not let the service change the dataset's lifecycle");
    }
    return undefined;
  }

  /** @returns why the job could not be written: that says nothing of the dataset, and is waited out */
  private async tryToConfirm(tracked: TrackedTransfer): Promise<'done' | Error> {
    try {
      await this.deps.writer.confirmed(tracked);
      return 'done';
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.code !== 'UPSTREAM_REJECTED') throw error;
      return new UpstreamUnavailableError(
        'SciCat',
        'SciCat does not take what is to be written into the job; it is tried again.',
        { outcomeUnclear: false, cause: error },
      );
    }
  }

  /**
   * What a job says of a task is not believed after a restart where Globus says otherwise. A task
   * that Globus does not know any more can't contradict.
   */
  private async provenByGlobus(tracked: TrackedTransfer): Promise<boolean> {
    // What this process saw itself needs no proof.
    if (tracked.initial.status.state !== 'finalizing' || this.proven.has(tracked)) return true;
    const { globus, alarms, steps, signal } = this.deps;
    const task = await globus.task(taskIdOf(tracked.transfer), signal);
    if (
      task !== undefined &&
      (task.status !== 'SUCCEEDED' ||
        !labelFits(task.label, tracked.jobId, tracked.transfer.origin.kind))
    ) {
      alarms.raise(
        `task:${tracked.jobId}`,
        `Job ${tracked.jobId} claims that Globus task ${task.taskId} has copied everything, which is not so. Nothing is marked or archived; an operator should check both.`,
      );
      steps.delay(tracked, CONTRADICTED_PAUSE_MS);
      return false;
    }
    this.proven.add(tracked);
    return true;
  }

  /** @param checkedAt monotonic milliseconds when there was no archive job yet */
  private async makeArchiveJob(
    tracked: TrackedTransfer,
    checkedAt: number,
  ): Promise<{ readonly archiveJobId: string } | { readonly shortfall: Shortfall }> {
    const { archiveJobs, clock, signal } = this.deps;
    if (clock.monotonicMs() - checkedAt > CHECK_HOLDS_MS) {
      const present = await archiveJobs.findByKey(tracked.transfer.key, signal);
      if (present !== undefined) return { archiveJobId: present };
    }
    try {
      return { archiveJobId: await archiveJobs.create(newArchiveJob(tracked.transfer), signal) };
    } catch (error) {
      // SciCat may have stored it although it answered with an error.
      const stored = await archiveJobs.findByKey(tracked.transfer.key, signal);
      if (stored !== undefined) return { archiveJobId: stored };
      if (!this.givenUp(tracked, error)) throw error;
      return {
        shortfall: { kind: 'no-archive-job', error: 'SciCat did not accept the archive job' },
      };
    }
  }

  private finish(
    tracked: TrackedTransfer,
    outcome: { readonly archiveJobId?: string; readonly shortfall?: Shortfall },
  ): void {
    this.deps.transfers.update(tracked, (transfer) => finished(transfer, outcome));
    this.deps.writer.changed(tracked, 'final');
  }

  /** Whether SciCat has refused a step often enough, in a row, that it means it. */
  private givenUp(tracked: TrackedTransfer, error: unknown): boolean {
    return isRefusal(error) && this.refusalsOf(tracked) + 1 >= REFUSALS_BEFORE_GIVING_UP;
  }

  private refusalsOf(tracked: TrackedTransfer): number {
    return this.refusals.get(tracked) ?? 0;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof ProxyError && error.code === 'UPSTREAM_REJECTED';
}

function finalizingStatus(transfer: Transfer): StatusOf<'finalizing'> | undefined {
  return transfer.status.state === 'finalizing' ? transfer.status : undefined;
}

const datasetGone = notMarked('the dataset is no longer in SciCat');

function notMarked(error: string): Shortfall {
  return { kind: 'not-marked', error };
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
  switch (transfer.origin.kind) {
    case 'go-version':
      return { ...common, ownerGroup: transfer.origin.ownerGroup };
    case 'recorded': {
      const { username, email, ownerGroup } = transfer.origin.record.requestedBy;
      return {
        ...common,
        ownerUser: username,
        ownerGroup,
        ...(email === undefined ? {} : { contactEmail: email }),
      };
    }
  }
}
