import type { TransferRecord } from './transfer-record.js';
import { mayMove, type TransferState } from './transfer-state.js';

/**
 * One transfer as the service knows it. Immutable: every change is one of the functions below, and
 * no other way leads from state to state.
 */
export interface Transfer {
  /** Id of the SciCat job that this transfer is. */
  readonly jobId: string;
  /** UUID of the transfer; names its spool file and is kept in its archive job. */
  readonly key: string;
  readonly datasetPid: string;
  readonly origin: TransferOrigin;
  /** When the job was made, milliseconds since the epoch by SciCat's clock. The queue's order. */
  readonly requestedAt: number;
  /** Globus's idempotency key in force; undefined until one was fetched. */
  readonly submissionId: string | undefined;
  /** The transfer is to end. In SciCat before the caller is told so. */
  readonly endRequested: EndRequest | undefined;
  readonly progress: Progress;
  /** How often Globus was asked to start the transfer. */
  readonly attempts: number;
  readonly status: TransferStatus;
}

/** What says how a transfer is to be carried out. */
type TransferOrigin =
  | { readonly kind: 'recorded'; readonly record: TransferRecord }
  /** A job of the Go program that this service replaces: it kept no record of what was asked. */
  | { readonly kind: 'go-version'; readonly ownerGroup: string };

/** A request to end a transfer. */
export interface EndRequest {
  /** `user`: DELETE. `stalled`: `task.stallTimeout` ran out. */
  readonly reason: 'user' | 'stalled';
  /** User name, or in words what the transfer was stalled by. */
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Remove the SciCat job once the end is known. */
  readonly remove: boolean;
}

/** How far Globus is. All numbers are whole and not negative, and never go back. */
export interface Progress {
  readonly bytesTransferred: number;
  readonly filesTransferred: number;
  /** Files found so far; Globus goes on finding while it copies. */
  readonly filesTotal: number;
  /** Size of the dataset by SciCat; Globus has no such number. */
  readonly bytesTotal: number;
  /** Error events so far. Some are normal. */
  readonly faults: number;
  readonly bytesPerSecond?: number;
  readonly niceStatus?: string;
}

/** The part of a dataset's lifecycle that marking it as archivable depends on. */
export interface LifecycleFound {
  readonly archivable: boolean;
  readonly archiveStatusMessage: string;
  readonly retrievable: boolean;
}

/** What could not be done after the files had arrived; the transfer counts as finished. */
export interface Shortfall {
  readonly kind: 'not-marked' | 'no-archive-job';
  readonly error: string;
}

/**
 * What Globus has of a waiting transfer. `not-sent`: certainly no task. `unconfirmed`: it may have one,
 * since a submission got no clear answer.
 */
export type SubmissionState = 'not-sent' | 'unconfirmed';

/** The state, with what only this state has. */
export type TransferStatus =
  | {
      readonly state: 'waiting';
      /** Why, in words that continue "waiting: …". */
      readonly reason: string;
      readonly submission: SubmissionState;
    }
  | {
      readonly state: 'transferring';
      readonly taskId: string;
      /** Globus's own words when something is wrong; undefined while all is well. */
      readonly trouble: string | undefined;
    }
  | {
      readonly state: 'finalizing';
      readonly taskId: string;
      readonly lifecycleBefore: LifecycleFound | undefined;
      readonly archiveJobId: string | undefined;
    }
  | {
      readonly state: 'finished';
      readonly taskId: string;
      readonly archiveJobId: string | undefined;
      readonly shortfall: Shortfall | undefined;
    }
  | { readonly state: 'failed'; readonly taskId: string; readonly error: string }
  | {
      readonly state: 'cancelled';
      readonly taskId: string;
      /** By whom, in words that continue "cancelled …". */
      readonly by: string;
    };

/** Where the SciCat job of a new transfer is, and since when. */
export interface CreatedJob {
  readonly jobId: string;
  /** Milliseconds since the epoch, SciCat's clock. */
  readonly createdAt: number;
}

/** A transfer whose job was just made: it waits, and Globus was not asked yet. */
export function newTransfer(job: CreatedJob, record: TransferRecord, reason: string): Transfer {
  return {
    jobId: job.jobId,
    key: record.key,
    datasetPid: record.datasetPid,
    origin: { kind: 'recorded', record },
    requestedAt: job.createdAt,
    submissionId: record.submissionId,
    endRequested: undefined,
    progress: {
      bytesTransferred: 0,
      filesTransferred: 0,
      filesTotal: record.fileList?.count ?? record.dataset.files,
      bytesTotal: record.dataset.bytes,
      faults: 0,
    },
    attempts: 0,
    status: { state: 'waiting', reason, submission: 'not-sent' },
  };
}

/** The Globus task's id, or '' while there is none. */
export function taskIdOf(transfer: Transfer): string {
  return transfer.status.state === 'waiting' ? '' : transfer.status.taskId;
}

/** The dataset is archived unless the request says otherwise; the Go version always archived. */
export function wantsArchive(transfer: Transfer): boolean {
  return transfer.origin.kind === 'go-version' || transfer.origin.record.autoArchive;
}

/** Another submission id is in force from now on. */
export function withSubmissionId(transfer: Transfer, submissionId: string): Transfer {
  return { ...transfer, submissionId };
}

/** Notes the request to end. A later one can add the removal of the job, never take it back. */
export function withEndRequest(transfer: Transfer, request: EndRequest): Transfer {
  const earlier = transfer.endRequested;
  if (earlier === undefined) return { ...transfer, endRequested: request };
  if (earlier.remove || !request.remove) return transfer;
  return { ...transfer, endRequested: { ...earlier, remove: true } };
}

/**
 * Globus is about to be asked: from here on it may have the task. A further attempt keeps the reason
 * of the last one, which says more.
 */
export function beingSubmitted(transfer: Transfer): Transfer {
  const { status, attempts } = transfer;
  const reason =
    status.state === 'waiting' && attempts > 0 ? status.reason : 'being submitted to Globus';
  return {
    ...move(transfer, { state: 'waiting', reason, submission: 'unconfirmed' }),
    attempts: attempts + 1,
  };
}

/** It can't go on now; `submission` tells whether Globus may have the task. */
export function waitingFor(
  transfer: Transfer,
  reason: string,
  submission: SubmissionState,
): Transfer {
  return move(transfer, { state: 'waiting', reason, submission });
}

/** Globus runs it as this task. */
export function submittedAs(transfer: Transfer, taskId: string): Transfer {
  // A task that is known is never exchanged for another one.
  if (transfer.status.state !== 'waiting') throw new IllegalTransition(transfer, 'transferring');
  return move(transfer, { state: 'transferring', taskId, trouble: undefined });
}

/** News of a running task. */
export function progressed(
  transfer: Transfer,
  progress: Progress,
  trouble: string | undefined,
): Transfer {
  const { status } = transfer;
  if (status.state !== 'transferring') throw new IllegalTransition(transfer, 'transferring');
  return {
    ...transfer,
    progress: furtherProgress(transfer.progress, progress),
    status: { ...status, trouble },
  };
}

/** Globus copied everything. */
export function succeeded(transfer: Transfer, progress: Progress): Transfer {
  return {
    ...move(transfer, {
      state: 'finalizing',
      taskId: taskIdOf(transfer),
      lifecycleBefore: undefined,
      archiveJobId: undefined,
    }),
    progress: furtherProgress(transfer.progress, progress),
  };
}

/** While finalizing: what the dataset's lifecycle was before it was touched. */
export function withLifecycleFound(transfer: Transfer, lifecycleBefore: LifecycleFound): Transfer {
  const { status } = transfer;
  if (status.state !== 'finalizing') throw new IllegalTransition(transfer, 'finalizing');
  return { ...transfer, status: { ...status, lifecycleBefore } };
}

/** All is done, or all but what `shortfall` says. */
export function finished(
  transfer: Transfer,
  outcome: { readonly archiveJobId?: string; readonly shortfall?: Shortfall },
): Transfer {
  return move(transfer, {
    state: 'finished',
    taskId: taskIdOf(transfer),
    archiveJobId: outcome.archiveJobId,
    shortfall: outcome.shortfall,
  });
}

/** It ended without success. */
export function failed(transfer: Transfer, error: string, progress?: Progress): Transfer {
  return {
    ...move(transfer, { state: 'failed', taskId: taskIdOf(transfer), error }),
    progress: furtherProgress(transfer.progress, progress ?? transfer.progress),
  };
}

/** It was ended on request. */
export function cancelled(transfer: Transfer, by: string, progress?: Progress): Transfer {
  return {
    ...move(transfer, { state: 'cancelled', taskId: taskIdOf(transfer), by }),
    progress: furtherProgress(transfer.progress, progress ?? transfer.progress),
  };
}

/** The newer numbers, but none that goes back. */
export function furtherProgress(before: Progress, now: Progress): Progress {
  const { bytesPerSecond, niceStatus } = now;
  return {
    bytesTransferred: Math.max(before.bytesTransferred, now.bytesTransferred),
    filesTransferred: Math.max(before.filesTransferred, now.filesTransferred),
    filesTotal: Math.max(before.filesTotal, now.filesTotal),
    bytesTotal: Math.max(before.bytesTotal, now.bytesTotal),
    faults: Math.max(before.faults, now.faults),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(niceStatus === undefined ? {} : { niceStatus }),
  };
}

/** A step that the table of transitions does not know: a mistake in this program. */
export class IllegalTransition extends Error {
  constructor(transfer: Transfer, to: TransferState) {
    super(`Transfer ${transfer.jobId} can't go from ${transfer.status.state} to ${to}.`);
    this.name = 'IllegalTransition';
  }
}

function move(transfer: Transfer, status: TransferStatus): Transfer {
  if (!mayMove(transfer.status.state, status.state)) {
    throw new IllegalTransition(transfer, status.state);
  }
  return { ...transfer, status };
}
