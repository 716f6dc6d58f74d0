import type { GlobusTask, TaskError } from '../ports/globus-transfers.port.js';

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
export interface WireTaskList {
  readonly tasks: readonly GlobusTask[];
  readonly listed: number;
  readonly total: number;
}

/** What of a running task is read; asking for no more keeps a listing of 1,000 tasks small. */
export const RUNNING_TASK_FIELDS =
  'task_id,status,label,nice_status,is_paused,faults,files,files_transferred,files_skipped,' +
  'bytes_transferred,effective_bytes_per_second,subtasks_skipped_errors,request_time,completion_time';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text is a UUID: all ids of Globus are, and nothing else may become part of a route. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * The token of one resource server. With scopes of several services the one that is wanted may
 * stand at the top or among `other_tokens`.
 */
export function readToken(body: unknown, resourceServer: string): WireToken | undefined {
  const top = fields(body);
  if (top === undefined) return undefined;
  const other = Array.isArray(top['other_tokens']) ? (top['other_tokens'] as unknown[]) : [];
  for (const candidate of [top, ...other]) {
    const token = fields(candidate);
    if (token?.['resource_server'] !== resourceServer) continue;
    const accessToken = text(token['access_token']);
    const expiresInSeconds = token['expires_in'];
    if (accessToken === undefined || typeof expiresInSeconds !== 'number') return undefined;
    return expiresInSeconds > 0 ? { accessToken, expiresInSeconds } : undefined;
  }
  return undefined;
}

/** An error answer in any of Globus's envelopes; a body that is no JSON has no parts. */
export function readError(body: unknown): WireError {
  const top = fields(body);
  const listed: unknown = Array.isArray(top?.['errors']) ? top['errors'][0] : undefined;
  const first = fields(listed);
  const parameters = fields(top?.['authorization_parameters']);
  return {
    code: text(top?.['code']) ?? text(first?.['code']) ?? text(top?.['error']),
    message: text(top?.['message']) ?? text(first?.['detail']) ?? text(top?.['error_description']),
    requestId: text(top?.['request_id']) ?? text(first?.['id']),
    requiredScopes: texts(top?.['required_scopes']) ?? texts(parameters?.['required_scopes']) ?? [],
  };
}

/** @returns undefined when the answer holds no submission id */
export function readSubmissionId(body: unknown): string | undefined {
  return uuid(fields(body)?.['value']);
}

/** Id of the task that a submission made, now or earlier. @returns undefined when there is none */
export function readSubmittedTaskId(body: unknown): string | undefined {
  return uuid(fields(body)?.['task_id']);
}

/** @returns undefined when the document is no endpoint's */
export function readCollection(body: unknown): CollectionFacts | undefined {
  const endpoint = fields(body);
  if (endpoint === undefined || uuid(endpoint['id']) === undefined) return undefined;
  return {
    displayName: oneLine(text(endpoint['display_name']) ?? '', MAX_DESCRIPTION),
    entityType: text(endpoint['entity_type']),
    highAssurance: flag(endpoint['high_assurance']),
    connected: flag(endpoint['gcp_connected']),
    paused: flag(endpoint['gcp_paused']),
  };
}

const STATUSES: ReadonlySet<unknown> = new Set(['ACTIVE', 'INACTIVE', 'SUCCEEDED', 'FAILED']);

/** @returns undefined when the document is no task */
export function readTask(body: unknown): GlobusTask | undefined {
  const task = fields(body);
  const taskId = uuid(task?.['task_id']);
  if (task === undefined || taskId === undefined || !STATUSES.has(task['status'])) return undefined;
  const fatal = fields(task['fatal_error']);
  return {
    taskId,
    status: task['status'] as GlobusTask['status'],
    label: text(task['label']),
    niceStatus: text(task['nice_status']),
    isPaused: task['is_paused'] === true,
    fatalError: fatal && {
      code: text(fatal['code']) ?? 'UNKNOWN',
      description: text(fatal['description']) ?? '',
    },
    canceledByAdmin: text(task['canceled_by_admin']),
    canceledByAdminMessage: text(task['canceled_by_admin_message']),
    faults: count(task['faults']),
    files: count(task['files']),
    filesTransferred: count(task['files_transferred']),
    filesSkipped: count(task['files_skipped']),
    bytesTransferred: count(task['bytes_transferred']),
    bytesPerSecond: count(task['effective_bytes_per_second']),
    skippedErrors: count(task['subtasks_skipped_errors']),
    requestedAt: readTime(task['request_time']),
    completedAt: readTime(task['completion_time']),
  };
}

/**
 * A listing. A task in it that can't be read is left out, so that it does not hide the others:
 * whoever misses it asks for it by its id.
 *
 * @returns undefined when the document is no listing
 */
export function readTaskList(body: unknown): WireTaskList | undefined {
  const list = fields(body);
  const data: unknown = list?.['DATA'];
  if (!Array.isArray(data)) return undefined;
  const total = list?.['total'];
  return {
    tasks: data.map(readTask).filter((task) => task !== undefined),
    listed: data.length,
    total: typeof total === 'number' ? total : data.length,
  };
}

/** The first event of an event list. @returns undefined when the list is empty, or none */
export function readFirstEvent(body: unknown): TaskError | undefined {
  const data = fields(body)?.['DATA'];
  const event = Array.isArray(data) ? fields(data[0]) : undefined;
  const code = text(event?.['code']);
  if (event === undefined || code === undefined) return undefined;
  return {
    code,
    description: oneLine(text(event['description']) ?? '', MAX_DESCRIPTION),
    details: eventDetails(text(event['details']) ?? ''),
  };
}

/** A time as Globus writes it into filters: UTC, whole seconds. */
export function wireTime(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Text of Globus made fit for one line of a message: no control characters, no addresses, bounded. */
export function oneLine(value: string, maxLength: number): string {
  const line = value
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/\bhttps?:\/\/\S+/g, '(address)')
    .trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).trimEnd()}…`;
}

const MAX_DESCRIPTION = 200;
const MAX_DETAILS = 400;

/** What follows `---` is a protocol's dump, and the server is nobody's business but Globus's. */
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

/** Globus writes an offset; without one it means UTC. */
function readTime(value: unknown): number | undefined {
  const written = text(value)?.replace(' ', 'T');
  if (written === undefined) return undefined;
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(written) ? written : `${written}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function texts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = value.filter((one): one is string => typeof one === 'string' && one !== '');
  return found.length === 0 ? undefined : found;
}

function uuid(value: unknown): string | undefined {
  return typeof value === 'string' && isUuid(value) ? value : undefined;
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** Null and nonsense count as none: a number too few is no reason to lose sight of a task. */
function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, Math.trunc(value)) : 0;
}
