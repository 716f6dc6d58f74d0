import type { AuditSubject } from '../domain/audit-subject.js';
import type { FacilityHold } from '../domain/facility-hold.js';
import type { Transfer } from '../domain/transfer.js';
import type { TransferState } from '../domain/transfer-state.js';
import type { SubmitOutcome } from './globus-transfers.port.js';

/** An operation that the rules allow or refuse. */
type DecidedOperation =
  | 'authenticate'
  | 'request'
  | 'preview'
  | 'facilities'
  | 'list'
  | 'look-up'
  | 'cancel'
  | 'hold'
  | 'release';

/** An access decision. All strings are for operators. */
export interface Decision {
  readonly kind: 'decided';
  readonly requestId: string;
  readonly operation: DecidedOperation;
  readonly allowed: boolean;
  /** Name of the rule that decided. */
  readonly rule: string;
  /** A sentence with the values that were compared. */
  readonly reason: string;
  /** What the caller gave as their reason. */
  readonly statedReason?: string;
  /** Absent: the caller is unknown. */
  readonly username?: string;
  /** The caller's network address, when there is no username. */
  readonly address?: string;
  readonly datasetPid?: string;
  readonly jobId?: string;
  /** The facility to hold or release. */
  readonly facility?: string;
  readonly sourceFacility?: string;
  readonly destinationFacility?: string;
  /** The dataset's folder on the source collection. */
  readonly sourcePath?: string;
  /** Its folder on the destination collection. */
  readonly destinationPath?: string;
}

/** Something that the service did with its own accounts on a user's behalf. All strings are for operators. */
export interface Audited {
  readonly kind: 'audited';
  /**
   * - `submit`: a submission was sent to Globus, with this `outcome`.
   * - `mark`: the dataset was marked as archivable.
   * - `archive`: an archive job was created.
   * - `cancel`: Globus was asked to cancel the task.
   * - `remove`: the transfer's job was removed from SciCat.
   * - `deny`: a transfer that was accepted is no longer allowed, and ends.
   */
  readonly action: 'submit' | 'mark' | 'archive' | 'cancel' | 'remove' | 'deny';
  readonly subject: AuditSubject;
  readonly outcome?: SubmitOutcome['kind'];
  readonly globusTaskId?: string;
  readonly archiveJobId?: string;
  /** Who wanted it, where that is not simply the requester. */
  readonly by?: string;
  readonly reason?: string;
}

/**
 * Events for the log, the metrics and the audit trail. `requestId` names the HTTP request in which the
 * event happened or that created the transfer; the latter is unknown after a restart.
 */
export type TransferEvent =
  /** A request was allowed or refused. */
  | Decision
  /** A transfer was accepted; its job is in SciCat. */
  | { readonly kind: 'accepted'; readonly transfer: Transfer; readonly requestId: string }
  /** A request was answered with the job of an equal open transfer. */
  | {
      readonly kind: 'repeated';
      readonly jobId: string;
      readonly datasetPid: string;
      readonly username: string;
      readonly requestId: string;
    }
  /**
   * An open transfer was adopted from SciCat. `writtenBy`: another account than ours wrote its job last, so
   * the job was not believed.
   */
  | { readonly kind: 'adopted'; readonly transfer: Transfer; readonly writtenBy?: string }
  | Audited
  /** A transfer's state, its reason to wait or its trouble changed. */
  | {
      readonly kind: 'changed';
      readonly transfer: Transfer;
      readonly from: TransferState;
      readonly requestId: string | undefined;
    }
  /** A transfer's end was requested by a user, or by the service because it stalled. */
  | {
      readonly kind: 'end-requested';
      readonly transfer: Transfer;
      readonly requestId: string | undefined;
    }
  /** Globus copied this much since the last poll; only what was certainly not counted before. */
  | {
      readonly kind: 'moved';
      readonly transfer: Transfer;
      readonly bytes: number;
      readonly files: number;
    }
  /** A Globus task succeeded or failed. Milliseconds since the epoch by Globus's clock. */
  | {
      readonly kind: 'task-ended';
      readonly transfer: Transfer;
      readonly startedAt: number | undefined;
      readonly endedAt: number | undefined;
    }
  /** SciCat shows the end, or removed the job on request. A transfer's last event. */
  | {
      readonly kind: 'end-written';
      readonly transfer: Transfer;
      readonly requestId: string | undefined;
    }
  /** A job in SciCat can't be used. Reported once per job. */
  | { readonly kind: 'job-ignored'; readonly jobId: string; readonly reason: string }
  /** SciCat keeps refusing writes to a job; they are retried hourly. */
  | { readonly kind: 'job-parked'; readonly jobId: string; readonly reason: string }
  /** A write to SciCat failed and will be retried. */
  | { readonly kind: 'write-failed'; readonly jobId: string; readonly reason: string }
  /** The transfer's job is no longer in SciCat. */
  | { readonly kind: 'job-gone'; readonly jobId: string }
  /** Globus was polled, or polling failed. */
  | {
      readonly kind: 'observed';
      readonly inFlight: number;
      readonly calls: number;
      readonly error?: string;
    }
  /** All open jobs in SciCat were read, or reading them failed. */
  | {
      readonly kind: 'swept';
      readonly open: number;
      readonly adopted: number;
      readonly error?: string;
    }
  /** Transfers wait for a facility that a new configuration no longer has in that role. */
  | { readonly kind: 'withdrawn'; readonly reason: string; readonly waiting: number }
  /** An operator holds a facility. */
  | { readonly kind: 'facility-held'; readonly hold: FacilityHold; readonly requestId: string }
  /** A hold has ended: by itself, or by an operator. */
  | {
      readonly kind: 'facility-released';
      readonly hold: FacilityHold;
      /** User name; absent if the hold has ended by itself. */
      readonly by?: string;
      readonly requestId?: string;
    }
  /** Something needs an operator; reported once until cleared. */
  | {
      readonly kind: 'alarm';
      readonly alarm: string;
      readonly reason: string;
      /** What was thrown: for the log only. */
      readonly error?: unknown;
    }
  | { readonly kind: 'alarm-cleared'; readonly alarm: string };

/** Receives events for logs, metrics and the audit trail. Must never throw or block. */
export interface TransferEvents {
  emit(event: TransferEvent): void;
}

/** Injection token of {@link TransferEvents}. */
export const TRANSFER_EVENTS = Symbol('TransferEvents');
