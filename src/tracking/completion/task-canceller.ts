import { ProxyError } from '../../errors/proxy-error.js';
import type { Clock } from '../../ports/clock.port.js';
import type { GlobusTransfers } from '../../ports/globus-transfers.port.js';
import { labelFits } from '../../domain/task-label.js';
import { taskIdOf } from '../../domain/transfer.js';
import { backoffMs, type Random } from '../../time/backoff.js';
import type { Dispatcher } from '../queue/dispatcher.js';
import type { JobWriter } from '../core/job-writer.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';

/** What the ender works with. */
export interface TaskCancellerDeps {
  readonly writer: JobWriter;
  readonly dispatcher: Dispatcher;
  readonly globus: GlobusTransfers;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** A cancel that Globus took but that shows no effect is asked for again after this time. */
const ASK_AGAIN_MS = 60_000;
const BACKOFF = { firstMs: 1000, capMs: 30_000 };

/**
 * Asks Globus to end tasks: of transfers that somebody wants to end, and of those whose job is gone.
 * Never of a task that does not carry the transfer's label. Asking decides nothing: what becomes of
 * the transfer follows from the task's real end, which the observer sees.
 */
export class TaskCanceller {
  /** When Globus was asked last, in monotonic milliseconds. */
  private readonly askedAt = new WeakMap<TrackedTransfer, number>();

  constructor(private readonly parts: TaskCancellerDeps) {}

  /** Asks for the end of a running transfer's task, once SciCat has the wish. Never rejects. */
  async cancel(tracked: TrackedTransfer): Promise<void> {
    const { clock } = this.parts;
    const askedAt = this.askedAt.get(tracked);
    const askedLately = askedAt !== undefined && clock.monotonicMs() - askedAt < ASK_AGAIN_MS;
    if (tracked.busy || askedLately) return;
    tracked.busy = true;
    try {
      await this.wishWritten(tracked);
      await this.cancelTask(tracked, taskIdOf(tracked.transfer));
      this.askedAt.set(tracked, clock.monotonicMs());
    } catch {
      // Asked again at the next poll; the task's end is what counts, not this call's.
    } finally {
      tracked.busy = false;
    }
  }

  /** Returns when Globus copies nothing (any more) for a transfer without a job. Never rejects. */
  async cancelOrphan(tracked: TrackedTransfer): Promise<void> {
    const { clock, random, signal } = this.parts;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        // A step that was under way when the job went is let end first; it may start a task.
        if (!tracked.busy && (await this.endedAtGlobus(tracked))) return;
      } catch (error) {
        // Refused for good: there is nothing of ours to cancel.
        if (error instanceof ProxyError && error.code === 'UPSTREAM_REJECTED') return;
      }
      await clock.sleep(backoffMs(failures, BACKOFF, random), signal).catch(() => undefined);
    }
  }

  private async endedAtGlobus(tracked: TrackedTransfer): Promise<boolean> {
    const { dispatcher } = this.parts;
    const { status } = tracked.transfer;
    switch (status.state) {
      case 'transferring':
        await this.cancelTask(tracked, status.taskId);
        return true;
      case 'waiting': {
        if (status.submission === 'not-sent') return true;
        const taskId = await dispatcher.findTask(tracked);
        if (taskId === undefined) return dispatcher.certainlyNotThere(tracked);
        await this.cancelTask(tracked, taskId);
        return true;
      }
      case 'finalizing':
      case 'finished':
      case 'failed':
      case 'cancelled':
        return true;
    }
  }

  /**
   * Returns when the wish to end is in SciCat, or can't ever get there: then it is known to this
   * process at least, and Globus is asked all the same.
   */
  private async wishWritten(tracked: TrackedTransfer): Promise<void> {
    try {
      await this.parts.writer.confirmed(tracked);
    } catch (error) {
      if (!(error instanceof ProxyError) || error.code !== 'UPSTREAM_REJECTED') throw error;
    }
  }

  private async cancelTask(tracked: TrackedTransfer, taskId: string): Promise<void> {
    const { globus, signal } = this.parts;
    const task = await globus.task(taskId, signal);
    if (task === undefined || task.completedAt !== undefined) return;
    if (!labelFits(task.label, tracked.jobId, tracked.transfer.origin.kind)) return;
    await globus.cancel(taskId, signal);
  }
}
