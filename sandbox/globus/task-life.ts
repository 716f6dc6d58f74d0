import type { Collection } from './collections.js';
import type { EventCode, Trouble, TroubleCode } from './event-codes.js';
import type { FileSystem } from './file-system.port.js';
import { FolderWork, type CopySettings } from './folder-work.js';
import type { Ids } from './ids.js';
import type { Limits } from './task-admission.js';
import { addEvent, fatalError, noProgress, type Task, type Work } from './task.js';
import type { TaskStore } from './task-store.js';
import type { TransferRequest } from './transfer-document.js';
import { VirtualWork } from './virtual-work.js';

export interface LifeSettings extends CopySettings {
  /** From a fault to the next attempt. */
  retryMs: number;
  /** Above 0, cancelling is only accepted at first (`CancelAccepted`), and takes this long. */
  cancelDelayMs: number;
}

export interface AdmittedTransfer {
  readonly clientId: string;
  readonly source: Collection;
  readonly destination: Collection;
  readonly request: TransferRequest;
  /** Equal for tasks with identical collections and paths. */
  readonly signature: string;
}

const hourMs = 3_600_000;

/** Moves tasks through their phases, at the times given by the caller. */
export class TaskLife {
  private sequence = 0;

  constructor(
    private readonly store: TaskStore,
    private readonly ids: Ids,
    private readonly files: FileSystem,
    private readonly limits: Limits,
    private readonly settings: LifeSettings,
  ) {}

  accept(admitted: AdmittedTransfer, now: number): Task {
    const { clientId, request } = admitted;
    const task: Task = {
      id: this.ids.uuid(),
      ...admitted,
      sequence: this.sequence,
      requestedAt: now,
      label: request.label,
      // Fact: the default deadline is 24 hours after the submission.
      deadline: request.deadline ?? now + 24 * hourMs,
      deadlineFixed: request.deadline !== null,
      phase: { kind: 'queued' },
      work: undefined,
      progress: noProgress(request.items.length),
      faults: 0,
      lastError: null,
      events: [],
      cancelAt: undefined,
      injected: undefined,
      canceledByAdmin: null,
      canceledByAdminMessage: null,
      dueAt: Infinity,
    };
    this.sequence += 1;
    this.store.add(task);
    if (isPaused(task)) this.pauseTask(task, now);
    else this.enqueue(task);
    this.startNext(clientId, now);
    this.schedule(task);
    return task;
  }

  /** Does everything that is due. */
  advance(now: number): void {
    const { due } = this.store;
    for (;;) {
      const next = due.nextDueAt();
      if (next === undefined || next > now) return;
      const entry = due.pop();
      if (entry?.value.dueAt !== entry?.dueAt || entry === undefined) continue;
      const task = entry.value;
      task.dueAt = Infinity;
      // Real copying can't catch up: it continues now, not when it was due.
      const at = task.work?.real === true ? now : entry.dueAt;
      this.carryOn(task, at);
      this.schedule(task);
    }
  }

  /** @returns the API's answer; after `CancelAccepted` the task may still end in another way */
  cancel(task: Task, now: number): 'Canceled' | 'CancelAccepted' | 'TaskComplete' {
    if (task.phase.kind === 'ended') return 'TaskComplete';
    if (this.settings.cancelDelayMs > 0) {
      task.cancelAt ??= now + this.settings.cancelDelayMs;
      this.schedule(task);
      return 'CancelAccepted';
    }
    this.fail(task, 'CANCELED', 'Canceled by the task owner', now);
    return 'Canceled';
  }

  fail(task: Task, code: EventCode, details: string, now: number): void {
    addEvent(task, code, now, details);
    this.end(task, 'FAILED', now, code);
  }

  /** Ends a virtual task as SUCCEEDED. */
  complete(task: Task, now: number): void {
    const work = (task.work ??= this.workOf(task));
    if (!(work instanceof VirtualWork)) {
      throw new Error(`The task ${task.id} copies real files; it ends when they are copied.`);
    }
    work.complete(now);
    this.succeed(task, now);
  }

  /** Makes every attempt fail until a time; a running task stops immediately. */
  trouble(task: Task, trouble: Trouble, until: number, now: number): void {
    task.injected = { trouble, until };
    if (task.phase.kind === 'working') this.work(task, now);
    this.schedule(task);
  }

  /** Fact: the tasks of a paused collection stay ACTIVE; their deadline moves to 90 days. */
  pause(collection: Collection, message: string, now: number): void {
    collection.paused = { message, since: now };
    for (const task of this.aliveOn(collection)) {
      if (task.phase.kind !== 'paused' && task.phase.kind !== 'inactive') this.pauseTask(task, now);
      this.startNext(task.clientId, now);
      this.schedule(task);
    }
  }

  /** Fact: after a pause, tasks have 24 hours. */
  unpause(collection: Collection, now: number): void {
    collection.paused = undefined;
    for (const task of this.aliveOn(collection)) {
      if (task.phase.kind !== 'paused' || isPaused(task)) continue;
      addEvent(task, 'UNPAUSED', now, 'unpaused');
      this.extend(task, now + 24 * hourMs, true);
      this.enqueue(task);
      this.startNext(task.clientId, now);
      this.schedule(task);
    }
  }

  /** Fact: INACTIVE tasks need intervention, but have not ended. */
  suspend(task: Task, now: number): void {
    if (task.phase.kind === 'ended') return;
    this.leave(task, now);
    task.phase = { kind: 'inactive' };
    this.startNext(task.clientId, now);
    this.schedule(task);
  }

  /** Fact: a deadline that a user sets is never extended. */
  setDeadline(task: Task, deadline: number): void {
    task.deadline = deadline;
    task.deadlineFixed = true;
    this.schedule(task);
  }

  resume(task: Task, now: number): void {
    if (task.phase.kind !== 'inactive') return;
    if (isPaused(task)) this.pauseTask(task, now);
    else this.enqueue(task);
    this.startNext(task.clientId, now);
    this.schedule(task);
  }

  private carryOn(task: Task, at: number): void {
    if (task.phase.kind === 'working' && task.phase.dueAt <= at) this.work(task, at);
    if (task.phase.kind === 'stalled' && task.phase.retryAt <= at) {
      this.enqueue(task);
      this.startNext(task.clientId, at);
    }
    if (task.phase.kind === 'ended') return;
    if (task.cancelAt !== undefined && task.cancelAt <= at) {
      this.fail(task, 'CANCELED', 'Canceled by the task owner', at);
      return;
    }
    if (task.deadline <= at) this.meetDeadline(task, at);
  }

  private work(task: Task, at: number): void {
    const work = (task.work ??= this.workOf(task));
    const injected = task.injected;
    if (injected !== undefined && at < injected.until) {
      this.note(task, injected.trouble, at);
      this.stall(task, at);
      return;
    }
    const { outcome, troubles, progressed } = work.step(at);
    // Fact: after partial success, the deadline moves to 72 hours from then.
    if (progressed) this.extend(task, at + 72 * hourMs);
    if (task.lastError !== null && troubles.length === 0 && work.progress(at).retrying === 0) {
      task.lastError = null;
    }
    for (const trouble of troubles) this.note(task, trouble, at);
    switch (outcome.kind) {
      case 'again':
        task.phase = { kind: 'working', dueAt: outcome.at };
        return;
      case 'done':
        this.succeed(task, at);
        return;
      case 'stuck':
        this.stall(task, at);
        return;
      case 'fatal':
        this.fail(task, outcome.trouble.code, outcome.trouble.details, at);
        return;
    }
  }

  private note(task: Task, { code, details }: Trouble, at: number): void {
    addEvent(task, code, at, details);
    task.lastError = { code, details, at };
  }

  private stall(task: Task, at: number): void {
    this.leave(task, at);
    task.phase = { kind: 'stalled', retryAt: at + Math.max(1, this.settings.retryMs) };
    this.startNext(task.clientId, at);
  }

  private meetDeadline(task: Task, at: number): void {
    // Fact: a task that has only waited, without errors, gets 24 more hours.
    const onlyWaited = task.phase.kind === 'queued' && task.lastError === null;
    const copies = task.phase.kind === 'working' && task.work?.real === false;
    if (!task.deadlineFixed && onlyWaited) task.deadline = at + 24 * hourMs;
    else if (!task.deadlineFixed && copies) task.deadline = at + 72 * hourMs;
    // Fact: at its deadline a task is FAILED with EXPIRED.
    else this.fail(task, 'EXPIRED', 'The deadline has passed', at);
  }

  private extend(task: Task, deadline: number, evenBack = false): void {
    if (task.deadlineFixed) return;
    if (evenBack || deadline > task.deadline) task.deadline = deadline;
  }

  private succeed(task: Task, at: number): void {
    const progress = task.work?.progress(at) ?? task.progress;
    addEvent(
      task,
      'PROGRESS',
      at,
      JSON.stringify({ bytes_transferred: progress.bytesTransferred }, null, 2),
    );
    addEvent(
      task,
      'SUCCEEDED',
      at,
      JSON.stringify({ files_succeeded: progress.filesTransferred }, null, 2),
    );
    this.end(task, 'SUCCEEDED', at, null);
  }

  private end(
    task: Task,
    status: 'SUCCEEDED' | 'FAILED',
    at: number,
    code: EventCode | null,
  ): void {
    this.leave(task, at);
    task.progress = task.work?.progress(at) ?? task.progress;
    task.work = undefined;
    task.phase = { kind: 'ended', at, status, fatalError: code === null ? null : fatalError(code) };
    task.dueAt = Infinity;
    this.store.end(task, at);
    this.startNext(task.clientId, at);
  }

  private enqueue(task: Task): void {
    task.phase = { kind: 'queued' };
    this.store.of(task.clientId).queue.add(task);
  }

  /** Removes a task from its slot or the queue. */
  private leave(task: Task, at: number): void {
    const tasks = this.store.of(task.clientId);
    tasks.queue.delete(task);
    if (task.phase.kind !== 'working') return;
    tasks.working -= 1;
    task.work?.rest(at);
  }

  /** Begins tasks that may begin now, after the limit has changed. */
  startAll(now: number): void {
    for (const clientId of this.store.clients()) this.startNext(clientId, now);
  }

  private startNext(clientId: string, at: number): void {
    const tasks = this.store.of(clientId);
    // A task that fails immediately calls this again: leave it to the outer loop.
    if (tasks.starting) return;
    tasks.starting = true;
    while (tasks.working < this.limits.concurrentTasks) {
      const [task] = tasks.queue;
      if (task === undefined) break;
      tasks.queue.delete(task);
      tasks.working += 1;
      task.phase = { kind: 'working', dueAt: at };
      if (task.work === undefined) addEvent(task, 'STARTED', at, startedDetails);
      task.work ??= this.workOf(task);
      // A real copy starts with the next `advance`, so that submissions don't wait for files.
      if (!task.work.real) this.work(task, at);
      this.schedule(task);
    }
    tasks.starting = false;
  }

  private pauseTask(task: Task, now: number): void {
    this.leave(task, now);
    task.phase = { kind: 'paused' };
    this.extend(task, now + 90 * 24 * hourMs);
    addEvent(task, 'PAUSED', now, 'Paused by the administrator of a collection');
  }

  private *aliveOn(collection: Collection): Iterable<Task> {
    for (const task of this.store.all()) {
      const touches = task.source === collection || task.destination === collection;
      if (touches && task.phase.kind !== 'ended') yield task;
    }
  }

  private workOf(task: Task): Work {
    const { source, destination, request } = task;
    return hasFolder(source) && hasFolder(destination)
      ? new FolderWork(source, destination, request, this.files, this.settings)
      : new VirtualWork(source, destination, request);
  }

  private schedule(task: Task): void {
    const { phase } = task;
    if (phase.kind === 'ended') return;
    const next =
      phase.kind === 'working' ? phase.dueAt : phase.kind === 'stalled' ? phase.retryAt : Infinity;
    const dueAt = Math.min(next, task.deadline, task.cancelAt ?? Infinity);
    if (dueAt === task.dueAt) return;
    task.dueAt = dueAt;
    this.store.due.push(dueAt, task);
  }
}

/** Fact: details are sometimes JSON in a string. */
const startedDetails = JSON.stringify(
  { type: 'GridFTP Transfer', concurrency: 2, parallelism: 4, pipelining: 20 },
  null,
  2,
);

/** A trouble that does not concern a path. */
export function generalTrouble(code: TroubleCode): Trouble {
  return { code, details: `Error (transfer)\nMessage: ${code}` };
}

function isPaused(task: Task): boolean {
  return task.source.paused !== undefined || task.destination.paused !== undefined;
}

function hasFolder(collection: Collection): collection is Collection & { readonly folder: string } {
  return collection.folder !== undefined;
}
