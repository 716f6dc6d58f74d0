import type { GlobusTask } from '../../ports/globus-transfers.port.js';

/**
 * Codes of Globus's event list, also found in `nice_status`, with which Globus retries until the
 * deadline although only a human can help.
 */
const HUMAN_CODES: Readonly<Record<string, string>> = {
  PERMISSION_DENIED: 'permission denied: the collection does not let the service read or write',
  FILE_NOT_FOUND: 'file not found: a file or folder of the dataset is not at the source',
  QUOTA_EXCEEDED: 'quota exceeded at the destination',
  NO_SPACE_LEFT: 'no space left at the destination',
  INVALID_PATH_NAME: 'a path has a name that the collection does not allow',
  AMBIGUOUS_PATH: 'a path is ambiguous',
  IS_A_DIRECTORY: 'there is a folder where a file was expected',
  IS_A_FILE: 'there is a file where a folder was expected',
  NOT_A_DIRECTORY: 'there is a file where a folder was expected',
  NOT_A_FILE: 'there is something other than a file where a file was expected',
  INVALID_SYMLINK: 'a symbolic link leads nowhere',
  NOT_A_SYMLINK: 'a symbolic link was expected',
};

/** Codes of problems that usually pass by themselves. */
const PASSING_CODES: Readonly<Record<string, string>> = {
  AUTH: 'the collection did not accept the login',
  CONNECT_FAILED: 'the collection cannot be reached',
  CONNECTION_BROKEN: 'the connection to the collection broke',
  CONNECTION_RESET: 'the connection to the collection broke',
  ENDPOINT_ERROR: 'the collection reports an internal error',
  ENDPOINT_TOO_BUSY: 'the collection is too busy',
  FILE_SIZE_CHANGED: 'a file changed while being copied',
  GC_NOT_CONNECTED: 'the computer that hosts the collection is not connected to Globus',
  GC_PAUSED: 'the computer that hosts the collection has paused Globus',
  PAUSED: 'paused by an administrator of a collection',
  PAUSED_BY_ADMIN: 'paused by an administrator of a collection',
  TIMEOUT: 'the collection did not answer in time',
  VERIFY_CHECKSUM: 'a checksum did not match; the file is being copied again',
};

/** Whether a running task has a problem that only a human can solve. */
export function needsHuman(task: GlobusTask): boolean {
  return task.niceStatus !== undefined && Object.hasOwn(HUMAN_CODES, task.niceStatus);
}

/** Codes with which a task stands still until someone acts, though perhaps not because of the files. */
const STANDSTILL_CODES: readonly string[] = [
  'PAUSED',
  'PAUSED_BY_ADMIN',
  'GC_PAUSED',
  'GC_NOT_CONNECTED',
];

/** Whether a task that makes no progress would make none for a while, because someone has to act. */
export function standsStill(task: GlobusTask): boolean {
  return (
    needsHuman(task) ||
    task.isPaused ||
    task.status === 'INACTIVE' ||
    (task.niceStatus !== undefined && STANDSTILL_CODES.includes(task.niceStatus))
  );
}

/** Whether a running task has a problem. Being queued is not one. */
export function isProblem(task: GlobusTask): boolean {
  return (
    task.status === 'INACTIVE' ||
    task.isPaused ||
    (task.niceStatus !== undefined && task.niceStatus !== 'OK' && task.niceStatus !== 'Queued')
  );
}

/** What to tell the scientist about a running task; undefined while all is well. */
export function troubleInWords(task: GlobusTask): string | undefined {
  const code = task.niceStatus;
  if (code === 'Queued') return 'queued at Globus, which runs only a few transfers at a time';
  const words =
    code === undefined || code === 'OK'
      ? undefined
      : `${own(HUMAN_CODES, code) ?? own(PASSING_CODES, code) ?? 'Globus reports a problem'} (${code})`;
  if (words !== undefined) return words;
  if (task.isPaused) return 'paused';
  if (task.status === 'INACTIVE')
    return "suspended by Globus until the service's credentials are renewed";
  return undefined;
}

function own(table: Readonly<Record<string, string>>, code: string): string | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
