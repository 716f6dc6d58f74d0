import { ProxyError } from '../errors/proxy-error.js';
import { UpstreamError, UpstreamUnavailableError } from '../errors/upstream.errors.js';
import type { Clock } from '../time/clock.port.js';
import type {
  ArchiveJobs,
  NewArchiveJob,
} from '../transfers/application/ports/archive-jobs.port.js';
import type { Datasets } from '../transfers/application/ports/datasets.port.js';
import type { GlobusTransfers } from '../transfers/application/ports/globus-transfers.port.js';
import { labelFits } from '../transfers/domain/task-label.js';
import {
  finished,
  type LifecycleFound,
  type Shortfall,
  type StatusOf,
  taskIdOf,
  type Transfer,
  wantsArchive,
  withLifecycleFound,
} from '../transfers/domain/transfer.js';
import type { Alarms } from './alarms.js';
import { backoffMs, type Random } from './backoff.js';
import type { JobWriter } from './job-writer.js';
import type { OpenTransfer, OpenTransfers } from './open-transfers.js';

/** What the finalizer works with. */
export interface FinalizerParts {
  readonly transfers: OpenTransfers;
  readonly writer: JobWriter;
  readonly globus: GlobusTransfers;
  readonly datasets: Datasets;
  readonly archiveJobs: ArchiveJobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly alarms: Alarms;
  readonly signal: AbortSignal;
}

/** Refusals by SciCat after which a step is given up and said so in the job. */
const REFUSALS_BEFORE_GIVING_UP = 3;
const BACKOFF = { firstMs: 2000, capMs: 60_000 };
const MAX_CONCURRENT = 32;
/** While SciCat is slow, a job of an earlier try may be stored between the look and the next try. */
const LOOK_HOLDS_MS = 2000;

/**
 * The last steps of a transfer that Globus has completed: note the dataset's lifecycle, mark it as
 * archivable, have it archived, write the end. Each step looks before it acts, so a crash between
 * any two of them neither repeats nor forgets one. Outages are waited out.
 */
export class Finalizer {
  private underWay = 0;

  constructor(private readonly parts: FinalizerParts) {}

  /** Starts what may be started. The promises are the caller's to wait for; they never reject. */
  startDue(): readonly Promise<void>[] {
    const now = this.parts.clock.monotonicMs();
    const started: Promise<void>[] = [];
    for (const open of this.parts.transfers.toFinalize()) {
      if (this.underWay >= MAX_CONCURRENT) break;
      if (!open.busy && !open.jobGone && open.notBefore <= now) started.push(this.run(open));
    }
    return started;
  }

  private async run(open: OpenTransfer): Promise<void> {
    open.busy = true;
    this.underWay += 1;
    try {
      await this.finalize(open);
    } catch (error) {
      if (this.parts.signal.aborted) return;
      if (!(error instanceof ProxyError)) {
        this.parts.alarms.raise(`internal:${open.jobId}`, String(error));
      }
      open.refusals = isRefusal(error) ? open.refusals + 1 : 0;
      open.failures += 1;
      open.notBefore =
        this.parts.clock.monotonicMs() + backoffMs(open.failures, BACKOFF, this.parts.random);
    } finally {
      open.busy = false;
      this.underWay -= 1;
    }
  }

  private async finalize(open: OpenTransfer): Promise<void> {
    const { archiveJobs, signal } = this.parts;
    const status = finalizingStatus(open.transfer);
    if (status === undefined) return;
    if (!(await this.provenByGlobus(open))) return;
    const archive = wantsArchive(open.transfer);
    const lookedAt = this.parts.clock.monotonicMs();
    if (archive) {
      // From an earlier try or an earlier process; the archiver may have begun, so nothing else may
      // be touched then. What the job says is no proof: a write that arrives late takes news out.
      const archiveJobId = await archiveJobs.findByKey(open.transfer.key, signal);
      if (archiveJobId !== undefined) {
        this.finish(open, { archiveJobId });
        return;
      }
    }
    const shortfall = await this.markArchivable(open, status.lifecycleBefore);
    if (shortfall !== undefined) {
      this.finish(open, { shortfall });
      return;
    }
    this.finish(open, archive ? await this.makeArchiveJob(open, lookedAt) : {});
  }

  /** @returns what could not be done; undefined when the dataset is as it should be */
  private async markArchivable(
    open: OpenTransfer,
    lifecycleBefore: LifecycleFound | undefined,
  ): Promise<Shortfall | undefined> {
    const { datasets, transfers, signal } = this.parts;
    const { datasetPid } = open.transfer;
    let before = lifecycleBefore;
    let now: LifecycleFound | undefined;
    try {
      if (before === undefined) {
        const found = await datasets.lifecycle(datasetPid, signal);
        if (found === undefined) return datasetGone;
        transfers.update(open, (transfer) => withLifecycleFound(transfer, found));
        before = found;
      }
      // Also on a later try, when only the memory of this process holds what was found.
      const written = await this.tryToConfirm(open);
      // Read again at the last moment: writing may have taken long, and others write too.
      now = await datasets.lifecycle(datasetPid, signal);
      // Without the dataset no job is ever written, so it is looked for before that counts.
      if (written !== 'done' && now !== undefined) throw written;
    } catch (error) {
      if (!givenUp(open, error)) throw error;
      return notMarked('SciCat does not let the service read the dataset');
    }
    if (now === undefined) return datasetGone;
    // Once it differs from what was found, somebody else (or an earlier try) has been there.
    if (before.archivable || !sameLifecycle(before, now)) return undefined;
    try {
      await datasets.markArchivable(datasetPid, signal);
    } catch (error) {
      if (!givenUp(open, error)) throw error;
      return notMarked("SciCat does not let the service change the dataset's lifecycle");
    }
    return undefined;
  }

  /** @returns why the job could not be written: that says nothing of the dataset, and is waited out */
  private async tryToConfirm(open: OpenTransfer): Promise<'done' | Error> {
    try {
      await this.parts.writer.confirmed(open);
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
  private async provenByGlobus(open: OpenTransfer): Promise<boolean> {
    if (!open.unproven) return true;
    const { globus, alarms, clock, signal } = this.parts;
    const task = await globus.task(taskIdOf(open.transfer), signal);
    if (
      task !== undefined &&
      (task.status !== 'SUCCEEDED' || !labelFits(task.label, open.jobId, open.transfer.origin.kind))
    ) {
      alarms.raise(
        `task:${open.jobId}`,
        `Job ${open.jobId} says that Globus task ${task.taskId} has copied everything, which is not so. Nothing is marked or archived; an operator should look at both.`,
      );
      open.notBefore = clock.monotonicMs() + BACKOFF.capMs;
      return false;
    }
    open.unproven = false;
    return true;
  }

  /** @param lookedAt monotonic milliseconds when there was no archive job yet */
  private async makeArchiveJob(
    open: OpenTransfer,
    lookedAt: number,
  ): Promise<{ readonly archiveJobId: string } | { readonly shortfall: Shortfall }> {
    const { archiveJobs, clock, signal } = this.parts;
    if (clock.monotonicMs() - lookedAt > LOOK_HOLDS_MS) {
      const present = await archiveJobs.findByKey(open.transfer.key, signal);
      if (present !== undefined) return { archiveJobId: present };
    }
    try {
      return { archiveJobId: await archiveJobs.create(newArchiveJob(open.transfer), signal) };
    } catch (error) {
      // SciCat may have stored it although it answered with an error.
      const stored = await archiveJobs.findByKey(open.transfer.key, signal);
      if (stored !== undefined) return { archiveJobId: stored };
      if (!givenUp(open, error)) throw error;
      return {
        shortfall: { kind: 'no-archive-job', error: 'SciCat did not accept the archive job' },
      };
    }
  }

  private finish(
    open: OpenTransfer,
    outcome: { readonly archiveJobId?: string; readonly shortfall?: Shortfall },
  ): void {
    this.parts.transfers.update(open, (transfer) => finished(transfer, outcome));
    this.parts.writer.changed(open, 'final');
  }
}

/** Whether SciCat has refused a step often enough, in a row, that it means it. */
function givenUp(open: OpenTransfer, error: unknown): boolean {
  return isRefusal(error) && open.refusals + 1 >= REFUSALS_BEFORE_GIVING_UP;
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
