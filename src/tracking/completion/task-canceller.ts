import type { TrackingDeps } from '../core/tracking-deps.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { labelFits } from '../../domain/task-label.js';
import { taskIdOf } from '../../domain/transfer.js';
import { backoffMs, type BackoffBounds } from '../../time/backoff.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';

/** A cancel that Globus accepted but that shows no effect is sent again after this time. */
const ASK_AGAIN_MS = 60_000;
const BACKOFF: BackoffBounds = { firstMs: 1000, capMs: 30_000 };

/**
 * Cancels tasks at Globus: of transfers whose end was requested, and of those whose job is gone. Never
 * a task that does not carry the transfer's label. Cancelling decides nothing: the outcome of the
 * transfer follows from the task's real end, which the poller sees.
 */
export class TaskCanceller {
  /** When Globus was asked last, in monotonic milliseconds. */
  private readonly askedAt = new WeakMap<TrackedTransfer, number>();

  constructor(private readonly deps: TrackingDeps) {}

  /** Cancels a running transfer's task, once SciCat has the request. Never rejects. */
  async cancel(tracked: TrackedTransfer): Promise<void> {
    const { clock, steps } = this.deps;
    const askedAt = this.askedAt.get(tracked) ?? Number.NEGATIVE_INFINITY;
    if (clock.monotonicMs() - askedAt < ASK_AGAIN_MS) return;
    await steps.run(tracked, async () => {
      try {
        await this.requestWritten(tracked);
        await this.cancelTask(tracked, taskIdOf(tracked.transfer));
        this.askedAt.set(tracked, clock.monotonicMs());
      } catch {
        // Tried again at the next poll; the task's end is what counts, not this call's.
      }
    });
  }

  /** Returns when Globus copies nothing (more) for a transfer without a job. Never rejects. */
  async cancelOrphan(tracked: TrackedTransfer): Promise<void> {
    const { clock, random, signal, steps } = this.deps;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        // A step that was running when the job went may start a task: it ends first.
        if (!steps.isRunning(tracked) && (await this.endedAtGlobus(tracked))) return;
      } catch (error) {
        // Refused for good: there is nothing of ours to cancel.
        if (error instanceof ProxyError && error.code === 'UPSTREAM_REJECTED') return;
      }
      await clock.sleep(backoffMs(failures, BACKOFF, random), signal).catch(() => undefined);
    }
  }

  private async endedAtGlobus(tracked: TrackedTransfer): Promise<boolean> {
    const { tasks } = this.deps;
    const { status } = tracked.transfer;
    switch (status.state) {
      case 'transferring':
        await this.cancelTask(tracked, status.taskId);
        return true;
      case 'waiting': {
        if (status.submission === 'not-sent') return true;
        const taskId = await tasks.find(tracked);
        if (taskId === undefined) return tasks.isCertainlyAbsent(tracked);
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
   * Returns when SciCat has the request, or can never have it: then this process knows it at least,
   * and Globus is asked all the same.
   */
  private async requestWritten(tracked: TrackedTransfer): Promise<void> {
    try {
      await this.deps.writer.confirmed(tracked);
    } catch (error) {
      if (!(error instanceof ProxyError) || error.code !== 'UPSTREAM_REJECTED') throw error;
    }
  }

  private async cancelTask(tracked: TrackedTransfer, taskId: string): Promise<void> {
    const { globus, signal } = this.deps;
    const task = await globus.task(taskId, signal);
    if (task === undefined || task.completedAt !== undefined) return;
    if (!labelFits(task.label, tracked.jobId, tracked.transfer.origin.kind)) return;
    await globus.cancel(taskId, signal);
  }
}
