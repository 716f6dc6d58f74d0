import type { LifecycleFound } from './dataset-lifecycle.js';
import type { FacilityPair } from './facility-hold.js';
import { type Amounts, expectedAmounts } from './shown-amounts.js';
import type { Finalization, TransferRecord } from './transfer-record.js';
import { mayMove, type TransferState } from './transfer-state.js';
import { present } from './untyped.js';

/**
 * A transfer. Immutable: only the functions below derive a changed one, and they alone move it from
 * state to state.
 */
export interface Transfer {
  /** Id of the SciCat job. */
  readonly jobId: string;
  /** UUID of the transfer; names its spool file and is stored in its archive job. */
  readonly key: string;
  readonly datasetPid: string;
  readonly origin: TransferOrigin;
  /** Creation of the job, in ms since the epoch by SciCat's clock. Orders the queue. */
  readonly requestedAt: number;
  /** The current Globus idempotency key; undefined until one is fetched. */
  readonly submissionId: string | undefined;
  /** Written to SciCat before the request to end the transfer is confirmed. */
  readonly endRequested: EndRequest | undefined;
  readonly progress: Progress;
  /** Number of submissions to Globus. */
  readonly attempts: number;
  readonly status: TransferStatus;
}

/** Where the parameters of a transfer come from. */
type TransferOrigin =
  | { readonly kind: 'recorded'; readonly record: TransferRecord }
  /** A job of the Go program that this service replaces, without a record of the request. */
  | { readonly kind: 'go-version'; readonly ownerGroup: string };

/** A request to end a transfer. */
export interface EndRequest {
  /** `user`: DELETE. `stalled`: `task.stallTimeout` ran out. */
  readonly reason: 'user' | 'stalled';
  /** User name, or a description of what stalled the transfer. */
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Whether to remove the SciCat job once the transfer has ended. */
  readonly remove: boolean;
  /** What the user gave as their reason. */
  readonly note?: string;
}

/**
 * The progress of a Globus task, as far as it is known; `shownAmounts` says what is shown of it. All
 * numbers are non-negative integers that never decrease.
 */
export interface Progress extends Amounts {
  readonly bytesTransferred: number;
  /** Including those that were already at the destination. */
  readonly filesTransferred: number;
  /** Expected, or found so far if there are more; Globus finds more while it copies. 0 if unknown. */
  readonly filesTotal: number;
  /** Expected; Globus reports none. 0 if unknown. */
  readonly bytesTotal: number;
  /** Error events so far; a few are normal. */
  readonly faults: number;
  readonly bytesPerSecond?: number;
  readonly niceStatus?: string;
}

/** What failed after all files had arrived; the transfer is finished nevertheless. */
export interface Shortfall {
  readonly kind: 'not-marked' | 'no-archive-job';
  readonly error: string;
}

/**
 * Whether Globus may have a task for a waiting transfer: `not-sent` means that it has none,
 * `unconfirmed` that it may, because a submission was not clearly answered.
 */
export type SubmissionState = 'not-sent' | 'unconfirmed';

/** The state, with its own data. */
export type TransferStatus =
  | {
      readonly state: 'waiting';
      /** Completes the message "waiting: …". */
      readonly reason: string;
      readonly submission: SubmissionState;
    }
  | {
      readonly state: 'transferring';
      readonly taskId: string;
      /** Description of a current problem. */
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
      /** The lifecycle of a dataset that was archived, or being archived, when its files had arrived. */
      readonly inArchive?: LifecycleFound;
    }
  | {
      readonly state: 'failed';
      readonly taskId: string;
      readonly error: string;
      /** Globus had copied everything. */
      readonly copied?: true;
    }
  | {
      readonly state: 'cancelled';
      readonly taskId: string;
      /** Completes the message "cancelled …". */
      readonly by: string;
    };

/** The SciCat job of a new transfer. */
export interface CreatedJob {
  readonly jobId: string;
  /** Milliseconds since the epoch, SciCat's clock. */
  readonly createdAt: number;
}

/**
 * A transfer whose job was just created.
 *
 * @param parents see {@link expectedAmounts}
 */
export function newTransfer(
  job: CreatedJob,
  record: TransferRecord,
  reason: string,
  parents = 0,
): Transfer {
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
      ...expectedAmounts(record, parents),
      faults: 0,
    },
    attempts: 0,
    status: { state: 'waiting', reason, submission: 'not-sent' },
  };
}

/** Whose transfer it is. */
export interface Owner {
  /** Who requested it; '' in jobs of the Go version. */
  readonly user: string;
  /** The dataset's owner group. */
  readonly group: string;
}

/** Whose transfer it is. */
export function ownerOf({ origin }: Pick<Transfer, 'origin'>): Owner {
  if (origin.kind === 'go-version') return { user: '', group: origin.ownerGroup };
  const { username, ownerGroup } = origin.record.requestedBy;
  return { user: username, group: ownerGroup };
}

/** The facilities of a transfer; undefined for jobs of the Go version, which have no record. */
export function facilitiesOf({ origin }: Pick<Transfer, 'origin'>): FacilityPair | undefined {
  if (origin.kind === 'go-version') return undefined;
  const { source, destination } = origin.record;
  return { source: source.facility, destination: destination.facility };
}

/** Who ended a transfer and why, to follow "cancelled ". */
export function endedBy({ by, note }: Pick<EndRequest, 'by' | 'note'>): string {
  return note === undefined ? `by ${by}` : `by ${by}: ${note}`;
}

/** The Globus task's id, or '' while there is none. */
export function taskIdOf(transfer: Transfer): string {
  return transfer.status.state === 'waiting' ? '' : transfer.status.taskId;
}

/** Whether Globus has copied everything. */
export function isCopied({ status }: Transfer): boolean {
  switch (status.state) {
    case 'finalizing':
    case 'finished':
      return true;
    case 'failed':
      return status.copied === true;
    case 'waiting':
    case 'transferring':
    case 'cancelled':
      return false;
  }
}

/** What happens to the dataset once its files have arrived. The Go version always archived it. */
export function finalizationOfTransfer({ origin }: Pick<Transfer, 'origin'>): Finalization {
  return origin.kind === 'go-version' ? 'archive' : origin.record.finalize;
}

/**
 * The dataset's lifecycle at the time of the request, which decides whether it may be marked. Undefined
 * for transfers that older versions recorded: theirs is noted when their files have arrived.
 */
export function lifecycleAtRequest({
  origin,
}: Pick<Transfer, 'origin'>): LifecycleFound | undefined {
  return origin.kind === 'go-version' ? undefined : origin.record.lifecycle;
}

/** Whether to archive the dataset afterwards. The Go version always did. */
export function wantsArchive(transfer: Transfer): boolean {
  return transfer.origin.kind === 'go-version' || transfer.origin.record.autoArchive;
}

/** Replaces the submission id. */
export function withSubmissionId(transfer: Transfer, submissionId: string): Transfer {
  return { ...transfer, submissionId };
}

/** Records a request to end. A later one can only add the removal of the job. */
export function withEndRequest(transfer: Transfer, request: EndRequest): Transfer {
  const earlier = transfer.endRequested;
  if (earlier === undefined) return { ...transfer, endRequested: request };
  if (earlier.remove || !request.remove) return transfer;
  return { ...transfer, endRequested: { ...earlier, remove: true } };
}

/**
 * A submission is about to be sent, so from now on Globus may have the task. A retry keeps the more
 * informative reason of the previous attempt.
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

/** Waits for the given reason; `submission` tells whether Globus may have the task. */
export function waitingFor(
  transfer: Transfer,
  reason: string,
  submission: SubmissionState,
): Transfer {
  return move(transfer, { state: 'waiting', reason, submission });
}

/**
 * The stored list shows what the record does not: how many of its entries are folders with listed entries
 * below them. News only after a restart, if the process died before its first write to the job.
 */
export function withListRead(transfer: Transfer, parents: number): Transfer {
  const { origin, progress } = transfer;
  if (origin.kind !== 'recorded' || progress.filesTotal > 0) return transfer;
  const { filesTotal } = expectedAmounts(origin.record, parents);
  return { ...transfer, progress: { ...progress, filesTotal } };
}

/** Globus confirmed the task. */
export function submittedAs(transfer: Transfer, taskId: string): Transfer {
  // A known task is never replaced by another.
  if (transfer.status.state !== 'waiting') throw new IllegalTransition(transfer, 'transferring');
  return move(transfer, { state: 'transferring', taskId, trouble: undefined });
}

/** Updates a running task. */
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

/** Globus has copied everything. */
export function succeeded(transfer: Transfer, progress: Progress): Transfer {
  const taskId = taskIdOf(transfer);
  const lifecycleBefore = lifecycleAtRequest(transfer);
  const status = { state: 'finalizing', taskId, lifecycleBefore, archiveJobId: undefined } as const;
  return move(transfer, status, progress);
}

/** Records the dataset's lifecycle if it was not noted at the request. Only while finalizing. */
export function withLifecycleFound(transfer: Transfer, lifecycleBefore: LifecycleFound): Transfer {
  const { status } = transfer;
  if (status.state !== 'finalizing') throw new IllegalTransition(transfer, 'finalizing');
  return { ...transfer, status: { ...status, lifecycleBefore } };
}

/** Everything is done, except for the `shortfall`. */
export function finished(
  transfer: Transfer,
  outcome: {
    readonly archiveJobId?: string;
    readonly shortfall?: Shortfall;
    readonly inArchive?: LifecycleFound;
  },
): Transfer {
  return move(transfer, {
    state: 'finished',
    taskId: taskIdOf(transfer),
    archiveJobId: outcome.archiveJobId,
    shortfall: outcome.shortfall,
    ...present({ inArchive: outcome.inArchive }),
  });
}

/** The transfer failed. */
export function failed(transfer: Transfer, error: string, progress?: Progress): Transfer {
  const copied = isCopied(transfer) ? ({ copied: true } as const) : {};
  return move(
    transfer,
    { state: 'failed', taskId: taskIdOf(transfer), error, ...copied },
    progress,
  );
}

/** The transfer ended on request. */
export function cancelled(transfer: Transfer, by: string, progress?: Progress): Transfer {
  return move(transfer, { state: 'cancelled', taskId: taskIdOf(transfer), by }, progress);
}

/** The newer progress, in which no number decreases. */
export function furtherProgress(before: Progress, now: Progress): Progress {
  return {
    bytesTransferred: Math.max(before.bytesTransferred, now.bytesTransferred),
    filesTransferred: Math.max(before.filesTransferred, now.filesTransferred),
    filesTotal: Math.max(before.filesTotal, now.filesTotal),
    bytesTotal: Math.max(before.bytesTotal, now.bytesTotal),
    faults: Math.max(before.faults, now.faults),
    ...present({ bytesPerSecond: now.bytesPerSecond, niceStatus: now.niceStatus }),
  };
}

/** A transition that is not allowed: a bug. */
export class IllegalTransition extends Error {
  constructor(transfer: Transfer, to: TransferState) {
    super(`Transfer ${transfer.jobId} can't go from ${transfer.status.state} to ${to}.`);
    this.name = 'IllegalTransition';
  }
}

function move(
  transfer: Transfer,
  status: TransferStatus,
  progress: Progress = transfer.progress,
): Transfer {
  if (!mayMove(transfer.status.state, status.state)) {
    throw new IllegalTransition(transfer, status.state);
  }
  return { ...transfer, status, progress: furtherProgress(transfer.progress, progress) };
}
