import type { EmulatedRequest, EmulatedResponse, Emulator } from '../http/emulator.js';
import { Auth, consentRequired } from './auth.js';
import {
  Collections,
  endpointDocument,
  hasDataAccess,
  withoutTrailingSlash,
  type Collection,
  type CollectionOptions,
  type PathTrouble,
  type VirtualSettings,
} from './collections.js';
import { DELETE_ACCEPTED, DeleteTasks } from './delete-tasks.js';
import type { EventCode, TroubleCode } from './event-codes.js';
import { FileOperations } from './file-operations.js';
import type { FileSystem } from './file-system.port.js';
import { Ids } from './ids.js';
import { AuthRefusal, badRequest, TransferRefusal } from './refusals.js';
import type { Task } from './task.js';
import {
  eventDocuments,
  fieldNames,
  skippedErrorDocuments,
  taskDocument,
} from './task-document.js';
import { generalTrouble, TaskLife, type LifeSettings, type Limits } from './task-life.js';
import { pageOf, parseOrder, parsePage, parseTaskFilter } from './task-query.js';
import { TaskStore } from './task-store.js';
import { taskTime } from './times.js';
import {
  fieldsOf,
  parseDeadline,
  parseLabel,
  parseTransfer,
  submissionIdOf,
} from './transfer-document.js';

/** What an emulated Globus is made with. */
export interface GlobusMachineOptions {
  /** From 0 (included) to 1 (excluded); every id and token follows from it. */
  readonly random: () => number;
  /** For collections with a folder. */
  readonly files: FileSystem;
  readonly limits?: Partial<Limits>;
  readonly life?: Partial<LifeSettings>;
}

/** A task for tests to look at: the emulator's own, so it changes as time goes on. */
export type TaskView = Readonly<Task>;

/**
 * Globus Auth and the Transfer API v0.10, as far as a service account needs them, as one state
 * machine. Nothing happens but in calls; time is what the caller says it is.
 */
export class GlobusMachine implements Emulator {
  /** May be changed at any time. */
  readonly limits: Limits;
  /** May be changed at any time. */
  readonly life: LifeSettings;
  /** True refuses submission ids that this Globus did not issue; else any UUID will do. */
  strictSubmissionIds = false;

  private readonly ids: Ids;
  private readonly collections = new Collections();
  private readonly store = new TaskStore();
  private readonly auth: Auth;
  private readonly tasksLife: TaskLife;
  private readonly fileOperations: FileOperations;
  private readonly deleteTasks: DeleteTasks;
  private maintenance: { readonly retryAfterSeconds: number | undefined } | undefined;
  private time = 0;

  constructor(options: GlobusMachineOptions) {
    this.limits = {
      concurrentTasks: 3,
      pendingTasks: 100,
      itemsPerSubmission: Infinity,
      ...options.limits,
    };
    this.life = {
      retryMs: 60_000,
      cancelDelayMs: 0,
      keepItems: true,
      stepMs: 20,
      bytesPerStep: 4 * 1024 * 1024,
      pathsPerStep: 200,
      bytesPerSecond: Infinity,
      ...options.life,
    };
    this.ids = new Ids(options.random);
    this.auth = new Auth(this.ids, this.collections);
    this.fileOperations = new FileOperations(options.files);
    this.deleteTasks = new DeleteTasks(this.ids, options.files);
    this.tasksLife = new TaskLife(
      this.store,
      this.collections,
      this.ids,
      options.files,
      this.limits,
      this.life,
    );
  }

  /** Answers one request, after everything that is due by `now` has happened. */
  handle(request: EmulatedRequest, now: number): EmulatedResponse {
    this.advance(now);
    if (request.path.startsWith('/v2/')) return this.handleAuth(request);
    try {
      return this.handleTransfer(request);
    } catch (error) {
      if (!(error instanceof TransferRefusal)) throw error;
      const { status, code, message, extra, headers } = error;
      // Fact: every error body has these four, some have more.
      const body = { code, message, ...this.trail(request), ...extra };
      return { status, headers, body };
    }
  }

  /**
   * Lets everything happen that is due by `now`. Time never runs backwards here: an earlier `now`
   * counts as the latest one.
   *
   * @param now wall clock in milliseconds since the epoch
   */
  advance(now: number): void {
    if (now > this.time) this.time = now;
    this.tasksLife.advance(this.time);
    this.deleteTasks.advance(this.time);
  }

  /** When something is next to happen by itself; `undefined` for never. May be too early. */
  nextDueAt(): number | undefined {
    return this.store.due.nextDueAt();
  }

  /** Makes a service account known. */
  addClient({ id, secret }: { readonly id: string; readonly secret: string }): void {
    this.auth.setSecret(id, secret);
  }

  /** Replaces a client's secret, as a rotation does; its tokens stay valid. */
  setSecret(clientId: string, secret: string): void {
    this.auth.setSecret(clientId, secret);
  }

  /** From now on all tokens of the client are answered with 401. */
  revokeTokens(clientId: string): void {
    this.auth.revokeTokens(clientId);
  }

  /** The client has to ask for its `data_access` scopes again. */
  revokeConsents(clientId: string): void {
    this.auth.revokeConsents(clientId);
  }

  /** How long tokens live that are granted from now on. */
  setTokenLife(seconds: number): void {
    this.auth.tokenLifeSeconds = seconds;
  }

  addCollection(options: CollectionOptions): void {
    this.collections.add(options);
  }

  /** From now on the collection is answered with EndpointDeleted. */
  deleteCollection(id: string): void {
    this.collections.get(id).deleted = true;
  }

  /** @param clientIds who has permission; `undefined` for everybody */
  setPermission(collectionId: string, clientIds: readonly string[] | undefined): void {
    this.collections.get(collectionId).clients = clientIds;
  }

  /** Changes numbers of a virtual collection; tasks that have begun keep theirs. */
  setVirtual(collectionId: string, numbers: Partial<VirtualSettings>): void {
    Object.assign(this.collections.get(collectionId).virtual, numbers);
  }

  /** Replaces the rules by which paths of a collection fail; an empty list heals all. */
  setPathTroubles(collectionId: string, troubles: readonly PathTrouble[]): void {
    this.collections.get(collectionId).troubles = troubles.map((rule) => ({
      ...rule,
      path: withoutTrailingSlash(rule.path),
    }));
  }

  /** A Globus Connect Personal collection goes off line, or comes back; its tasks don't mind. */
  setConnected(collectionId: string, connected: boolean): void {
    this.collections.get(collectionId).connected = connected;
  }

  pause(collectionId: string, message = 'Paused for maintenance'): void {
    this.tasksLife.pause(this.collections.get(collectionId), message, this.time);
  }

  unpause(collectionId: string): void {
    this.tasksLife.unpause(this.collections.get(collectionId), this.time);
  }

  /** Answers all of Transfer with 503 (Auth goes on), until it is switched off. */
  setMaintenance(on: boolean, retryAfterSeconds?: number): void {
    this.maintenance = on ? { retryAfterSeconds } : undefined;
  }

  /** All tasks that are not forgotten, in the order they were accepted. */
  tasks(): readonly TaskView[] {
    return this.store.all();
  }

  task(id: string): TaskView | undefined {
    return this.store.find(id);
  }

  /** Ends a task from outside the API: in the web app, or as the administrator of a collection. */
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

  /** Ends a task of virtual collections as SUCCEEDED, as if all had been copied by now. */
  succeedTask(taskId: string): void {
    this.tasksLife.complete(this.livingTask(taskId), this.time);
  }

  /** Ends a task as FAILED with this code. */
  failTask(taskId: string, code: EventCode): void {
    this.tasksLife.fail(this.livingTask(taskId), code, `Error (transfer)\n${code}`, this.time);
  }

  /** Every try of the task fails with this code until `until` (milliseconds since the epoch). */
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

  /** The task is gone: 404 from now on. Its submission id stays used. */
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

  private handleTransfer(request: EmulatedRequest): EmulatedResponse {
    const [, version, resource, ...rest] = request.path.split('/');
    if (version !== 'v0.10') throw noSuchResource(request.path);
    if (this.maintenance !== undefined) {
      const { retryAfterSeconds } = this.maintenance;
      throw new TransferRefusal(
        503,
        'ServiceUnavailable',
        'The service is down for maintenance',
        {},
        retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
      );
    }
    const clientId = this.auth.clientOf(request.headers['authorization'], this.time);
    const route = `${request.method} ${resource ?? ''}`;
    switch (route) {
      case 'GET submission_id':
        return this.issueSubmissionId(clientId);
      case 'POST transfer':
        return this.submit(clientId, request);
      case 'POST delete':
        return this.submitDelete(clientId, request);
      case 'GET task_list':
        return this.listTasks(clientId, request.query);
      case 'GET task':
      case 'PUT task':
      case 'POST task':
        return this.handleTask(clientId, rest, request);
      case 'GET endpoint':
        return ok(endpointDocument(this.collections.require(decode(rest[0] ?? ''))));
      case 'GET operation':
      case 'POST operation':
        return this.operate(clientId, rest, request);
      default:
        throw noSuchResource(request.path);
    }
  }

  private issueSubmissionId(clientId: string): EmulatedResponse {
    const value = this.ids.uuid();
    this.store.issue(clientId, value);
    return ok({ DATA_TYPE: 'submission_id', value });
  }

  private submit(clientId: string, request: EmulatedRequest): EmulatedResponse {
    const document = parseBody(request.body);
    const submissionId = submissionIdOf(document);
    const before = this.store.submitted(clientId, submissionId);
    // Fact: the same submission id gives the same task, ended or not, whatever the body says.
    if (before !== undefined) return this.submitted(request, submissionId, before, 'Duplicate');
    if (this.strictSubmissionIds && !this.store.wasIssued(clientId, submissionId)) {
      throw badRequest('submission_id was not issued by this service');
    }
    const transfer = parseTransfer(document, this.time);
    if (transfer.items.length > this.limits.itemsPerSubmission) {
      throw badRequest(`A transfer may have ${this.limits.itemsPerSubmission} items at most`);
    }
    const source = this.collections.require(transfer.sourceId);
    const destination = this.collections.require(transfer.destinationId);
    this.refuseAccess(clientId, [source, destination]);
    const task = this.tasksLife.accept(clientId, transfer, this.time);
    return this.submitted(request, submissionId, task.id, 'Accepted');
  }

  private submitDelete(clientId: string, request: EmulatedRequest): EmulatedResponse {
    const { code, taskId, submissionId } = this.deleteTasks.submit(
      clientId,
      parseBody(request.body),
      this.time,
      (id) => {
        const collection = this.collections.require(id);
        this.refuseAccess(clientId, [collection]);
        return collection;
      },
    );
    return this.submitted(request, submissionId, taskId, code, 'delete');
  }

  private submitted(
    request: EmulatedRequest,
    submissionId: string,
    taskId: string,
    code: 'Accepted' | 'Duplicate',
    what: 'transfer' | 'delete' = 'transfer',
  ): EmulatedResponse {
    // Fact: 200, not 202, for both codes.
    return ok({
      DATA_TYPE: `${what}_result`,
      code,
      message:
        code === 'Duplicate'
          ? `This ${what} has been submitted before; it is the same task`
          : what === 'delete'
            ? DELETE_ACCEPTED
            : 'The transfer has been accepted and a task has been created and queued for execution',
      ...this.trail(request),
      submission_id: submissionId,
      task_id: taskId,
      task_link: {
        DATA_TYPE: 'link',
        href: `/v0.10/task/${taskId}?format=json`,
        rel: 'related',
        resource: 'task',
        title: 'related task',
      },
    });
  }

  /** Permission first, then policies, then consent (fact: all three are a 403 of their own code). */
  private refuseAccess(clientId: string, collections: readonly Collection[]): void {
    const denied = collections.find(({ clients }) => !(clients?.includes(clientId) ?? true));
    if (denied !== undefined) {
      throw new TransferRefusal(
        403,
        'PermissionDenied',
        `You do not have permission to use the collection '${denied.id}'`,
      );
    }
    const policies = collections.flatMap(({ requiredPolicies }) => requiredPolicies);
    if (policies.length > 0) {
      const message = 'The session does not satisfy the policies of the collection';
      throw new TransferRefusal(403, 'AuthPolicyFailed', message, {
        authorization_parameters: {
          session_required_policies: policies,
          session_message: message,
        },
      });
    }
    const missing = collections
      .filter((collection) => hasDataAccess(collection))
      .filter(({ id }) => !this.auth.hasConsent(clientId, id))
      .map(({ id }) => id);
    if (missing.length > 0) throw consentRequired([...new Set(missing)]);
  }

  private listTasks(clientId: string, query: URLSearchParams): EmulatedResponse {
    const filter = parseTaskFilter(query.getAll('filter'));
    const page = parsePage(query);
    const names = fieldNames(query.get('fields'));
    const order = parseOrder(query.get('orderby'));
    const found = [...this.store.select(clientId, filter)].sort(order);
    const { page: tasks, total } = pageOf(found, page);
    return ok({
      DATA_TYPE: 'task_list',
      DATA: tasks.map((task) => taskDocument(task, this.time, names)),
      length: tasks.length,
      limit: page.limit,
      offset: page.offset,
      total,
    });
  }

  private handleTask(
    clientId: string,
    [encodedId = '', part = '']: readonly string[],
    request: EmulatedRequest,
  ): EmulatedResponse {
    const id = decode(encodedId);
    const deletion = this.deleteTasks.document(clientId, id);
    if (deletion !== undefined && request.method === 'GET' && part === '') return ok(deletion);
    const task = this.store.find(id);
    // Fact: a task is visible to the client that submitted it, and to nobody else.
    if (task?.clientId !== clientId) {
      throw new TransferRefusal(404, 'ClientError.NotFound', `No task found with id '${id}'`);
    }
    const route = `${request.method} ${part}`;
    switch (route) {
      case 'GET ':
        return ok(taskDocument(task, this.time, fieldNames(request.query.get('fields'))));
      case 'PUT ':
        return this.updateTask(task, request);
      case 'POST cancel':
        return this.cancelTask(task, request);
      case 'GET event_list':
        return this.listEvents(task, request.query);
      case 'GET skipped_errors':
        return ok({
          DATA_TYPE: 'skipped_errors',
          marker: 0,
          next_marker: null,
          DATA: skippedErrorDocuments(task, this.time),
        });
      case 'GET pause_info':
        return ok(pauseInfo(task));
      default:
        throw noSuchResource(request.path);
    }
  }

  private cancelTask(task: Task, request: EmulatedRequest): EmulatedResponse {
    const code = this.tasksLife.cancel(task, this.time);
    const messages = {
      Canceled: 'The task has been cancelled successfully.',
      CancelAccepted: 'The task cancel request has been accepted and will be processed soon.',
      // Fact: an ended task is no error: 200 as well.
      TaskComplete: 'The task completed before the cancel request was processed.',
    };
    return ok({ DATA_TYPE: 'result', code, message: messages[code], ...this.trail(request) });
  }

  private updateTask(task: Task, request: EmulatedRequest): EmulatedResponse {
    const document = parseBody(request.body);
    if (task.phase.kind === 'ended') {
      throw new TransferRefusal(409, 'Conflict', 'The task is complete and can not be updated');
    }
    const label = 'label' in document ? parseLabel(document['label']) : task.label;
    this.tasksLife.update(task, label, parseDeadline(document['deadline'], this.time));
    return ok({
      DATA_TYPE: 'result',
      code: 'Updated',
      message: 'Updated task successfully',
      ...this.trail(request),
    });
  }

  private listEvents(task: Task, query: URLSearchParams): EmulatedResponse {
    const filter = /^is_error:([01])$/.exec(query.get('filter') ?? '');
    if (filter === null && query.has('filter')) throw badRequest('The filter is is_error:1 or :0');
    const page = parsePage(query);
    const isError = filter === null ? undefined : filter[1] === '1';
    const all = eventDocuments(task, this.time, isError);
    const events = all.slice(page.offset, page.offset + page.limit);
    return ok({
      DATA_TYPE: 'event_list',
      length: events.length,
      limit: page.limit,
      offset: page.offset,
      total: all.length,
      DATA: events,
    });
  }

  private operate(
    clientId: string,
    [kind, encodedId = '', operation = '']: readonly string[],
    request: EmulatedRequest,
  ): EmulatedResponse {
    if (kind !== 'endpoint') throw noSuchResource(request.path);
    const collection = this.collections.require(decode(encodedId));
    this.refuseAccess(clientId, [collection]);
    if (collection.connected === false) throw gcpDisconnected();
    const path = request.query.get('path') ?? '/';
    const route = `${request.method} ${operation}`;
    switch (route) {
      case 'GET ls': {
        const page = parsePage(
          new URLSearchParams({
            limit: request.query.get('limit') ?? String(maxListing),
            offset: request.query.get('offset') ?? '0',
          }),
          maxListing,
        );
        const hidden = request.query.get('show_hidden') !== '0';
        return ok(this.fileOperations.list(collection, path, hidden, page));
      }
      case 'GET stat':
        return ok(this.fileOperations.stat(collection, path));
      case 'POST mkdir': {
        const wanted = parseBody(request.body)['path'];
        if (typeof wanted !== 'string') throw badRequest('path is required');
        this.fileOperations.makeDirectory(collection, wanted);
        return ok({
          DATA_TYPE: 'mkdir_result',
          code: 'DirectoryCreated',
          message: 'The directory was created successfully',
          ...this.trail(request),
        });
      }
      default:
        throw noSuchResource(request.path);
    }
  }

  private trail(request: EmulatedRequest): { request_id: string; resource: string } {
    return { request_id: this.ids.requestId(), resource: request.path };
  }
}

/** Fact: a directory listing ends at 100,000 entries. */
const maxListing = 100_000;

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`'${segment}' is not percent-encoded text`);
  }
}

/** Fact: this code and these words, from the functional tests of globus-sdk-python. */
function gcpDisconnected(): TransferRefusal {
  return new TransferRefusal(
    502,
    'ExternalError.DirListingFailed.GCDisconnected',
    'The GCP endpoint is not currently connected to Globus',
  );
}

function ok(body: unknown): EmulatedResponse {
  return { status: 200, body };
}

function noSuchResource(path: string): TransferRefusal {
  return new TransferRefusal(404, 'ClientError.NotFound', `No such resource '${path}'`);
}

function parseBody(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(text), 'The body');
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest('The body is not JSON');
    throw error;
  }
}

function pauseInfo(task: Task): unknown {
  const paused = [...new Set([task.source, task.destination])].filter(
    (collection) => collection.paused !== undefined,
  );
  return {
    DATA_TYPE: 'pause_info_limited',
    pause_rules: paused.map((collection) => ({
      DATA_TYPE: 'pause_rule_limited',
      id: collection.id,
      message: collection.paused?.message,
      start_time: taskTime(collection.paused?.since ?? 0),
      endpoint_id: collection.id,
      endpoint_display_name: collection.displayName,
      identity_id: null,
      modified_time: taskTime(collection.paused?.since ?? 0),
      pause_ls: false,
      pause_mkdir: false,
      pause_symlink: false,
      pause_rename: false,
      pause_task_delete: false,
      pause_task_transfer_write: true,
      pause_task_transfer_read: true,
    })),
    source_pause_message: null,
    destination_pause_message: null,
    source_pause_message_share: null,
    destination_pause_message_share: null,
  };
}
