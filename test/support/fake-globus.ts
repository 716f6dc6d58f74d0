import type {
  GlobusTask,
  GlobusTransfers,
  SubmitOutcome,
  TaskError,
  TaskQuery,
  TaskSlice,
  TransferRequest,
} from '../../src/ports/globus-transfers.port.js';
import { aTask, CLIENT_ID, taskIdFor, uuid } from './builders.js';
import { Faults } from './faults.js';
import { timeout } from './upstream-failures.js';

type GlobusCall = 'newSubmissionId' | 'submit' | 'list' | 'task' | 'cancel' | 'latestError';

/** What a submission meets instead of being accepted. */
export type SubmitPlan =
  /** Globus answers with this, and creates no task. */
  | SubmitOutcome
  /** Globus has the task, but the answer is lost. */
  | 'accepted-but-unclear';

/**
 * Globus with one account: the same submission id always gives the same task. Listings end at
 * `listLimit` tasks. Tasks are there to be replaced by tests.
 */
export class FakeGlobus implements GlobusTransfers {
  readonly faults = new Faults<GlobusCall>();
  readonly tasks = new Map<string, GlobusTask>();
  /** Every submission that reached Globus. */
  readonly submissions: TransferRequest[] = [];
  readonly queries: TaskQuery[] = [];
  readonly cancelled: string[] = [];
  readonly looked: string[] = [];
  readonly errors = new Map<string, TaskError>();
  listLimit = 1000;
  client = CLIENT_ID;
  private readonly plans: SubmitPlan[] = [];
  private standingPlan: SubmitPlan | undefined;
  private readonly bySubmissionId = new Map<string, string>();
  private ids = 0;
  private started = 0;
  private atOnce = 0;
  /** Submissions under way at the same time, at most. */
  mostAtOnce = 0;

  /** What the next submissions meet. */
  planSubmit(...plans: readonly SubmitPlan[]): void {
    this.plans.push(...plans);
  }

  /** What all submissions meet until said otherwise. */
  alwaysSubmit(plan: SubmitPlan | undefined): void {
    this.standingPlan = plan;
  }

  /** Puts tasks there. */
  put(...tasks: readonly GlobusTask[]): void {
    for (const task of tasks) this.tasks.set(task.taskId, task);
  }

  clientId(): string {
    return this.client;
  }

  newSubmissionId(): Promise<string> {
    return this.faults.run('newSubmissionId', () => {
      this.ids += 1;
      return uuid('5b5b5b5b', this.ids);
    });
  }

  async submit(request: TransferRequest): Promise<SubmitOutcome> {
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    try {
      return await this.faults.run('submit', () => this.meet(request));
    } finally {
      this.atOnce -= 1;
    }
  }

  list(query: TaskQuery): Promise<TaskSlice> {
    return this.faults.run('list', () => {
      this.queries.push(query);
      const found = [...this.tasks.values()]
        .filter((task) => this.matches(task, query))
        .toSorted((a, b) => orderOf(a, query) - orderOf(b, query));
      return { tasks: found.slice(0, this.listLimit), complete: found.length <= this.listLimit };
    });
  }

  task(taskId: string): Promise<GlobusTask | undefined> {
    return this.faults.run('task', () => {
      this.looked.push(taskId);
      return this.tasks.get(taskId);
    });
  }

  cancel(taskId: string): Promise<void> {
    return this.faults.run('cancel', () => {
      this.cancelled.push(taskId);
    });
  }

  latestError(taskId: string): Promise<TaskError | undefined> {
    return this.faults.run('latestError', () => this.errors.get(taskId));
  }

  private meet(request: TransferRequest): SubmitOutcome {
    this.submissions.push(request);
    const plan = this.plans.shift() ?? this.standingPlan;
    if (plan !== undefined && plan !== 'accepted-but-unclear') return plan;
    let taskId = this.bySubmissionId.get(request.submissionId);
    if (taskId === undefined) {
      this.started += 1;
      taskId = taskIdFor(500 + this.started);
      this.bySubmissionId.set(request.submissionId, taskId);
      this.put(aTask({ taskId, label: request.label }));
    }
    return plan === undefined
      ? { kind: 'accepted', taskId }
      : { kind: 'unclear', reason: timeout('Globus').message };
  }

  private matches(task: GlobusTask, query: TaskQuery): boolean {
    const ended = task.status === 'SUCCEEDED' || task.status === 'FAILED';
    switch (query.by) {
      case 'ids':
        return query.taskIds.includes(task.taskId);
      case 'label':
        return task.label === query.label;
      case 'running': {
        return !ended && (task.requestedAt ?? 0) >= (query.requestedFrom ?? 0);
      }
      case 'completed':
        return ended && (task.completedAt ?? 0) >= query.since;
    }
  }
}

/** Globus lists running tasks by their request, completed ones by their completion. */
function orderOf(task: GlobusTask, query: TaskQuery): number {
  return (query.by === 'completed' ? task.completedAt : task.requestedAt) ?? 0;
}
