import { locate } from './collection-paths.js';
import type { Collection } from './collections.js';
import type { EventCode } from './event-codes.js';
import { FileTrouble, type FileSystem } from './file-system.port.js';
import type { Ids } from './ids.js';
import { badRequest } from './refusals.js';
import { fatalError } from './task.js';
import { taskTime } from './times.js';
import { fieldsOf, parseLabel, submissionIdOf } from './transfer-document.js';

interface DeleteRequest {
  readonly submissionId: string;
  readonly endpoint: string;
  readonly label: string | null;
  readonly recursive: boolean;
  readonly ignoreMissing: boolean;
  readonly paths: readonly string[];
}

interface DeleteTask {
  readonly id: string;
  readonly clientId: string;
  readonly collection: Collection;
  readonly request: DeleteRequest;
  readonly requestedAt: number;
  end: { readonly at: number; readonly code: EventCode | undefined } | undefined;
}

/**
 * Delete tasks: `POST delete` and their `GET task/{id}`. Documents and answers follow the samples and
 * types of Globus's SDKs (globus-sdk-python `data/delete_data.py` and
 * `testing/data/transfer/submit_delete.py`; @globus/sdk `task-submission.d.ts`). Lists don't contain
 * them.
 *
 * To avoid data loss, the sandbox deletes only empty folders: for full ones and for files, the task ends
 * as FAILED.
 */
export class DeleteTasks {
  private readonly byId = new Map<string, DeleteTask>();
  private readonly open = new Set<DeleteTask>();
  private readonly bySubmission = new Map<string, DeleteTask>();

  constructor(
    private readonly ids: Ids,
    private readonly files: FileSystem,
  ) {}

  /**
   * Accepts a deletion. Checks only the document; paths are checked when it is carried out.
   *
   * @param collectionOf finds the collection and refuses a client that may not use it
   * @throws TransferRefusal
   */
  submit(
    clientId: string,
    document: Readonly<Record<string, unknown>>,
    now: number,
    collectionOf: (id: string) => Collection,
  ): {
    readonly code: 'Accepted' | 'Duplicate';
    readonly taskId: string;
    readonly submissionId: string;
  } {
    const submissionId = submissionIdOf(document);
    const key = `${clientId} ${submissionId}`;
    const before = this.bySubmission.get(key);
    if (before !== undefined) return { code: 'Duplicate', taskId: before.id, submissionId };
    const request = parseDelete(document, submissionId);
    const task: DeleteTask = {
      id: this.ids.uuid(),
      clientId,
      collection: collectionOf(request.endpoint),
      request,
      requestedAt: now,
      end: undefined,
    };
    this.byId.set(task.id, task);
    this.open.add(task);
    this.bySubmission.set(key, task);
    return { code: 'Accepted', taskId: task.id, submissionId };
  }

  /** The task's document; `undefined` if this client has no such task. */
  document(clientId: string, id: string): Readonly<Record<string, unknown>> | undefined {
    const task = this.byId.get(id);
    return task?.clientId === clientId ? documentOf(task) : undefined;
  }

  /** Carries out accepted deletions; those of a paused collection wait. */
  advance(now: number): void {
    for (const task of this.open) {
      if (task.collection.paused !== undefined || now <= task.requestedAt) continue;
      task.end = { at: now, code: this.carryOut(task) };
      this.open.delete(task);
    }
  }

  /** @returns the code of a failure */
  private carryOut({ collection, request }: DeleteTask): EventCode | undefined {
    const { folder } = collection;
    if (folder === undefined) return undefined;
    try {
      for (const path of request.paths) {
        const located = locate(this.files, folder, path, false);
        if (located.exists) {
          // Fact: directories need `recursive`.
          if (!request.recursive) return 'IS_A_DIRECTORY';
          this.files.removeEmptyDirectory(located.path);
        } else if (!request.ignoreMissing) {
          // Fact: deleting a missing path fails immediately, unlike transferring one.
          return 'FILE_NOT_FOUND';
        }
      }
      return undefined;
    } catch (error) {
      if (error instanceof FileTrouble) return error.code;
      throw error;
    }
  }
}

function parseDelete(
  document: Readonly<Record<string, unknown>>,
  submissionId: string,
): DeleteRequest {
  if (document['DATA_TYPE'] !== 'delete') throw badRequest("DATA_TYPE must be 'delete'");
  const { endpoint, DATA: items } = document;
  if (typeof endpoint !== 'string') throw badRequest('endpoint is required and must be a string');
  if (!Array.isArray(items) || items.length === 0) {
    throw badRequest('A delete requires at least one item');
  }
  return {
    submissionId,
    endpoint,
    label: parseLabel(document['label']),
    recursive: document['recursive'] === true,
    ignoreMissing: document['ignore_missing'] === true,
    paths: items.map((value: unknown) => {
      const { DATA_TYPE: type, path } = fieldsOf(value, 'An item of DATA');
      if (type !== 'delete_item') throw badRequest('An item of DATA must be a delete_item');
      if (typeof path !== 'string' || !path.startsWith('/')) {
        throw badRequest('path must be an absolute path');
      }
      return path;
    }),
  };
}

/** Fact: a DELETE task has a source and no destination. */
function documentOf(task: DeleteTask): Readonly<Record<string, unknown>> {
  const { end, collection } = task;
  const failed = end?.code !== undefined;
  return {
    DATA_TYPE: 'task',
    task_id: task.id,
    type: 'DELETE',
    status: end === undefined ? 'ACTIVE' : failed ? 'FAILED' : 'SUCCEEDED',
    label: task.request.label,
    owner_id: task.clientId,
    username: `${task.clientId}@clients.auth.globus.org`,
    request_time: taskTime(task.requestedAt),
    completion_time: end === undefined ? null : taskTime(end.at),
    command: 'API 0.10',
    source_endpoint: collection.displayName,
    source_endpoint_id: collection.id,
    source_endpoint_display_name: collection.displayName,
    destination_endpoint: null,
    destination_endpoint_id: null,
    destination_endpoint_display_name: null,
    fatal_error: end?.code === undefined ? null : fatalError(end.code),
    is_ok: end === undefined ? true : null,
    nice_status: end === undefined ? 'Queued' : null,
    is_paused: end === undefined && collection.paused !== undefined,
    faults: failed ? 1 : 0,
  };
}

export const DELETE_ACCEPTED =
  'The delete has been accepted and a task has been created and queued for execution';
