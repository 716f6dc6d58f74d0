import type { EmulatedRequest, EmulatedResponse, Emulator } from '../http/emulator.js';
import { Auth } from './auth.js';
import {
  Collections,
  withoutTrailingSlash,
  type CollectionOptions,
  type PathTrouble,
  type VirtualSettings,
} from './collections.js';
import { DeleteTasks } from './delete-tasks.js';
import type { EventCode, TroubleCode } from './event-codes.js';
import { FileOperations } from './file-operations.js';
import type { FileSystem } from './file-system.port.js';
import { Ids } from './ids.js';
import { AuthRefusal } from './refusals.js';
import { DEFAULT_LIMITS, TaskAdmission, type Limits } from './task-admission.js';
import { generalTrouble, TaskLife, type LifeSettings } from './task-life.js';
import { TaskStore } from './task-store.js';
import type { Task } from './task.js';
import { TransferApi } from './transfer-api.js';

export interface GlobusMachineOptions {
  /** From 0 (included) to 1 (excluded); determines all ids and tokens. */
  readonly random: () => number;
  /** For collections with a folder. */
  readonly files: FileSystem;
  readonly limits?: Partial<Limits>;
  readonly life?: Partial<LifeSettings>;
}

/** The emulator's own task, for tests; changes over time. */
export type TaskView = Readonly<Task>;

/**
 * The parts of Globus Auth and the Transfer API v0.10 that a service account uses, as one state machine.
 * It acts only when called, at the time given by the caller.
 */
export class GlobusMachine implements Emulator {
  /** May be changed at any time. */
  readonly limits: Limits;
  /** May be changed at any time. */
  readonly life: LifeSettings;

  private readonly collections = new Collections();
  private readonly store = new TaskStore();
  private readonly auth: Auth;
  private readonly tasksLife: TaskLife;
  private readonly deleteTasks: DeleteTasks;
  private readonly transferApi: TransferApi;
  private time = 0;

  constructor(options: GlobusMachineOptions) {
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.life = {
      retryMs: 60_000,
      cancelDelayMs: 0,
      stepMs: 20,
      bytesPerStep: 4 * 1024 * 1024,
      pathsPerStep: 200,
      bytesPerSecond: Infinity,
      ...options.life,
    };
    const { collections, store } = this;
    const ids = new Ids(options.random);
    this.auth = new Auth(ids, collections);
    this.deleteTasks = new DeleteTasks(ids, options.files);
    this.tasksLife = new TaskLife(store, ids, options.files, this.limits, this.life);
    this.transferApi = new TransferApi({
      auth: this.auth,
      ids,
      collections,
      store,
      admission: new TaskAdmission(this.auth, store, this.limits),
      life: this.tasksLife,
      fileOperations: new FileOperations(options.files),
      deleteTasks: this.deleteTasks,
    });
  }

  /** Answers a request, after doing everything that is due by `now`. */
  handle(request: EmulatedRequest, now: number): EmulatedResponse {
    this.advance(now);
    return request.path.startsWith('/v2/')
      ? this.handleAuth(request)
      : this.transferApi.handle(request, this.time);
  }

  /**
   * Does everything that is due by `now`. Time never runs backwards: an earlier `now` counts as the
   * latest one.
   *
   * @param now wall clock in milliseconds since the epoch
   */
  advance(now: number): void {
    if (now > this.time) this.time = now;
    this.tasksLife.advance(this.time);
    this.deleteTasks.advance(this.time);
  }

  /** Refuse submission ids that this Globus did not issue, instead of accepting any UUID. */
  set strictSubmissionIds(on: boolean) {
    this.transferApi.strictSubmissionIds = on;
  }

  addClient({ id, secret }: { readonly id: string; readonly secret: string }): void {
    this.auth.setSecret(id, secret);
  }

  /** Replaces a client's secret; its tokens stay valid. */
  setSecret(clientId: string, secret: string): void {
    this.auth.setSecret(clientId, secret);
  }

  revokeTokens(clientId: string): void {
    this.auth.revokeTokens(clientId);
  }

  /** The client must request its `data_access` scopes again. */
  revokeConsents(clientId: string): void {
    this.auth.revokeConsents(clientId);
  }

  /** For new tokens. */
  setTokenLife(seconds: number): void {
    this.auth.tokenLifeSeconds = seconds;
  }

  addCollection(options: CollectionOptions): void {
    this.collections.add(options);
  }

  /** From now on requests for the collection fail with EndpointDeleted. */
  deleteCollection(id: string): void {
    this.collections.get(id).deleted = true;
  }

  /** @param clientIds with permission; `undefined` for all */
  setPermission(collectionId: string, clientIds: readonly string[] | undefined): void {
    this.collections.get(collectionId).clients = clientIds;
  }

  /** Changes numbers of a virtual collection; tasks in progress keep theirs. */
  setVirtual(collectionId: string, numbers: Partial<VirtualSettings>): void {
    Object.assign(this.collections.get(collectionId).virtual, numbers);
  }

  /** Replaces the rules by which paths of a collection fail. */
  setPathTroubles(collectionId: string, troubles: readonly PathTrouble[]): void {
    this.collections.get(collectionId).troubles = troubles.map((rule) => ({
      ...rule,
      path: withoutTrailingSlash(rule.path),
    }));
  }

  /** Takes a Globus Connect Personal collection offline or online, without effect on its tasks. */
  setConnected(collectionId: string, connected: boolean): void {
    this.collections.get(collectionId).connected = connected;
  }

  /** Changes how many tasks of a client are worked on at a time; the others stay in Globus's queue. */
  setConcurrentTasks(count: number): void {
    this.limits.concurrentTasks = count;
    this.tasksLife.startAll(this.time);
  }

  pause(collectionId: string, message = 'Paused for maintenance'): void {
    this.tasksLife.pause(this.collections.get(collectionId), message, this.time);
  }

  unpause(collectionId: string): void {
    this.tasksLife.unpause(this.collections.get(collectionId), this.time);
  }

  /** Answers all requests to Transfer with 503; Auth still works. */
  setMaintenance(on: boolean, retryAfterSeconds?: number): void {
    this.transferApi.maintenance = on ? { retryAfterSeconds } : undefined;
  }

  /** All tasks that are not forgotten, in the order of submission. */
  tasks(): readonly TaskView[] {
    return this.store.all();
  }

  task(id: string): TaskView | undefined {
    return this.store.find(id);
  }

  /** Ends a task as in the web app, or as the administrator of a collection. */
  cancelAs(
    who: 'owner in the web app' | 'admin',
    taskId: string,
    message = 'Canceled by the administrator',
  ): void {
    const task = this.livingTask(taskId);
    if (who === 'admin') {
      task.canceledByAdmin = 'SOURCE';
      task.canceledByAdminMessage = message;
    }
    const details = who === 'admin' ? message : 'Canceled by the task owner';
    this.tasksLife.fail(task, 'CANCELED', details, this.time);
  }

  /** Ends a task of virtual collections as SUCCEEDED. */
  succeedTask(taskId: string): void {
    this.tasksLife.complete(this.livingTask(taskId), this.time);
  }

  /** Ends a task as FAILED with this code. */
  failTask(taskId: string, code: EventCode): void {
    this.tasksLife.fail(this.livingTask(taskId), code, `Error (transfer)\n${code}`, this.time);
  }

  /** Every attempt of the task fails with this code until `until` (milliseconds since the epoch). */
  troubleTask(taskId: string, code: TroubleCode, until = Infinity): void {
    this.tasksLife.trouble(this.livingTask(taskId), generalTrouble(code), until, this.time);
  }

  /** Makes a task INACTIVE until {@link resumeTask}. */
  suspendTask(taskId: string): void {
    this.tasksLife.suspend(this.livingTask(taskId), this.time);
  }

  resumeTask(taskId: string): void {
    this.tasksLife.resume(this.livingTask(taskId), this.time);
  }

  /** Deletes a task: 404 from now on. Its submission id stays used. */
  forgetTask(taskId: string): void {
    const task = this.store.find(taskId);
    if (task === undefined) throw new Error(`The sandbox has no task ${taskId}.`);
    if (task.phase.kind !== 'ended') {
      this.tasksLife.fail(task, 'UNKNOWN', 'Forgotten by the sandbox', this.time);
    }
    this.store.forget(task);
  }

  private livingTask(taskId: string): Task {
    const task = this.store.find(taskId);
    if (task === undefined) throw new Error(`The sandbox has no task ${taskId}.`);
    if (task.phase.kind === 'ended') throw new Error(`The task ${taskId} has already ended.`);
    return task;
  }

  private handleAuth(request: EmulatedRequest): EmulatedResponse {
    try {
      return this.auth.handle(request, this.time);
    } catch (error) {
      if (error instanceof AuthRefusal) return { status: error.status, body: error.body };
      throw error;
    }
  }
}
