import { DueQueue } from './due-queue.js';
import type { Task } from './task.js';
import { lifeOf, passes, type TaskFilter } from './task-query.js';

/** The tasks of a client; live ones apart, so that finding them does not require going over ended ones. */
interface ClientTasks {
  readonly alive: Set<Task>;
  /** By completion time. */
  readonly ended: Task[];
  /** Waiting for one of the client's slots, oldest first. */
  readonly queue: Set<Task>;
  working: number;
  /** Free slots are being filled. */
  starting: boolean;
}

/** The tasks, by id, client, submission id, paths, and due time. */
export class TaskStore {
  readonly due = new DueQueue<Task>();
  private readonly byId = new Map<string, Task>();
  private readonly byClient = new Map<string, ClientTasks>();
  private readonly bySignature = new Map<string, Task>();
  private readonly bySubmission = new Map<string, string>();
  private readonly issued = new Set<string>();

  of(clientId: string): ClientTasks {
    let tasks = this.byClient.get(clientId);
    if (tasks === undefined) {
      tasks = { alive: new Set(), ended: [], queue: new Set(), working: 0, starting: false };
      this.byClient.set(clientId, tasks);
    }
    return tasks;
  }

  /** Every client that has submitted a task. */
  clients(): Iterable<string> {
    return this.byClient.keys();
  }

  find(id: string): Task | undefined {
    return this.byId.get(id);
  }

  all(): readonly Task[] {
    return [...this.byId.values()];
  }

  issue(clientId: string, submissionId: string): void {
    this.issued.add(submissionKey(clientId, submissionId));
  }

  wasIssued(clientId: string, submissionId: string): boolean {
    return this.issued.has(submissionKey(clientId, submissionId));
  }

  /** The id of the submission's task, even if it is forgotten. */
  submitted(clientId: string, submissionId: string): string | undefined {
    return this.bySubmission.get(submissionKey(clientId, submissionId));
  }

  /** A task with identical paths that has not ended. */
  withSignature(signature: string): Task | undefined {
    return this.bySignature.get(signature);
  }

  add(task: Task): void {
    this.byId.set(task.id, task);
    this.bySubmission.set(submissionKey(task.clientId, task.request.submissionId), task.id);
    this.bySignature.set(task.signature, task);
    this.of(task.clientId).alive.add(task);
  }

  /** Virtual tasks may end a moment before the latest real one. */
  end(task: Task, at: number): void {
    const { alive, ended } = this.of(task.clientId);
    alive.delete(task);
    this.bySignature.delete(task.signature);
    let index = ended.length;
    while (index > 0 && endOf(ended[index - 1]) > at) index -= 1;
    ended.splice(index, 0, task);
  }

  /** The task must have ended. */
  forget(task: Task): void {
    const { ended } = this.of(task.clientId);
    ended.splice(ended.indexOf(task), 1);
    this.byId.delete(task.id);
  }

  /** The client's tasks that match, in any order. Fact: unknown ids are simply absent. */
  select(clientId: string, filter: TaskFilter): readonly Task[] {
    if (filter.taskIds !== undefined) {
      return [...new Set(filter.taskIds)]
        .map((id) => this.byId.get(id))
        .filter((task) => task?.clientId === clientId && passes(filter, task))
        .filter((task) => task !== undefined);
    }
    const { alive, ended } = this.of(clientId);
    const life = lifeOf(filter);
    const found: Task[] = [];
    if (life !== 'ended') for (const task of alive) if (passes(filter, task)) found.push(task);
    if (life === 'alive') return found;
    const last = (filter.completed?.to ?? Infinity) * 1000 + 999;
    for (let index = firstFrom(ended, filter.completed?.from); index < ended.length; index += 1) {
      const task = ended[index];
      if (task === undefined || endOf(task) > last) break;
      if (passes(filter, task)) found.push(task);
    }
    return found;
  }
}

function submissionKey(clientId: string, submissionId: string): string {
  return `${clientId} ${submissionId.toLowerCase()}`;
}

function endOf(task: Task | undefined): number {
  return task?.phase.kind === 'ended' ? task.phase.at : -Infinity;
}

/** Index of the first task that ended at this second or later. */
function firstFrom(ended: readonly Task[], seconds = -Infinity): number {
  let low = 0;
  let high = ended.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(ended[middle]) < seconds * 1000) low = middle + 1;
    else high = middle;
  }
  return low;
}
