import { taskLabel } from '../../domain/task-label.js';
import type { Clock } from '../../ports/clock.port.js';
import type { GlobusTransfers, SubmitOutcome } from '../../ports/globus-transfers.port.js';
import type { TrackedTransfer } from './tracked-transfers.js';

/** How long the request of an unclear submission may take to arrive at Globus. */
const REQUEST_MAY_ARRIVE_MS = 120_000;

/**
 * Finds a transfer's task at Globus by its label, and tells when finding none is certain: not while
 * the request of an unclear submission may still arrive.
 */
export class TaskLookup {
  /** Monotonic milliseconds when Globus may last have been asked to start a transfer. */
  private readonly submittedAt = new WeakMap<TrackedTransfer, number>();

  constructor(
    private readonly globus: GlobusTransfers,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  /** Submits, and remembers when, unless Globus's answer is clear. */
  async whileSubmitting(
    tracked: TrackedTransfer,
    submit: () => Promise<SubmitOutcome>,
  ): Promise<SubmitOutcome> {
    const before = this.lastSubmittedAt(tracked);
    const stamp = (at: number): unknown => this.submittedAt.set(tracked, at);
    stamp(this.clock.monotonicMs());
    const outcome = await submit().finally(() => stamp(this.clock.monotonicMs()));
    // After a clear answer nothing of this request is on its way any more.
    if (outcome.kind !== 'unclear') stamp(before);
    return outcome;
  }

  /**
   * Our task of this transfer; a running one before one that has ended.
   *
   * @returns its id, if Globus lists one
   * @throws UpstreamError
   */
  async find({ jobId }: TrackedTransfer): Promise<string | undefined> {
    const label = taskLabel(jobId);
    const { tasks } = await this.globus.list({ by: 'label', label }, this.signal);
    const own = tasks.filter((task) => task.label === label);
    const running = own.find((task) => task.status === 'ACTIVE' || task.status === 'INACTIVE');
    return (running ?? own[0])?.taskId;
  }

  /** After {@link find} found none: whether no earlier request can arrive any more. */
  isCertainlyAbsent(tracked: TrackedTransfer): boolean {
    return this.clock.monotonicMs() - this.lastSubmittedAt(tracked) >= REQUEST_MAY_ARRIVE_MS;
  }

  /** An earlier process may have asked up to the moment when this one took the transfer up. */
  private lastSubmittedAt(tracked: TrackedTransfer): number {
    return this.submittedAt.get(tracked) ?? tracked.trackedSince;
  }
}
