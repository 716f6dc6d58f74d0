import { isUuid } from '../domain/identifiers.js';
import { field, isObject, itemsOf, stringField, stringsOf } from '../domain/untyped.js';
import type { FatalError, GlobusTask, TaskError } from '../ports/globus-transfers.port.js';
import { fatalErrorKind, taskStatus } from './task-status.js';

/*
 * Readers of Globus's documents. Each takes parsed JSON and returns undefined for any other document.
 */

/** A token from Globus Auth. */
export interface WireToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

/** The content of an error response of Globus Auth or Globus Transfer. */
export interface WireError {
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly requestId: string | undefined;
  /** With `ConsentRequired`: the scopes to request. */
  readonly requiredScopes: readonly string[];
}

/** A collection as described by Globus. */
export interface CollectionFacts {
  readonly displayName: string;
  /** E.g. `GCSv5_mapped_collection`. */
  readonly entityType: string | undefined;
  readonly highAssurance: boolean | undefined;
  /** Whether Globus Connect Personal is running; undefined for other kinds. */
  readonly connected: boolean | undefined;
  readonly paused: boolean | undefined;
}

/** A listing: `listed` of `total` tasks. */
interface WireTaskList {
  readonly tasks: readonly GlobusTask[];
  readonly listed: number;
  readonly total: number;
}

/** The fields to read of running tasks; keeps a listing of 1,000 tasks small. */
export const RUNNING_TASK_FIELDS =
  'task_id,status,label,nice_status,is_paused,faults,files,files_transferred,files_skipped,' +
  'bytes_transferred,effective_bytes_per_second,subtasks_skipped_errors,request_time,completion_time,' +
  'source_endpoint_id,destination_endpoint_id';

/**
 * The token of one resource server. With scopes of several services it may be at the top level or in
 * `other_tokens`.
 */
export function readToken(body: unknown, resourceServer: string): WireToken | undefined {
  const token = [body, ...itemsOf(field(body, 'other_tokens'))].find(
    (candidate) => field(candidate, 'resource_server') === resourceServer,
  );
  const accessToken = stringField(token, 'access_token');
  const expiresInSeconds = field(token, 'expires_in');
  return accessToken !== undefined && typeof expiresInSeconds === 'number' && expiresInSeconds > 0
    ? { accessToken, expiresInSeconds }
    : undefined;
}

/** Reads an error response in any of Globus's formats. */
export function readError(body: unknown): WireError {
  const [first] = itemsOf(field(body, 'errors'));
  const scopes = stringsOf(field(body, 'required_scopes'));
  return {
    code: stringField(body, 'code') ?? stringField(first, 'code') ?? stringField(body, 'error'),
    message:
      stringField(body, 'message') ??
      stringField(first, 'detail') ??
      stringField(body, 'error_description'),
    requestId: stringField(body, 'request_id') ?? stringField(first, 'id'),
    requiredScopes:
      scopes.length > 0
        ? scopes
        : stringsOf(field(field(body, 'authorization_parameters'), 'required_scopes')),
  };
}

export function readSubmissionId(body: unknown): string | undefined {
  return uuidField(body, 'value');
}

/** Id of the task that this submission, or an earlier identical one, created. */
export function readSubmittedTaskId(body: unknown): string | undefined {
  return uuidField(body, 'task_id');
}

export function readCollection(body: unknown): CollectionFacts | undefined {
  if (uuidField(body, 'id') === undefined) return undefined;
  return {
    displayName: oneLine(stringField(body, 'display_name') ?? '', MAX_DESCRIPTION),
    entityType: stringField(body, 'entity_type'),
    highAssurance: flagField(body, 'high_assurance'),
    connected: flagField(body, 'gcp_connected'),
    paused: flagField(body, 'gcp_paused'),
  };
}

/** @returns undefined when the document is not a task or its status is unknown */
export function readTask(body: unknown): GlobusTask | undefined {
  const taskId = uuidField(body, 'task_id');
  const status = taskStatus(field(body, 'status'));
  if (taskId === undefined || status === undefined) return undefined;
  return {
    taskId,
    status,
    label: stringField(body, 'label'),
    sourceCollection: uuidField(body, 'source_endpoint_id'),
    destinationCollection: uuidField(body, 'destination_endpoint_id'),
    niceStatus: stringField(body, 'nice_status'),
    isPaused: field(body, 'is_paused') === true,
    fatalError: readFatalError(field(body, 'fatal_error')),
    canceledByAdmin: stringField(body, 'canceled_by_admin'),
    canceledByAdminMessage: stringField(body, 'canceled_by_admin_message'),
    faults: amountField(body, 'faults'),
    files: amountField(body, 'files'),
    filesTransferred: amountField(body, 'files_transferred'),
    filesSkipped: amountField(body, 'files_skipped'),
    bytesTransferred: amountField(body, 'bytes_transferred'),
    bytesPerSecond: amountField(body, 'effective_bytes_per_second'),
    skippedErrors: amountField(body, 'subtasks_skipped_errors'),
    requestedAt: timeField(body, 'request_time'),
    completedAt: timeField(body, 'completion_time'),
  };
}

function readFatalError(value: unknown): FatalError | undefined {
  if (!isObject(value)) return undefined;
  const code = stringField(value, 'code') ?? 'UNKNOWN';
  return {
    kind: fatalErrorKind(code),
    code,
    description: stringField(value, 'description') ?? '',
  };
}

/** Reads a listing without its unreadable tasks, so that they don't hide the others. */
export function readTaskList(body: unknown): WireTaskList | undefined {
  const data = field(body, 'DATA');
  if (!Array.isArray(data)) return undefined;
  const total = field(body, 'total');
  return {
    tasks: data.map(readTask).filter((task) => task !== undefined),
    listed: data.length,
    total: typeof total === 'number' ? total : data.length,
  };
}

/** The first event of an event list. */
export function readFirstEvent(body: unknown): TaskError | undefined {
  const [event] = itemsOf(field(body, 'DATA'));
  const code = stringField(event, 'code');
  if (code === undefined) return undefined;
  return {
    code,
    description: oneLine(stringField(event, 'description') ?? '', MAX_DESCRIPTION),
    details: eventDetails(stringField(event, 'details') ?? ''),
  };
}

/** A time in Globus's filter format: UTC, whole seconds. */
export function wireTime(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** A string from Globus on one line, truncated, without control characters and URLs. */
export function oneLine(value: string, maxLength: number): string {
  const line = value
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/\bhttps?:\/\/\S+/g, '(address)')
    .trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).trimEnd()}…`;
}

const MAX_DESCRIPTION = 200;
const MAX_DETAILS = 400;

/** Without the protocol dump, which follows `---`, and without the server's name. */
function eventDetails(details: string): string {
  const lines = details.split('\n').map((line) => line.trim());
  const end = lines.findIndex((line) => line.startsWith('---'));
  return oneLine(
    (end < 0 ? lines : lines.slice(0, end))
      .filter((line) => line !== '' && !line.startsWith('Server:'))
      .join('; '),
    MAX_DETAILS,
  );
}

/** Milliseconds since the epoch. A time without an offset is UTC. */
function timeField(value: unknown, name: string): number | undefined {
  const written = stringField(value, name)?.replace(' ', 'T');
  if (written === undefined) return undefined;
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(written) ? written : `${written}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function uuidField(value: unknown, name: string): string | undefined {
  const id = field(value, name);
  return isUuid(id) ? id : undefined;
}

function flagField(value: unknown, name: string): boolean | undefined {
  const flag = field(value, name);
  return typeof flag === 'boolean' ? flag : undefined;
}

/** 0 for anything invalid: a missing number must not hide a task. */
function amountField(value: unknown, name: string): number {
  const amount = field(value, name);
  return typeof amount === 'number' && Number.isFinite(amount)
    ? Math.max(0, Math.trunc(amount))
    : 0;
}
