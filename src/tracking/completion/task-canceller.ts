import type { TrackingDeps } from '../core/tracking-deps.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { subjectOf } from '../../domain/audit-subject.js';
import { taskFits } from '../../domain/task-fit.js';
import { taskIdOf } from '../../domain/transfer.js';
import { backoffMs, type BackoffBounds } from '../../time/backoff.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';

/** A cancellation that Globus accepted but that shows no effect is repeated after this time. */
const CANCEL_AGAIN_MS = 60_000;
const BACKOFF: BackoffBounds = { firstMs: 1000, capMs: 30_000 };

/**
 * Cancels Globus tasks of transfers whose end was requested or whose job is gone, but never a task
 * without the transfer's label. The transfer's outcome follows from the task's real end, which the
 * poller sees, not from the cancellation.
 */
export class TaskCanceller {
  /** When a cancellation was last sent, in monotonic milliseconds. */
  private readonly cancelledAt = new WeakMap<TrackedTransfer, number>();
  /** Transfers whose end request SciCat refused to store: it is not offered again. */
  private readonly unrecorded = new WeakSet<TrackedTransfer>();

  constructor(
    private readonly deps: TrackingDeps,
    /** Called when Globus has accepted the cancellation of a transfer whose end was requested. */
    private readonly onCancelled: (tracked: TrackedTransfer) => void,
  ) {}

  /** Cancels a running transfer's task once SciCat has the end request. Never rejects. */
  async cancel(tracked: TrackedTransfer): Promise<void> {
    const { clock, steps } = this.deps;
    const cancelledAt = this.cancelledAt.get(tracked) ?? Number.NEGATIVE_INFINITY;
    if (clock.monotonicMs() - cancelledAt < CANCEL_AGAIN_MS) return;
    await steps.run(tracked, async () => {
      try {
        await this.requestWritten(tracked);
        await this.cancelTask(tracked, taskIdOf(tracked.transfer));
        this.cancelledAt.set(tracked, clock.monotonicMs());
        this.onCancelled(tracked);
      } catch {
        // Retried after the next poll.
      }
    });
  }

  /** Whether Globus has been asked to cancel the task, or has shown that it has ended. */
  hasCancelled(tracked: TrackedTransfer): boolean {
    return this.cancelledAt.has(tracked);
  }

  /** For a transfer without a job: returns when Globus no longer copies anything. Never rejects. */
  async cancelOrphan(tracked: TrackedTransfer): Promise<void> {
    const { clock, random, signal, steps } = this.deps;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        // A step that began before the job was removed may still start a task: it must end first.
        if (!steps.isRunning(tracked) && (await this.endedAtGlobus(tracked))) return;
      } catch (error) {
        // Globus rejects the request: there is no task of ours to cancel.
        if (error instanceof ProxyError && error.code === 'UPSTREAM_REJECTED') return;
      }
      await clock.sleep(backoffMs(failures, BACKOFF, random), signal).catch(() => undefined);
    }
  }

  private async endedAtGlobus(tracked: TrackedTransfer): Promise<boolean> {
    const { tasks } = this.deps;
    const { status } = tracked.transfer;
    if (status.state !== 'waiting' && status.state !== 'transferring') return true;
    if (status.state === 'waiting' && status.submission === 'not-sent') return true;
    const taskId = status.state === 'waiting' ? await tasks.find(tracked) : status.taskId;
    if (taskId === undefined) return tasks.isCertainlyAbsent(tracked);
    await this.cancelTask(tracked, taskId);
    return true;
  }

  /**
   * Returns when SciCat has the end request, or has rejected it. In that case only this process
   * knows of it, and the task is cancelled regardless.
   */
  private async requestWritten(tracked: TrackedTransfer): Promise<void> {
    // Not at every poll while Globus can't be reached: the job writer retries it at its own pace.
    if (this.unrecorded.has(tracked)) return;
    try {
      await this.deps.writer.confirmed(tracked);
    } catch (error) {
      if (!(error instanceof ProxyError) || error.code !== 'UPSTREAM_REJECTED') throw error;
      this.unrecorded.add(tracked);
    }
  }

  private async cancelTask(tracked: TrackedTransfer, taskId: string): Promise<void> {
    const { globus, config, events, signal } = this.deps;
    const task = await globus.task(taskId, signal);
    if (task === undefined || task.completedAt !== undefined) return;
    if (!taskFits(task, tracked.transfer, config.current().facilities)) return;
    await globus.cancel(taskId, signal);
    const { transfer, requestId, jobGone } = tracked;
    const { endRequested } = transfer;
    events.emit({
      kind: 'audited',
      action: 'cancel',
      subject: subjectOf(transfer, requestId),
      globusTaskId: taskId,
      by: endRequested?.by ?? 'the service',
      reason: jobGone ? 'its job was removed from SciCat' : (endRequested?.reason ?? ''),
    });
  }
}
