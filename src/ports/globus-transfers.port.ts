import type { CopyOptions, RecordedSide } from '../domain/transfer-record.js';
import type { StoredFileList } from '../file-lists/stored-format.js';

/** A submission to Globus. */
export interface TransferRequest {
  readonly submissionId: string;
  readonly label: string;
  readonly source: RecordedSide;
  readonly destination: RecordedSide;
  readonly copy: CopyOptions;
  /** Undefined: the whole folder, recursively. */
  readonly files: StoredFileList | undefined;
}

/** The outcome of a submission. */
export type SubmitOutcome =
  /** Globus has the task, from this request or an earlier one with the same submission id. */
  | { readonly kind: 'accepted'; readonly taskId: string }
  /** Globus refuses permanently. `reason` is for the scientist, with Globus's request id. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Another task with identical paths has not ended yet. Nothing was started. */
  | { readonly kind: 'conflict'; readonly reason: string }
  /** None of our transfers now: rate limit, maintenance, too many pending. Nothing was started. */
  | {
      readonly kind: 'busy';
      readonly reason: string;
      readonly retryAfterSeconds?: number | undefined;
    }
  /** The submission id is not, or no longer, accepted. Nothing was started. */
  | { readonly kind: 'submission-id-refused'; readonly reason: string }
  /** Our credentials are refused: nothing can be submitted until an operator acts. */
  | { readonly kind: 'account-refused'; readonly reason: string }
  /** Our account can't get the scopes for these collections; other transfers are not affected. */
  | { readonly kind: 'scopes-refused'; readonly reason: string }
  /** No clear answer: Globus may have the task. Submit again with the same id. */
  | { readonly kind: 'unclear'; readonly reason: string };

/** A Globus task, reduced to what the tracker needs. */
export interface GlobusTask {
  readonly taskId: string;
  readonly status: 'ACTIVE' | 'INACTIVE' | 'SUCCEEDED' | 'FAILED';
  readonly label: string | undefined;
  /** Collection UUIDs; undefined if Globus does not tell. */
  readonly sourceCollection: string | undefined;
  readonly destinationCollection: string | undefined;
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
  /** Source errors that Globus was told to skip; above 0 the copy is incomplete. */
  readonly skippedErrors: number;
  /** Milliseconds since the epoch by Globus's clock; undefined if unknown. */
  readonly requestedAt: number | undefined;
  /** Milliseconds since the epoch by Globus's clock; undefined while running. */
  readonly completedAt: number | undefined;
}

/** Why a task did not succeed. */
export interface FatalError {
  /** `cancelled`: on request. `expired`: past its deadline. */
  readonly kind: 'cancelled' | 'expired' | 'failed';
  /** Globus's own code. */
  readonly code: string;
  readonly description: string;
}

/** The newest error event of a task. */
export interface TaskError {
  readonly code: string;
  readonly description: string;
  /** The start of Globus's details, on one line, bounded in length. */
  readonly details: string;
}

/**
 * Selects tasks of our account, of type TRANSFER. Running ones are listed by request time and completed
 * ones by completion time, earliest first, so that a cut listing can be continued from its last task.
 */
export type TaskQuery =
  | { readonly by: 'ids'; readonly taskIds: readonly string[] }
  | { readonly by: 'running'; readonly requestedFrom?: number }
  | { readonly by: 'completed'; readonly since: number }
  | { readonly by: 'label'; readonly label: string };

/** The tasks of a query; `complete` is false when Globus may have more. */
export interface TaskSlice {
  readonly tasks: readonly GlobusTask[];
  readonly complete: boolean;
}

/**
 * Globus, under the service's one client identity. Calls throw an `UpstreamError`, which is a
 * `ServiceAccountError` when our credentials are refused.
 */
export interface GlobusTransfers {
  /** Our client id; a task is visible only to the client that submitted it. */
  clientId(): string;

  /** A fresh submission id. */
  newSubmissionId(signal?: AbortSignal): Promise<string>;

  /**
   * Submits a transfer. Never throws for what Globus or the network do.
   *
   * @throws SpoolUnavailableError when the file list can't be read; nothing was started by this call
   */
  submit(request: TransferRequest, signal?: AbortSignal): Promise<SubmitOutcome>;

  /** One listing of our tasks. */
  list(query: TaskQuery, signal?: AbortSignal): Promise<TaskSlice>;

  /** One task. @returns undefined when Globus does not know it, or not as ours */
  task(taskId: string, signal?: AbortSignal): Promise<GlobusTask | undefined>;

  /** Requests a task's cancellation; only polling the task shows whether it ended. */
  cancel(taskId: string, signal?: AbortSignal): Promise<void>;

  /** The newest error event. @returns undefined when there is none */
  latestError(taskId: string, signal?: AbortSignal): Promise<TaskError | undefined>;
}

/** Injection token of {@link GlobusTransfers}. */
export const GLOBUS_TRANSFERS = Symbol('GlobusTransfers');
