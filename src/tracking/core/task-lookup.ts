import { taskLabel } from '../../domain/task-label.js';
import type { Clock } from '../../ports/clock.port.js';
import type {
  GlobusTask,
  GlobusTransfers,
  SubmitOutcome,
} from '../../ports/globus-transfers.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import { subjectOf } from '../../domain/audit-subject.js';
import type { TrackedTransfer } from './tracked-transfers.js';

/** How long after an unclear submission its request may still arrive at Globus. */
const REQUEST_MAY_ARRIVE_MS = 120_000;

/**
 * Finds a transfer's Globus task by its label, and decides when finding none proves that there is
 * none: not while the request of an unclear submission may still arrive.
 */
export class TaskLookup {
  /** Monotonic milliseconds at which a submission may last have been under way. */
  private readonly submittedAt = new WeakMap<TrackedTransfer, number>();

  constructor(
    private readonly globus: GlobusTransfers,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
    private readonly events: TransferEvents,
  ) {}

  /** Submits, and records when unless Globus's answer is clear. */
  async whileSubmitting(
    tracked: TrackedTransfer,
    submit: () => Promise<SubmitOutcome>,
  ): Promise<SubmitOutcome> {
    const before = this.lastSubmittedAt(tracked);
    const stamp = (at: number): unknown => this.submittedAt.set(tracked, at);
    stamp(this.clock.monotonicMs());
    const outcome = await submit().finally(() => stamp(this.clock.monotonicMs()));
    this.events.emit({
      kind: 'audited',
      action: 'submit',
      subject: subjectOf(tracked.transfer, tracked.requestId),
      outcome: outcome.kind,
      ...(outcome.kind === 'accepted'
        ? { globusTaskId: outcome.taskId }
        : { reason: outcome.reason }),
    });
    // After a clear answer this request can no longer arrive.
    if (outcome.kind !== 'unclear') stamp(before);
    return outcome;
  }

  /** The id of {@link task}. @throws UpstreamError */
  async find(tracked: TrackedTransfer): Promise<string | undefined> {
    return (await this.task(tracked))?.taskId;
  }

  /**
   * This transfer's task, if Globus lists one; a running task before one that has ended.
   *
   * @throws UpstreamError
   */
  async task({ jobId }: TrackedTransfer): Promise<GlobusTask | undefined> {
    const label = taskLabel(jobId);
    const { tasks } = await this.globus.list({ by: 'label', label }, this.signal);
    const own = tasks.filter((task) => task.label === label);
    const running = own.find((task) => task.status === 'ACTIVE' || task.status === 'INACTIVE');
    return running ?? own[0];
  }

  /** After {@link find} found none: whether it is too late for an earlier request to arrive. */
  isCertainlyAbsent(tracked: TrackedTransfer): boolean {
    return this.clock.monotonicMs() - this.lastSubmittedAt(tracked) >= REQUEST_MAY_ARRIVE_MS;
  }

  /** An earlier process may have submitted until this one began to track the transfer. */
  private lastSubmittedAt(tracked: TrackedTransfer): number {
    return this.submittedAt.get(tracked) ?? tracked.trackedSince;
  }
}
