/** What can go wrong with a path or a task: a selection of Globus's event codes. */
export type TroubleCode =
  | 'AMBIGUOUS_PATH'
  | 'AUTH'
  | 'CONNECT_FAILED'
  | 'CONNECTION_BROKEN'
  | 'CONNECTION_RESET'
  | 'ENDPOINT_ERROR'
  | 'ENDPOINT_TOO_BUSY'
  | 'FILE_NOT_FOUND'
  | 'FILE_SIZE_CHANGED'
  | 'GC_NOT_CONNECTED'
  | 'GC_PAUSED'
  | 'INTERNAL_ERROR'
  | 'INVALID_PATH_NAME'
  | 'INVALID_SYMLINK'
  | 'IS_A_DIRECTORY'
  | 'LIMIT_EXCEEDED'
  | 'NOT_A_DIRECTORY'
  | 'NOT_A_SYMLINK'
  | 'NO_SPACE_LEFT'
  | 'PERMISSION_DENIED'
  | 'QUOTA_EXCEEDED'
  | 'TIMEOUT'
  | 'UNKNOWN'
  | 'VERIFY_CHECKSUM';

/** Codes of the events of a task. */
export type EventCode =
  | TroubleCode
  | 'CANCELED'
  | 'EXPIRED'
  | 'PAUSED'
  | 'PROGRESS'
  | 'SKIPPED_ERRORS'
  | 'STARTED'
  | 'SUCCEEDED'
  | 'UNPAUSED';

/** Globus's description of a code, such as "file not found". */
export function describeCode(code: EventCode): string {
  return code === 'EXPIRED' ? 'deadline expired' : code.toLowerCase().replaceAll('_', ' ');
}

/** A problem with a path. */
export interface Trouble {
  readonly code: TroubleCode;
  /** For the event's `details`. */
  readonly details: string;
}
