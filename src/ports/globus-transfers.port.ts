import type { CopyOptions, RecordedSide } from '../domain/transfer-record.js';
import type { StoredFileList } from '../file-lists/stored-format.js';

/** What Globus is asked to do. */
export interface TransferRequest {
  readonly submissionId: string;
  readonly label: string;
  readonly source: RecordedSide;
  readonly destination: RecordedSide;
  readonly copy: CopyOptions;
  /** Undefined: the whole folder, with all that is in it. */
  readonly files: StoredFileList | undefined;
}

/** What came of asking Globus to start a transfer. */
export type SubmitOutcome =
  /** Globus has the task, from now or (the same submission, sent again) from earlier. */
  | { readonly kind: 'accepted'; readonly taskId: string }
  /** Globus refuses for good. `reason` is for the scientist, with Globus's request id. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Another task with identical paths has not ended yet. Nothing was started. */
  | { readonly kind: 'conflict'; readonly reason: string }
  /** Not now, from any of our transfers: rate limit, maintenance, too many pending. Nothing was started. */
  | {
      readonly kind: 'busy';
      readonly reason: string;
      readonly retryAfterSeconds?: number | undefined;
    }
  /** The submission id is not accepted (any more). Nothing was started. */
  | { readonly kind: 'submission-id-refused'; readonly reason: string }
  /** Our own credentials are refused: nothing can be submitted until an operator acts. */
  | { readonly kind: 'account-refused'; readonly reason: string }
  /** Our account can't get the scopes of these collections: others may go on. */
  | { readonly kind: 'scopes-refused'; readonly reason: string }
  /** No answer, or none that tells: Globus may have the task. Submit again with the same id. */
  | { readonly kind: 'unclear'; readonly reason: string };

/** A Globus task, reduced to what the tracker needs. */
export interface GlobusTask {
  readonly taskId: string;
  readonly status: 'ACTIVE' | 'INACTIVE' | 'SUCCEEDED' | 'FAILED';
  readonly label: string | undefined;
  /** `OK`, `Queued`, or the code of the last problem; undefined once the task has ended. */
  readonly niceStatus: string | undefined;
  readonly isPaused: boolean;
  /** What ended a task with status `FAILED`; undefined if Globus gave no reason. */
  readonly fatalError: FatalError | undefined;
  readonly canceledByAdmin: string | undefined;
  readonly canceledByAdminMessage: string | undefined;
  readonly faults: number;
  readonly files: number;
  readonly filesTransferred: number;
  readonly filesSkipped: number;
  readonly bytesTransferred: number;
  readonly bytesPerSecond: number;
  /** Source errors that Globus was told to skip: the copy is not whole. */
  readonly skippedErrors: number;
  /** Milliseconds since the epoch by Globus's clock; undefined if Globus did not tell. */
  readonly requestedAt: number | undefined;
  /** Milliseconds since the epoch by Globus's clock; undefined while running. */
  readonly completedAt: number | undefined;
}

/** Why a task did not succeed. */
export interface FatalError {
  /** `cancelled`: on request. `expired`: its deadline passed. */
  readonly kind: 'cancelled' | 'expired' | 'failed';
  /** Globus's own code. */
  readonly code: string;
  readonly description: string;
}

/** The newest error event of a task. */
export interface TaskError {
  readonly code: string;
  readonly description: string;
  /** First lines of Globus's details, one line, bounded. */
  readonly details: string;
}

/**
 * A slice of our account's tasks of type TRANSFER. Running ones are listed from the earliest
 * request on, completed ones from the earliest completion on, so that a listing that was cut can be
 * continued from its last task.
 */
export type TaskQuery =
  | { readonly by: 'ids'; readonly taskIds: readonly string[] }
  | { readonly by: 'running'; readonly requestedFrom?: number }
  | { readonly by: 'completed'; readonly since: number }
  | { readonly by: 'label'; readonly label: string };

/** The tasks of a slice; `complete` is false when Globus may hold more than it listed. */
export interface TaskSlice {
  readonly tasks: readonly GlobusTask[];
  readonly complete: boolean;
}

/**
 * Globus, by the proxy's one client identity. Reading calls throw an `UpstreamError`
 * (`ServiceAccountError` when our own credentials are refused).
 */
export interface GlobusTransfers {
  /** Client id of the account; a task is visible only to the one that submitted it. */
  clientId(): string;

  /** A fresh submission id. */
  newSubmissionId(signal?: AbortSignal): Promise<string>;

  /**
   * Asks Globus to start a transfer. Never throws for what Globus or the network do.
   *
   * @throws SpoolUnavailableError when the file list can't be read; nothing was started by this call
   */
  submit(request: TransferRequest, signal?: AbortSignal): Promise<SubmitOutcome>;

  /** One listing of our tasks. */
  list(query: TaskQuery, signal?: AbortSignal): Promise<TaskSlice>;

  /** One task. @returns undefined when Globus does not know it, or not as ours */
  task(taskId: string, signal?: AbortSignal): Promise<GlobusTask | undefined>;

  /** Cancels a task; proves nothing, the task must be polled again. */
  cancel(taskId: string, signal?: AbortSignal): Promise<void>;

  /** The newest error event. @returns undefined when there is none */
  latestError(taskId: string, signal?: AbortSignal): Promise<TaskError | undefined>;
}

/** Injection token of {@link GlobusTransfers}. */
export const GLOBUS_TRANSFERS = Symbol('GlobusTransfers');
