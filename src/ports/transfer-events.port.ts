import type { Transfer } from '../domain/transfer.js';
import type { TransferState } from '../domain/transfer-state.js';

/** An operation that the rules allow or refuse. */
type DecidedOperation =
  'authenticate' | 'request' | 'preview' | 'facilities' | 'list' | 'look-up' | 'cancel';

/** Who was allowed what, or why not. All texts are for operators. */
export interface Decision {
  readonly kind: 'decided';
  readonly requestId: string;
  readonly operation: DecidedOperation;
  readonly allowed: boolean;
  /** Short name of the rule that decided. */
  readonly rule: string;
  /** Why, as a sentence, with the values that were compared. */
  readonly reason: string;
  /** Absent: the caller is unknown. */
  readonly username?: string;
  /** The caller's network address, where there is no name. */
  readonly address?: string;
  readonly datasetPid?: string;
  readonly jobId?: string;
  readonly sourceFacility?: string;
  readonly destinationFacility?: string;
  /** Where the dataset's folder is on the source collection. */
  readonly sourcePath?: string;
  /** Where it goes on the destination collection. */
  readonly destinationPath?: string;
}

/**
 * What happens to transfers and is worth a log line, a metric or an audit line. `requestId` is that
 * of the HTTP request in which it happened, or from which the transfer came; after a restart the
 * latter is no longer known.
 */
export type TransferEvent =
  /** A request was allowed or refused. */
  | Decision
  /** A transfer was accepted: its job is in SciCat. */
  | { readonly kind: 'accepted'; readonly transfer: Transfer; readonly requestId: string }
  /** A request was answered with the job of an equal one that is still open. */
  | {
      readonly kind: 'repeated';
      readonly jobId: string;
      readonly datasetPid: string;
      readonly username: string;
      readonly requestId: string;
    }
  /** A transfer was taken up again from SciCat. */
  | { readonly kind: 'adopted'; readonly transfer: Transfer }
  /** A transfer went to another state, waits for another reason, or met or lost a trouble. */
  | {
      readonly kind: 'changed';
      readonly transfer: Transfer;
      readonly from: TransferState;
      readonly requestId: string | undefined;
    }
  /** A transfer's end was requested, by a user or by the service, since it has stalled. */
  | {
      readonly kind: 'end-requested';
      readonly transfer: Transfer;
      readonly requestId: string | undefined;
    }
  /** Globus copied this much more since the last poll, for certain and not counted before. */
  | {
      readonly kind: 'moved';
      readonly transfer: Transfer;
      readonly bytes: number;
      readonly files: number;
    }
  /** A Globus task has ended, well or not. Milliseconds since the epoch by Globus's clock. */
  | {
      readonly kind: 'task-ended';
      readonly transfer: Transfer;
      readonly startedAt: number | undefined;
      readonly endedAt: number | undefined;
    }
  /** SciCat shows the end, or has removed the job if that was requested. The last event of a transfer. */
  | {
      readonly kind: 'end-written';
      readonly transfer: Transfer;
      readonly requestId: string | undefined;
    }
  /** A job in SciCat could not be used. Reported once for each job. */
  | { readonly kind: 'job-ignored'; readonly jobId: string; readonly reason: string }
  /** A job can't be written for now and is tried hourly. */
  | { readonly kind: 'job-parked'; readonly jobId: string; readonly reason: string }
  /** A write to SciCat failed and will be retried. */
  | { readonly kind: 'write-failed'; readonly jobId: string; readonly reason: string }
  /** The transfer's job is no longer in SciCat. */
  | { readonly kind: 'job-gone'; readonly jobId: string }
  /** Globus was polled, or could not be. */
  | {
      readonly kind: 'observed';
      readonly inFlight: number;
      readonly calls: number;
      readonly error?: string;
    }
  /** All open jobs in SciCat were read, or could not be. */
  | {
      readonly kind: 'swept';
      readonly open: number;
      readonly adopted: number;
      readonly error?: string;
    }
  /** Something needs an operator; said once until it is cleared. */
  | { readonly kind: 'alarm'; readonly alarm: string; readonly reason: string }
  | { readonly kind: 'alarm-cleared'; readonly alarm: string };

/** Where logs, metrics and the audit trail listen. Must never throw and never block. */
export interface TransferEvents {
  emit(event: TransferEvent): void;
}

/** Injection token of {@link TransferEvents}. */
export const TRANSFER_EVENTS = Symbol('TransferEvents');
