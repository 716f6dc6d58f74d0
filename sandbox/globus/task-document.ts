import { describeCode } from './event-codes.js';
import { badRequest } from './refusals.js';
import {
  historyDeleted,
  niceStatusOf,
  progressOf,
  statusOf,
  type Progress,
  type Task,
} from './task.js';
import { taskTime } from './times.js';

type Field = (task: Task, progress: Progress, now: number) => unknown;

/** All fields of a task document, of which a client may request some. */
const fields: Readonly<Record<string, Field>> = {
  DATA_TYPE: () => 'task',
  task_id: (task) => task.id,
  type: () => 'TRANSFER',
  status: (task) => statusOf(task),
  label: (task) => task.label,
  owner_id: (task) => task.clientId,
  username: (task) => `${task.clientId}@clients.auth.globus.org`,
  request_time: (task) => taskTime(task.requestedAt),
  completion_time: (task) => (task.phase.kind === 'ended' ? taskTime(task.phase.at) : null),
  deadline: (task) => taskTime(task.deadline),
  command: () => 'API 0.10',
  source_endpoint: (task) => task.source.displayName,
  source_endpoint_id: (task) => task.source.id,
  source_endpoint_display_name: (task) => task.source.displayName,
  destination_endpoint: (task) => task.destination.displayName,
  destination_endpoint_id: (task) => task.destination.id,
  destination_endpoint_display_name: (task) => task.destination.displayName,
  source_local_user: () => null,
  destination_local_user: () => null,
  fatal_error: (task) => (task.phase.kind === 'ended' ? task.phase.fatalError : null),
  // Fact: is_ok and all nice_status fields are null once a task has ended.
  is_ok: (task, _progress, now) => whileAlive(task, () => isOk(task, now)),
  nice_status: (task, _progress, now) => niceStatusOf(task, now),
  nice_status_short_description: (task, _progress, now) =>
    whileAlive(task, () => shortDescription(task, now)),
  nice_status_expires_in: (task, _progress, now) =>
    whileAlive(task, () => (isOk(task, now) ? -1 : 0)),
  nice_status_details: () => null,
  is_paused: (task) => task.phase.kind === 'paused',
  sync_level: (task) => task.request.syncLevel,
  encrypt_data: (task) => task.request.encryptData,
  verify_checksum: (task) => task.request.verifyChecksum,
  preserve_timestamp: (task) => task.request.preserveTimestamp,
  skip_source_errors: (task) => task.request.skipSourceErrors,
  fail_on_quota_errors: (task) => task.request.failOnQuotaErrors,
  recursive_symlinks: (task) => task.request.recursiveSymlinks,
  delete_destination_extra: () => false,
  filter_rules: () => null,
  history_deleted: (task, _progress, now) => historyDeleted(task, now),
  faults: (task) => task.faults,
  // Fact: there is no field for the total size.
  files: (_task, progress) => progress.files,
  directories: (_task, progress) => progress.directories,
  symlinks: (_task, progress) => progress.symlinks,
  files_skipped: (_task, progress) => progress.filesSkipped,
  files_transferred: (_task, progress) => progress.filesTransferred,
  bytes_transferred: (_task, progress) => progress.bytesTransferred,
  bytes_checksummed: (_task, progress) => progress.bytesChecksummed,
  effective_bytes_per_second: (task, progress, now) => {
    const end = task.phase.kind === 'ended' ? task.phase.at : now;
    return Math.floor(progress.bytesTransferred / Math.max(1, (end - task.requestedAt) / 1000));
  },
  subtasks_total: (_task, progress) => progress.total,
  subtasks_succeeded: (_task, progress) => progress.succeeded,
  subtasks_skipped_errors: (_task, progress) => progress.skippedErrors.length,
  subtasks_retrying: (task, progress) => (task.phase.kind === 'ended' ? 0 : progress.retrying),
  subtasks_pending: (task, progress) => (task.phase.kind === 'ended' ? 0 : openSubtasks(progress)),
  subtasks_expired: (task, progress) => endedBy(task, 'EXPIRED') * openSubtasks(progress),
  subtasks_canceled: (task, progress) => endedBy(task, 'CANCELED') * openSubtasks(progress),
  subtasks_failed: (task, progress) => {
    const code = task.phase.kind === 'ended' ? task.phase.fatalError?.code : undefined;
    const failed = code !== undefined && code !== 'EXPIRED' && code !== 'CANCELED';
    return failed ? openSubtasks(progress) : 0;
  },
  canceled_by_admin: (task) => task.canceledByAdmin,
  canceled_by_admin_message: (task) => task.canceledByAdminMessage,
};

const allNames = Object.keys(fields);

/**
 * The names in a query's `fields`; all names if it is absent.
 *
 * @throws TransferRefusal 400 for an unknown name
 */
export function fieldNames(query: string | null): readonly string[] {
  if (query === null || query === '') return allNames;
  const names = query.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(name in fields));
  if (unknown !== undefined) throw badRequest(`'${unknown}' is not a field of a task`);
  return names;
}

export function taskDocument(
  task: Task,
  now: number,
  names: readonly string[] = allNames,
): Record<string, unknown> {
  const progress = progressOf(task, now);
  const document: Record<string, unknown> = {};
  for (const name of names) document[name] = fields[name]?.(task, progress, now);
  return document;
}

/** Newest first (fact). */
export function eventDocuments(task: Task, now: number, isError: boolean | undefined): unknown[] {
  if (historyDeleted(task, now)) return [];
  return task.events
    .filter((event) => isError === undefined || event.isError === isError)
    .reverse()
    .map((event) => ({
      DATA_TYPE: 'event',
      code: event.code,
      description: describeCode(event.code),
      details: event.details,
      is_error: event.isError,
      time: taskTime(event.at),
    }));
}

export function skippedErrorDocuments(task: Task, now: number): unknown[] {
  return progressOf(task, now).skippedErrors.map((error) => ({
    DATA_TYPE: 'skipped_error',
    error_code: error.code,
    error_details: error.details,
    error_time: taskTime(error.at),
    source_path: error.source,
    destination_path: error.destination,
    is_directory: error.isDirectory,
    is_symlink: error.isSymlink,
    is_delete_destination_extra: false,
    external_checksum: null,
    checksum_algorithm: null,
  }));
}

/** Fact: without folders, and without files that were skipped because they were already there. */
export function transferredDocuments(task: Task, now: number): unknown[] {
  if (historyDeleted(task, now)) return [];
  return progressOf(task, now).transferred.map(({ source, destination }) => ({
    DATA_TYPE: 'successful_transfer',
    source_path: source,
    destination_path: destination,
  }));
}

function whileAlive<T>(task: Task, value: () => T): T | null {
  return task.phase.kind === 'ended' ? null : value();
}

function isOk(task: Task, now: number): boolean {
  const niceStatus = niceStatusOf(task, now);
  return niceStatus === 'OK' || niceStatus === 'Queued';
}

function shortDescription(task: Task, now: number): string {
  const niceStatus = niceStatusOf(task, now);
  if (niceStatus === 'OK' || niceStatus === 'Queued') return niceStatus;
  if (task.phase.kind === 'paused') return 'paused by administrator';
  return task.lastError === null ? 'OK' : describeCode(task.lastError.code);
}

function openSubtasks(progress: Progress): number {
  return Math.max(0, progress.total - progress.succeeded - progress.skippedErrors.length);
}

function endedBy(task: Task, code: 'EXPIRED' | 'CANCELED'): number {
  return task.phase.kind === 'ended' && task.phase.fatalError?.code === code ? 1 : 0;
}
