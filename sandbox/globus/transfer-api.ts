import type { EmulatedRequest, EmulatedResponse } from '../http/emulator.js';
import type { Auth } from './auth.js';
import { endpointDocument, type Collections } from './collections.js';
import { DELETE_ACCEPTED, type DeleteTasks } from './delete-tasks.js';
import type { FileOperations } from './file-operations.js';
import { parseFileQuery } from './file-query.js';
import type { Ids } from './ids.js';
import { badRequest, TransferRefusal } from './refusals.js';
import type { TaskAdmission } from './task-admission.js';
import type { Task } from './task.js';
import {
  eventDocuments,
  fieldNames,
  skippedErrorDocuments,
  taskDocument,
  transferredDocuments,
} from './task-document.js';
import type { TaskLife } from './task-life.js';
import { pageOf, parseOrder, parsePage, parseTaskFilter } from './task-query.js';
import type { TaskStore } from './task-store.js';
import { parseTime } from './times.js';
import { fieldsOf, parseLabel, parseTransfer, submissionIdOf } from './transfer-document.js';

export interface TransferApiDeps {
  readonly auth: Auth;
  readonly ids: Ids;
  readonly collections: Collections;
  readonly store: TaskStore;
  readonly admission: TaskAdmission;
  readonly life: TaskLife;
  readonly fileOperations: FileOperations;
  readonly deleteTasks: DeleteTasks;
}

/** The routes of the Transfer API v0.10 that a service account uses. */
export class TransferApi {
  strictSubmissionIds = false;
  /** While set, all requests fail with 503. */
  maintenance: { readonly retryAfterSeconds: number | undefined } | undefined;
  private time = 0;

  constructor(private readonly deps: TransferApiDeps) {}

  /** @param now milliseconds since the epoch */
  handle(request: EmulatedRequest, now: number): EmulatedResponse {
    this.time = now;
    try {
      return this.route(request);
    } catch (error) {
      if (!(error instanceof TransferRefusal)) throw error;
      const { status, code, message, extra, headers } = error;
      // Fact: all error bodies have these four fields, some have more.
      const body = { code, message, ...this.trail(request), ...extra };
      return { status, headers, body };
    }
  }

  private route(request: EmulatedRequest): EmulatedResponse {
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
    const clientId = this.deps.auth.clientOf(request.headers['authorization'], this.time);
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
      case 'POST task':
      case 'PUT task':
        return this.handleTask(clientId, rest, request);
      case 'GET endpoint':
        return ok(endpointDocument(this.deps.collections.require(decode(rest[0] ?? ''))));
      case 'GET operation':
      case 'POST operation':
        return this.operate(clientId, rest, request);
      default:
        throw noSuchResource(request.path);
    }
  }

  private issueSubmissionId(clientId: string): EmulatedResponse {
    const value = this.deps.ids.uuid();
    this.deps.store.issue(clientId, value);
    return ok({ DATA_TYPE: 'submission_id', value });
  }

  private submit(clientId: string, request: EmulatedRequest): EmulatedResponse {
    const document = parseBody(request.body);
    const submissionId = submissionIdOf(document);
    const before = this.deps.store.submitted(clientId, submissionId);
    // Fact: the same submission id returns the same task, ended or not, regardless of the body.
    if (before !== undefined) return this.submitted(request, submissionId, before, 'Duplicate');
    if (this.strictSubmissionIds && !this.deps.store.wasIssued(clientId, submissionId)) {
      throw badRequest('submission_id was not issued by this service');
    }
    const transfer = parseTransfer(document, this.time);
    const source = this.deps.collections.require(transfer.sourceId);
    const destination = this.deps.collections.require(transfer.destinationId);
    this.deps.admission.refuseAccess(clientId, [source, destination]);
    const signature = this.deps.admission.admit(clientId, transfer);
    const task = this.deps.life.accept(
      { clientId, source, destination, request: transfer, signature },
      this.time,
    );
    return this.submitted(request, submissionId, task.id, 'Accepted');
  }

  private submitDelete(clientId: string, request: EmulatedRequest): EmulatedResponse {
    const { code, taskId, submissionId } = this.deps.deleteTasks.submit(
      clientId,
      parseBody(request.body),
      this.time,
      (id) => {
        const collection = this.deps.collections.require(id);
        this.deps.admission.refuseAccess(clientId, [collection]);
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

  private listTasks(clientId: string, query: URLSearchParams): EmulatedResponse {
    const filter = parseTaskFilter(query.getAll('filter'));
    const page = parsePage(query);
    const names = fieldNames(query.get('fields'));
    const order = parseOrder(query.get('orderby'));
    const found = [...this.deps.store.select(clientId, filter)].sort(order);
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
    const deletion = this.deps.deleteTasks.document(clientId, id);
    if (deletion !== undefined && request.method === 'GET' && part === '') return ok(deletion);
    const task = this.deps.store.find(id);
    // Fact: a task is visible to the client that submitted it, and to nobody else.
    if (task?.clientId !== clientId) {
      throw new TransferRefusal(404, 'ClientError.NotFound', `No task found with id '${id}'`);
    }
    const route = `${request.method} ${part}`;
    switch (route) {
      case 'GET ':
        return ok(taskDocument(task, this.time, fieldNames(request.query.get('fields'))));
      case 'POST cancel':
        return this.cancelTask(task, request);
      case 'GET event_list':
        return this.listEvents(task, request.query);
      case 'GET skipped_errors':
        return ok(
          markedPage('skipped_errors', skippedErrorDocuments(task, this.time), request.query),
        );
      case 'GET successful_transfers':
        // Fact: while the task runs, there is no such list yet.
        if (task.phase.kind !== 'ended') throw badRequest('The task has not ended yet');
        return ok(
          markedPage('successful_transfers', transferredDocuments(task, this.time), request.query),
        );
      case 'GET pause_info':
        return ok({
          DATA_TYPE: 'pause_info_limited',
          pause_rules: [],
          source_pause_message: task.source.paused?.message ?? null,
          destination_pause_message: task.destination.paused?.message ?? null,
          source_pause_message_share: null,
          destination_pause_message_share: null,
        });
      case 'PUT ':
        return this.updateTask(task, request);
      default:
        throw noSuchResource(request.path);
    }
  }

  /** Fact: label and deadline can be changed while a task runs. */
  private updateTask(task: Task, request: EmulatedRequest): EmulatedResponse {
    const { label, deadline } = parseBody(request.body);
    if (task.phase.kind === 'ended') {
      throw new TransferRefusal(409, 'ClientError.Conflict', 'The task has ended');
    }
    if (label !== undefined) task.label = parseLabel(label);
    if (deadline !== undefined) {
      const at = typeof deadline === 'string' ? parseTime(deadline) : undefined;
      if (at === undefined) throw badRequest('deadline must be a time');
      this.deps.life.setDeadline(task, at);
    }
    return ok({
      DATA_TYPE: 'result',
      code: 'Updated',
      message: 'The task has been updated.',
      ...this.trail(request),
    });
  }

  private cancelTask(task: Task, request: EmulatedRequest): EmulatedResponse {
    const code = this.deps.life.cancel(task, this.time);
    const messages = {
      Canceled: 'The task has been cancelled successfully.',
      CancelAccepted: 'The task cancel request has been accepted and will be processed soon.',
      // Fact: an ended task is no error: 200 as well.
      TaskComplete: 'The task completed before the cancel request was processed.',
    };
    return ok({ DATA_TYPE: 'result', code, message: messages[code], ...this.trail(request) });
  }

  private listEvents(task: Task, query: URLSearchParams): EmulatedResponse {
    // Fact: globus-cli sends an empty filter, which matches everything.
    const text = query.get('filter') ?? '';
    const filter = /^is_error:([01])$/.exec(text);
    if (filter === null && text !== '') throw badRequest('The filter is is_error:1 or :0');
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
    const collection = this.deps.collections.require(decode(encodedId));
    this.deps.admission.refuseAccess(clientId, [collection]);
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
        const query = parseFileQuery(request.query);
        return ok(this.deps.fileOperations.list(collection, path, query, page));
      }
      case 'GET stat':
        return ok(this.deps.fileOperations.stat(collection, path));
      case 'POST mkdir': {
        const wanted = parseBody(request.body)['path'];
        if (typeof wanted !== 'string') throw badRequest('path is required');
        this.deps.fileOperations.makeDirectory(collection, wanted);
        return ok({
          DATA_TYPE: 'mkdir_result',
          code: 'DirectoryCreated',
          message: 'The directory was created successfully',
          ...this.trail(request),
        });
      }
      case 'POST rename': {
        const { old_path: from, new_path: to } = parseBody(request.body);
        if (typeof from !== 'string' || typeof to !== 'string') {
          throw badRequest('old_path and new_path are required');
        }
        this.deps.fileOperations.rename(collection, from, to);
        return ok({
          DATA_TYPE: 'result',
          code: 'FileRenamed',
          message: 'File or directory renamed successfully',
          ...this.trail(request),
        });
      }
      default:
        throw noSuchResource(request.path);
    }
  }

  private trail(request: EmulatedRequest): { request_id: string; resource: string } {
    return { request_id: this.deps.ids.requestId(), resource: request.path };
  }
}

/** Fact: these lists are paged by markers, not by offsets; `next_marker` is null on the last page. */
function markedPage(
  type: string,
  all: readonly unknown[],
  query: URLSearchParams,
): Readonly<Record<string, unknown>> {
  const text = query.get('marker') ?? '0';
  if (!/^\d{1,12}$/.test(text)) throw badRequest(`'${text}' is not a marker`);
  const marker = Number(text);
  const end = marker + filesPerPage;
  return {
    DATA_TYPE: type,
    marker,
    next_marker: end < all.length ? end : null,
    DATA: all.slice(marker, end),
  };
}

/** The size of a page is Globus's own affair. */
const filesPerPage = 1000;

/** Fact: a directory listing ends at 100,000 entries. */
const maxListing = 100_000;

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`'${segment}' is not percent-encoded text`);
  }
}

/** Fact: code and message are from the functional tests of globus-sdk-python. */
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
