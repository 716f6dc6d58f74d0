import { isUuid } from '../domain/identifiers.js';
import { field, itemsOf, stringField, stringsOf } from '../domain/untyped.js';
import type { FatalError, GlobusTask, TaskError } from '../ports/globus-transfers.port.js';
import { fatalErrorKind, taskStatus } from './task-status.js';

/** A token as Globus Auth gives it. */
export interface WireToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

/** What an error answer of Globus Auth or Globus Transfer says; any part may be missing. */
export interface WireError {
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly requestId: string | undefined;
  /** With `ConsentRequired`: the scopes that a token must be asked for. */
  readonly requiredScopes: readonly string[];
}

/** What Globus says of a collection. What it does not say is undefined. */
export interface CollectionFacts {
  readonly displayName: string;
  /** Globus's word, e.g. `GCSv5_mapped_collection`. */
  readonly entityType: string | undefined;
  readonly highAssurance: boolean | undefined;
  /** Whether Globus Connect Personal runs; undefined for other kinds. */
  readonly connected: boolean | undefined;
  readonly paused: boolean | undefined;
}

/** A listing, with how many tasks there are in all and how many of them it holds. */
interface WireTaskList {
  readonly tasks: readonly GlobusTask[];
  readonly listed: number;
  readonly total: number;
}

/** What of a running task is read; asking for no more keeps a listing of 1,000 tasks small. */
export const RUNNING_TASK_FIELDS =
  'task_id,status,label,nice_status,is_paused,faults,files,files_transferred,files_skipped,' +
  'bytes_transferred,effective_bytes_per_second,subtasks_skipped_errors,request_time,completion_time';

/**
 * The token of one resource server. With scopes of several services the one that is wanted may
 * stand at the top or among `other_tokens`.
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

/** An error answer in any of Globus's envelopes; a body that is not JSON has no parts. */
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

/** @returns undefined when the answer holds no submission id */
export function readSubmissionId(body: unknown): string | undefined {
  return uuidField(body, 'value');
}

/** Id of the task that a submission made, now or earlier. @returns undefined when there is none */
export function readSubmittedTaskId(body: unknown): string | undefined {
  return uuidField(body, 'task_id');
}

/** @returns undefined when the document is not an endpoint's */
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

/** @returns undefined when the document is not a task, or in a state that Globus does not have */
export function readTask(body: unknown): GlobusTask | undefined {
  const taskId = uuidField(body, 'task_id');
  const status = taskStatus(field(body, 'status'));
  if (taskId === undefined || status === undefined) return undefined;
  return {
    taskId,
    status,
    label: stringField(body, 'label'),
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
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const code = stringField(value, 'code') ?? 'UNKNOWN';
  return {
    kind: fatalErrorKind(code),
    code,
    description: stringField(value, 'description') ?? '',
  };
}

/**
 * A listing. A task in it that can't be read is left out, so that it does not hide the others; it is
 * read by its id then.
 *
 * @returns undefined when the document is not a listing
 */
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

/** The first event of an event list. @returns undefined when there is none */
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

/** A time as Globus writes it into filters: UTC, whole seconds. */
export function wireTime(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Globus's words on one line of a message: no control characters, no addresses, bounded. */
export function oneLine(value: string, maxLength: number): string {
  const line = value
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/\bhttps?:\/\/\S+/g, '(address)')
    .trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).trimEnd()}…`;
}

const MAX_DESCRIPTION = 200;
const MAX_DETAILS = 400;

/** Without the protocol's dump, which follows `---`, and the name of Globus's server. */
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

/** Milliseconds since the epoch. Globus writes an offset; without one it means UTC. */
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

/** Null and nonsense count as 0: a number too few is no reason to lose sight of a task. */
function amountField(value: unknown, name: string): number {
  const amount = field(value, name);
  return typeof amount === 'number' && Number.isFinite(amount)
    ? Math.max(0, Math.trunc(amount))
    : 0;
}
