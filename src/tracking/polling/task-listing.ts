import type { Clock } from '../../ports/clock.port.js';
import type { GlobusTask, GlobusTransfers } from '../../ports/globus-transfers.port.js';
import { taskIdOf } from '../../domain/transfer.js';
import type { Observation } from './decide.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import { isProblem } from './trouble.js';

/** The result of one poll of Globus. */
export interface PollResult {
  /** By job id. Nothing follows from a transfer missing here: this poll did not observe it. */
  readonly observations: ReadonlyMap<string, Observation>;
  /** Number of calls it took. */
  readonly calls: number;
}

interface Counter {
  calls: number;
}

/** Up to this many tasks one listing by ids is cheapest; beyond, listings by state are. */
const LIST_BY_ID_UP_TO = 50;
/** Tasks queried individually in one poll; the others follow in the next polls. */
const MAX_SINGLE_QUERIES = 20;
/** Running tasks whose error events are queried in one poll; the others follow in the next. */
const MAX_ERROR_QUERIES = 10;
/** The same for failed tasks, which are not polled again. */
const MAX_FAILURE_QUERIES = 50;
/** Listings of one kind in one poll; tasks beyond them are queried by id. */
const MAX_LISTINGS = 30;
/** Completions are listed from this long before the last good poll, in case clocks differ. */
const OVERLAP_MS = 10 * 60_000;
const HISTORY_MS = 30 * 24 * 60 * 60_000;

/**
 * Polls all tasks in flight with few calls. A listing of Globus ends at 1,000 tasks, so a long one is
 * continued from its last task. A task that no listing shows is queried by its id.
 */
export class TaskListing {
  private lastGoodPoll: number | undefined;
  /** Where individual queries continue in the next poll, so that each missing task gets its turn. */
  private nextSingle = 0;
  /** For each transfer, the trouble whose error event was queried last. */
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

  /**
   * Polls one transfer, besides {@link poll}.
   *
   * @returns undefined if the listing does not show its task
   * @throws UpstreamError when Globus can't be queried
   */
  async pollOne(tracked: TrackedTransfer): Promise<Observation | undefined> {
    const counter = { calls: 0 };
    const task = (await this.byIds([tracked], counter)).get(taskIdOf(tracked.transfer));
    if (task === undefined) return undefined;
    const observations = new Map<string, Observation>([
      [tracked.jobId, { kind: 'seen', task, error: undefined }],
    ]);
    await this.addErrors([tracked], observations, counter);
    return observations.get(tracked.jobId);
  }

  private nextSingles(missing: readonly TrackedTransfer[]): readonly TrackedTransfer[] {
    const from = this.nextSingle < missing.length ? this.nextSingle : 0;
    const singles = missing.slice(from, from + MAX_SINGLE_QUERIES);
    this.nextSingle = from + singles.length;
    return singles;
  }

  /** All of our running tasks. @throws UpstreamError */
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
    // Running tasks first: one that ends in between then shows in both listings, not in neither.
    await this.listAll(found, counter, 'running', undefined);
    const now = this.clock.now();
    const since = Math.min(this.lastGoodPoll ?? now - HISTORY_MS, now) - OVERLAP_MS;
    await this.listAll(found, counter, 'completed', since);
    return found;
  }

  /** Lists until complete, each listing continuing where the last one was cut off. */
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
      // A listing whose tasks all have the same time can't be continued.
      if (reached === undefined || reached <= (since ?? 0)) return;
      since = reached;
    }
  }

  /** Adds the newest error of tasks that failed or have new trouble. */
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
        // Only explanations are missing; the states were observed and must not wait for them.
        return;
      }
    }
  }

  /** Tasks without faults, such as paused ones, have no error event. */
  private hasNewTrouble(tracked: TrackedTransfer, task: GlobusTask): boolean {
    return (
      task.faults > 0 && isProblem(task) && this.explained.get(tracked) !== troubleVersion(task)
    );
  }

  /** @returns undefined when Globus could not be queried; the other observations still count */
  private async single(taskId: string): Promise<Observation | undefined> {
    try {
      const task = await this.globus.task(taskId, this.signal);
      return task === undefined ? { kind: 'unknown' } : { kind: 'seen', task, error: undefined };
    } catch {
      return undefined;
    }
  }
}

/** A cancelled task has not failed: it needs no explanation. */
function hasFailed(task: GlobusTask): boolean {
  return task.status === 'FAILED' && task.faults > 0 && task.fatalError?.kind !== 'cancelled';
}

/** Changes with every new error of the task. */
function troubleVersion({ faults, niceStatus }: GlobusTask): string {
  return `${faults} ${niceStatus ?? ''}`;
}
