import type { Clock } from '../../ports/clock.port.js';
import type { GlobusTask, GlobusTransfers } from '../../ports/globus-transfers.port.js';
import { taskIdOf } from '../../domain/transfer.js';
import type { Observation } from './decide.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import { isProblem } from './trouble.js';

/** What one poll of Globus has shown. */
export interface PollResult {
  /** By job id. A transfer that is missing here was not seen this time, which means nothing. */
  readonly observations: ReadonlyMap<string, Observation>;
  /** How many calls it took. */
  readonly calls: number;
}

/** Up to here one listing by ids is cheapest; beyond, listings by state are. */
const LIST_BY_ID_UP_TO = 50;
/** Tasks queried one by one in one poll; the others have their turn in the next. */
const MAX_SINGLE_QUERIES = 20;
/** Tasks whose error events are queried in one poll; the others have their turn in the next. */
const MAX_ERROR_QUERIES = 10;
/** The same for failed tasks: they have ended, so there is no next poll. */
const MAX_FAILURE_QUERIES = 50;
/** Listings of one kind in one poll; what they don't reach is queried by its id. */
const MAX_LISTINGS = 30;
/** Completions are listed from this long before the last good poll, for clocks that differ. */
const OVERLAP_MS = 10 * 60_000;
const HISTORY_MS = 30 * 24 * 60 * 60_000;

/**
 * Polls all tasks in flight at once. Globus's listings end at 1,000 tasks, so a long one is continued
 * from its last task; a task that no listing shows is queried by its id.
 */
export class TaskListing {
  private lastGoodPoll: number | undefined;
  /** Where the single queries continue next time, so that each missing task has its turn. */
  private nextSingle = 0;
  /** The trouble whose error event was queried last, for each transfer. */
  private readonly explained = new WeakMap<TrackedTransfer, string>();

  constructor(
    private readonly globus: GlobusTransfers,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws UpstreamError when Globus can't be queried */
  async poll(inFlight: readonly TrackedTransfer[]): Promise<PollResult> {
    if (inFlight.length === 0) return { observations: new Map(), calls: 0 };
    const startedAt = this.clock.now();
    const counter = { calls: 0 };
    const tasks =
      inFlight.length <= LIST_BY_ID_UP_TO
        ? await this.byIds(inFlight, counter)
        : await this.byState(counter);
    const observations = new Map<string, Observation>();
    const missing: TrackedTransfer[] = [];
    for (const tracked of inFlight) {
      const task = tasks.get(taskIdOf(tracked.transfer));
      if (task === undefined) missing.push(tracked);
      else observations.set(tracked.jobId, { kind: 'seen', task, error: undefined });
    }
    for (const tracked of this.nextSingles(missing)) {
      counter.calls += 1;
      const observation = await this.single(taskIdOf(tracked.transfer));
      if (observation === undefined) break;
      observations.set(tracked.jobId, observation);
    }
    await this.addErrors(inFlight, observations, counter);
    this.lastGoodPoll = startedAt;
    return { observations, calls: counter.calls };
  }

  private nextSingles(missing: readonly TrackedTransfer[]): readonly TrackedTransfer[] {
    const from = this.nextSingle < missing.length ? this.nextSingle : 0;
    const singles = missing.slice(from, from + MAX_SINGLE_QUERIES);
    this.nextSingle = from + singles.length;
    return singles;
  }

  /** All tasks of ours that run now. @throws UpstreamError */
  async running(): Promise<readonly GlobusTask[]> {
    const found = new Map<string, GlobusTask>();
    await this.listAll(found, { calls: 0 }, 'running', undefined);
    return [...found.values()];
  }

  private async byIds(
    inFlight: readonly TrackedTransfer[],
    counter: Counter,
  ): Promise<ReadonlyMap<string, GlobusTask>> {
    counter.calls += 1;
    const taskIds = inFlight.map((tracked) => taskIdOf(tracked.transfer));
    const { tasks } = await this.globus.list({ by: 'ids', taskIds }, this.signal);
    return new Map(tasks.map((task) => [task.taskId, task]));
  }

  private async byState(counter: Counter): Promise<ReadonlyMap<string, GlobusTask>> {
    const found = new Map<string, GlobusTask>();
    // Running ones first: a task that ends in between then shows in both, never in none.
    await this.listAll(found, counter, 'running', undefined);
    const now = this.clock.now();
    const since = Math.min(this.lastGoodPoll ?? now - HISTORY_MS, now) - OVERLAP_MS;
    await this.listAll(found, counter, 'completed', since);
    return found;
  }

  /** One listing after the other, each from where the last one was cut. */
  private async listAll(
    found: Map<string, GlobusTask>,
    counter: Counter,
    by: 'running' | 'completed',
    from: number | undefined,
  ): Promise<void> {
    let since = from;
    for (let listing = 0; listing < MAX_LISTINGS; listing += 1) {
      counter.calls += 1;
      const slice = await this.globus.list(
        by === 'running'
          ? { by, ...(since === undefined ? {} : { requestedFrom: since }) }
          : { by, since: since ?? 0 },
        this.signal,
      );
      for (const task of slice.tasks) found.set(task.taskId, task);
      if (slice.complete) return;
      const last = slice.tasks.at(-1);
      const reached = by === 'running' ? last?.requestedAt : last?.completedAt;
      // A whole listing within one second can't be continued.
      if (reached === undefined || reached <= (since ?? 0)) return;
      since = reached;
    }
  }

  /** The newest error of tasks that have new trouble, or that have failed. */
  private async addErrors(
    inFlight: readonly TrackedTransfer[],
    observations: Map<string, Observation>,
    counter: Counter,
  ): Promise<void> {
    const failed: [TrackedTransfer, GlobusTask][] = [];
    const troubled: [TrackedTransfer, GlobusTask][] = [];
    for (const tracked of inFlight) {
      const seen = observations.get(tracked.jobId);
      if (seen?.kind !== 'seen') continue;
      if (hasFailed(seen.task)) failed.push([tracked, seen.task]);
      else if (this.hasNewTrouble(tracked, seen.task)) troubled.push([tracked, seen.task]);
    }
    for (const [tracked, task] of [
      ...failed.slice(0, MAX_FAILURE_QUERIES),
      ...troubled.slice(0, MAX_ERROR_QUERIES),
    ]) {
      counter.calls += 1;
      try {
        const error = await this.globus.latestError(task.taskId, this.signal);
        this.explained.set(tracked, troubleVersion(task));
        observations.set(tracked.jobId, { kind: 'seen', task, error });
      } catch {
        // Only the explanation is late; the states were seen, and the others must not wait for it.
        return;
      }
    }
  }

  /** A task that is merely paused has no error event. */
  private hasNewTrouble(tracked: TrackedTransfer, task: GlobusTask): boolean {
    return (
      task.faults > 0 && isProblem(task) && this.explained.get(tracked) !== troubleVersion(task)
    );
  }

  /** @returns undefined when Globus could not be queried: the others were seen all the same */
  private async single(taskId: string): Promise<Observation | undefined> {
    try {
      const task = await this.globus.task(taskId, this.signal);
      return task === undefined ? { kind: 'unknown' } : { kind: 'seen', task, error: undefined };
    } catch {
      return undefined;
    }
  }
}

interface Counter {
  calls: number;
}

/** Ended other than by being cancelled, which needs no explanation. */
function hasFailed(task: GlobusTask): boolean {
  return task.status === 'FAILED' && task.faults > 0 && task.fatalError?.kind !== 'cancelled';
}

/** Changes with every new error of a task. */
function troubleVersion({ faults, niceStatus }: GlobusTask): string {
  return `${faults} ${niceStatus ?? ''}`;
}
