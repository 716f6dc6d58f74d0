import { InvalidRequestError } from '../../errors/request.errors.js';
import type { Dataset } from '../../ports/datasets.port.js';
import { ENDED_JOB_STATUSES, type TransferJobDocument } from '../../domain/job-reading.js';
import {
  finalizationOfTransfer,
  type Transfer,
  waitingFor,
  wantsArchive,
} from '../../domain/transfer.js';
import { isInArchive } from '../../domain/finalization.js';
import { field } from '../../domain/untyped.js';
import type { GlobusTask } from '../../ports/globus-transfers.port.js';
import { REWRITTEN_WITHIN_DAYS } from '../../ports/transfer-jobs.port.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import type { TrackingDeps } from '../core/tracking-deps.js';

type ShownEnd = (typeof ENDED_JOB_STATUSES)[number];

/** Doubts cleared at the same time, at most. */
const MAX_CONCURRENT = 8;
const VERIFY_AGAIN_MS = 15_000;
const DAY_MS = 24 * 60 * 60_000;

/** What the owner of the queue does for {@link Doubts}. */
export interface DoubtListener {
  /** Globus has this task of the transfer, running or ended. */
  readonly onTask: (tracked: TrackedTransfer, taskId: string) => void;
  /** The transfer needs no more tracking, and its job is not to be written. */
  readonly onLetGo: (tracked: TrackedTransfer) => void;
  /** Nothing tells whether the transfer has ended, so it is neither carried out nor ended. */
  readonly onUnclear: (tracked: TrackedTransfer) => void;
}

/**
 * Finds out how far the transfers have come whose jobs another account wrote last. Nothing that such a job
 * says is believed, not even that it has ended. What counts is, in this order: the ends that the service
 * remembers (asked when the transfer is taken up), the task that Globus shows under the job's label, and
 * that there is none when none can appear any more. Until Globus has answered, the transfer is known, so
 * that no equal one is made, but no step of it begins and nothing is written.
 */
export class Doubts {
  /** With the end that the job shows, if it shows one. */
  private readonly doubted = new Map<TrackedTransfer, ShownEnd | undefined>();
  private underWay = 0;

  constructor(
    private readonly deps: TrackingDeps,
    private readonly listener: DoubtListener,
  ) {}

  /** A transfer was taken up as doubted. */
  add(tracked: TrackedTransfer, job: TransferJobDocument): void {
    const status = field(job.result, 'status');
    this.doubted.set(
      tracked,
      ENDED_JOB_STATUSES.find((ended) => ended === status),
    );
  }

  /** Starts the steps that are due. @returns promises for the caller to await; they never reject */
  startDue(): readonly Promise<void>[] {
    const { steps, transfers } = this.deps;
    const started: Promise<void>[] = [];
    for (const [tracked, shown] of this.doubted) {
      if (transfers.get(tracked.jobId) !== tracked || tracked.jobGone) {
        this.doubted.delete(tracked);
      } else if (tracked.transfer.status.state !== 'waiting') {
        // Its task was found among the running ones.
        this.settle(tracked);
      } else if (this.underWay < MAX_CONCURRENT && steps.mayRun(tracked)) {
        started.push(this.run(tracked, shown));
      }
    }
    return started;
  }

  private async run(tracked: TrackedTransfer, shown: ShownEnd | undefined): Promise<void> {
    const { steps } = this.deps;
    this.underWay += 1;
    await steps.run(tracked, async () => {
      try {
        await this.resolve(tracked, shown);
      } catch {
        // Globus or SciCat can't be asked, which polls and sweeps report.
        steps.failed(tracked);
      }
    });
    this.underWay -= 1;
  }

  private async resolve(tracked: TrackedTransfer, shown: ShownEnd | undefined): Promise<void> {
    const { tasks, globus, steps } = this.deps;
    const { transfer } = tracked;
    if (!isVisible(transfer, globus.clientId())) {
      // The dispatcher says which client id it takes.
      if (mayStay(tracked, shown)) this.letGo(tracked);
      else this.settle(tracked);
      return;
    }
    const task = await tasks.task(tracked);
    if (task !== undefined) {
      // An end of ours would be remembered, so another one is forged, even if it happens to be right.
      const agrees =
        shown !== undefined &&
        !this.wouldBeRemembered(transfer) &&
        (await this.agrees(transfer, shown, task));
      if (agrees && mayStay(tracked, shown)) {
        this.letGo(tracked);
        return;
      }
      this.settle(tracked);
      this.listener.onTask(tracked, task.taskId);
      return;
    }
    if (!tasks.isCertainlyAbsent(tracked)) {
      steps.delay(tracked, VERIFY_AGAIN_MS);
      return;
    }
    // Its end may have been requested meanwhile.
    if (tracked.transfer.endRequested === undefined && !this.wouldBeRemembered(transfer)) {
      if (mayStay(tracked, shown)) this.letGo(tracked);
      else {
        this.doubted.delete(tracked);
        this.listener.onUnclear(tracked);
      }
      return;
    }
    this.deps.transfers.update(tracked, (one) =>
      waitingFor(one, 'resumed: Globus has no task for it', 'not-sent'),
    );
    this.settle(tracked);
  }

  /** Whether the end of this transfer would be remembered, had it ended. */
  private wouldBeRemembered({ requestedAt }: Transfer): boolean {
    const { history, clock } = this.deps;
    const since = Math.max(history.completeSince(), clock.now() - REWRITTEN_WITHIN_DAYS * DAY_MS);
    return requestedAt > since;
  }

  /** Whether the end that a job shows is the one that follows from its task, with all that goes with it. */
  private async agrees(transfer: Transfer, shown: ShownEnd, task: GlobusTask): Promise<boolean> {
    switch (task.status) {
      case 'ACTIVE':
      case 'INACTIVE':
        return false;
      case 'FAILED':
        return shown !== 'finished';
      case 'SUCCEEDED':
        if (task.skippedErrors > 0) return shown === 'failed';
        return shown === 'finished' && (await this.isFinalized(transfer));
    }
  }

  private async isFinalized(transfer: Transfer): Promise<boolean> {
    const { archiveJobs, datasets, signal } = this.deps;
    if (finalizationOfTransfer(transfer) !== 'archive') return true;
    if (wantsArchive(transfer)) {
      return (await archiveJobs.findByKey(transfer.key, signal)) !== undefined;
    }
    let dataset: Dataset | undefined;
    try {
      dataset = await datasets.readAsService(transfer.datasetPid, signal);
    } catch (error) {
      // A text of it is too long to be used: the transfer ends with that reason once it is finalized.
      if (error instanceof InvalidRequestError) return false;
      throw error;
    }
    return dataset === undefined || dataset.lifecycle.archivable || isInArchive(dataset.lifecycle);
  }

  private settle(tracked: TrackedTransfer): void {
    const { transfers, writer, steps } = this.deps;
    this.doubted.delete(tracked);
    transfers.setBelieved(tracked);
    steps.reset(tracked);
    // Whatever the job says now, it is replaced by what is known.
    writer.changed(tracked, 'needed');
  }

  private letGo(tracked: TrackedTransfer): void {
    this.doubted.delete(tracked);
    this.listener.onLetGo(tracked);
  }
}

/** Whether a job may stay as it is, as nobody has asked for anything since it was taken up. */
function mayStay({ revision }: TrackedTransfer, shown: ShownEnd | undefined): boolean {
  return shown !== undefined && revision === 0;
}

/** Globus shows a task to the client that has submitted it, and to no other. */
function isVisible({ origin }: Transfer, clientId: string): boolean {
  return origin.kind === 'recorded' && origin.record.globusClientId === clientId;
}
