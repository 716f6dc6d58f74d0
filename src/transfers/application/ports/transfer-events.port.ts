import type { Transfer } from '../../domain/transfer.js';
import type { TransferState } from '../../domain/transfer-state.js';

/** What happens to transfers and is worth a log line, a metric or an audit line. */
export type TransferEvent =
  /** A request was allowed or refused. `rule` names what decided. */
  | {
      readonly kind: 'decided';
      readonly operation: 'request' | 'preview' | 'cancel' | 'look-up';
      readonly allowed: boolean;
      readonly rule: string;
      readonly username: string;
      readonly datasetPid?: string;
      readonly jobId?: string;
      readonly sourceFacility?: string;
      readonly destinationFacility?: string;
    }
  /** A transfer was accepted: its job is in SciCat. */
  | { readonly kind: 'accepted'; readonly transfer: Transfer }
  /** A request was answered with the job of an equal one that is still open. */
  | { readonly kind: 'repeated'; readonly jobId: string; readonly username: string }
  /** A transfer was taken up again from SciCat. */
  | { readonly kind: 'adopted'; readonly transfer: Transfer }
  /** A transfer went from one state to the next, or waits for another reason. */
  | { readonly kind: 'changed'; readonly transfer: Transfer; readonly from: TransferState }
  /** Somebody asked for a transfer's end. */
  | { readonly kind: 'end-requested'; readonly transfer: Transfer }
  /** A job in SciCat could not be used. Reported once for each job. */
  | { readonly kind: 'job-ignored'; readonly jobId: string; readonly reason: string }
  /** A job can't be written for now and is tried hourly. */
  | { readonly kind: 'job-parked'; readonly jobId: string; readonly reason: string }
  /** A write to SciCat failed and will be repeated. */
  | { readonly kind: 'write-failed'; readonly jobId: string; readonly reason: string }
  /** The transfer's job is no longer in SciCat. */
  | { readonly kind: 'job-gone'; readonly jobId: string }
  /** Globus was looked at, or could not be. */
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
