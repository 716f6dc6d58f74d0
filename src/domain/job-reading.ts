import type { JobView } from './job-view.js';
import { isMasked, sameUnderMask } from './masking.js';
import type { LifecycleFound } from './dataset-lifecycle.js';
import { noteProblem } from './one-line.js';
import { expectedAmounts } from './shown-amounts.js';
import { sameStatusCode } from './status-codes.js';
import type { EndRequest, Progress, Transfer, TransferStatus } from './transfer.js';
import { unsealRecord } from './transfer-record.js';
import { countField, field, present, stringField } from './untyped.js';

/** SciCat's type of transfer jobs. */
export const TRANSFER_JOB_TYPE = 'globus_transfer_job';

/** The fields of a transfer job in SciCat that the service needs. */
export interface TransferJobDocument {
  readonly id: string;
  readonly type: string;
  /** The creator, set by SciCat and never by a client. */
  readonly createdBy: string;
  /** Who changed the job last: at first its creator. Set by SciCat. '' when SciCat does not tell. */
  readonly updatedBy: string;
  /** '' when SciCat has none. */
  readonly ownerUser: string;
  /** '' when SciCat has none. */
  readonly ownerGroup: string;
  /** Milliseconds since the epoch; 0 when SciCat has no valid date. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly statusCode: string;
  readonly statusMessage: string;
  readonly datasetPids: readonly string[];
  /** `jobParams.globusTransfer`, unparsed; absent in jobs of the Go version. */
  readonly globusTransfer: unknown;
  /** `jobResultObject`, unparsed; may be null or empty. */
  readonly result: unknown;
}

/**
 * Whether a job is one of our transfers. Other users may be allowed to create jobs of this type with a
 * forged record; only `createdBy`, which SciCat sets, can't be forged.
 *
 * @param ownAccounts current and former names of the service account
 */
export function isOurs(
  job: Pick<TransferJobDocument, 'type' | 'createdBy'>,
  ownAccounts: readonly string[],
): boolean {
  return job.type === TRANSFER_JOB_TYPE && ownAccounts.includes(job.createdBy);
}

/**
 * Whether what a job says of itself is the service's own word. SciCat's job types may let others change a
 * job, and SciCat then shows who did so last. A name that SciCat masks or omits is not known to be ours.
 *
 * @param ownWriters names of all accounts with which the service writes, or wrote
 */
export function isOurWord(
  job: Pick<TransferJobDocument, 'updatedBy'>,
  ownWriters: readonly string[],
): boolean {
  return job.updatedBy !== '' && ownWriters.includes(job.updatedBy);
}

/** The final values of `jobResultObject.status`; all other jobs are open. */
export const ENDED_JOB_STATUSES = ['finished', 'failed', 'cancelled'] as const;

/** Whether SciCat shows the job as ended. Jobs without a result are open. */
export function showsEnded(job: Pick<TransferJobDocument, 'result'>): boolean {
  const status = field(job.result, 'status');
  return ENDED_JOB_STATUSES.some((ended) => ended === status);
}

/**
 * Whether SciCat shows this view, as far as masked strings reveal, with its status code as a number or
 * as a word.
 */
export function showsView(job: TransferJobDocument, view: JobView): boolean {
  return (
    sameStatusCode(job.statusCode, view.statusCode) &&
    sameUnderMask(view.statusMessage, job.statusMessage) &&
    sameUnderMask(view.jobResultObject, job.result)
  );
}

/** A SciCat job as read after a restart. */
type ReadJob =
  /** A transfer that has not ended. */
  | { readonly kind: 'open'; readonly transfer: Transfer }
  | { readonly kind: 'ended' }
  /** A job of the Go version without a Globus task, which can't be continued. */
  | { readonly kind: 'lost' }
  /** Not written by this service. */
  | { readonly kind: 'unusable'; readonly reason: string };

/**
 * Restores the transfer from a job of our own account. Trusts only the sealed record, which SciCat lets
 * nobody change, and what the service itself wrote into `jobResultObject`.
 *
 * @param ourWord see {@link isOurWord}. If false, nothing is known but the record: not even whether the
 *   transfer has ended
 */
export function readJob(job: TransferJobDocument, ourWord: boolean): ReadJob {
  if (ourWord && showsEnded(job)) return { kind: 'ended' };
  if (job.globusTransfer === undefined) return ourWord ? readGoVersionJob(job) : NOT_OUR_WORD;
  const unsealed = unsealRecord(field(job.globusTransfer, 'sealed'));
  if (!unsealed.ok) return { kind: 'unusable', reason: unsealed.reason };
  const { record } = unsealed;
  if (job.datasetPids.length !== 1) return NOT_ONE_DATASET;
  const said = ourWord ? job : { ...job, result: undefined };
  return open(said, {
    key: record.key,
    datasetPid: record.datasetPid,
    origin: { kind: 'recorded', record },
    submissionId: stringField(said.result, 'submissionId') ?? record.submissionId,
    // Which entries of a list are folders is not in the record.
    progress: readProgress(said, expectedAmounts(record, undefined)),
  });
}

const NOT_OUR_WORD: ReadJob = {
  kind: 'unusable',
  reason:
    "it is one of the Go version, and was last changed by an account that is not the service's own, so it does not show which Globus task is its own",
};

const NOT_ONE_DATASET: ReadJob = {
  kind: 'unusable',
  reason: 'it does not name exactly one dataset',
};

function readGoVersionJob(job: TransferJobDocument): ReadJob {
  const [datasetPid, ...others] = job.datasetPids;
  if (datasetPid === undefined || others.length > 0) return NOT_ONE_DATASET;
  if (stringField(job.result, 'globusTaskId') === undefined) return { kind: 'lost' };
  return open(job, {
    // The job's id serves as the key: a UUID that was unknown before the job was created.
    key: job.id,
    datasetPid,
    origin: { kind: 'go-version', ownerGroup: job.ownerGroup },
    submissionId: undefined,
    progress: readProgress(job, { bytesTotal: 0, filesTotal: 0 }),
  });
}

function open(
  job: TransferJobDocument,
  parts: Pick<Transfer, 'key' | 'datasetPid' | 'origin' | 'submissionId' | 'progress'>,
): ReadJob {
  return {
    kind: 'open',
    transfer: {
      ...parts,
      jobId: job.id,
      requestedAt: job.createdAt,
      endRequested: readEndRequest(field(job.result, 'endRequested')),
      attempts: countField(job.result, 'attempts') ?? 0,
      status: readStatus(job),
    },
  };
}

function readStatus(job: TransferJobDocument): TransferStatus {
  const taskId = stringField(job.result, 'globusTaskId');
  if (taskId === undefined) {
    return {
      state: 'waiting',
      reason: 'resumed after a restart of the service',
      // Even without a submission id: a late write may have replaced a result that contained one.
      submission: 'unconfirmed',
    };
  }
  if (field(job.result, 'phase') !== 'finalizing') {
    return { state: 'transferring', taskId, trouble: undefined };
  }
  return {
    state: 'finalizing',
    taskId,
    lifecycleBefore: readLifecycle(field(job.result, 'lifecycleBefore')),
    archiveJobId: stringField(job.result, 'archiveJobId'),
  };
}

function readProgress(
  job: TransferJobDocument,
  expected: Pick<Progress, 'bytesTotal' | 'filesTotal'>,
): Progress {
  const filesTotal = countField(job.result, 'filesTotal') ?? 0;
  return {
    bytesTransferred: countField(job.result, 'bytesTransferred') ?? 0,
    filesTransferred: countField(job.result, 'filesTransferred') ?? 0,
    // The job knows better: which entries of a list are folders was known when it was requested.
    filesTotal: filesTotal > 0 ? filesTotal : expected.filesTotal,
    // The record knows better: what the job shows may be one byte more than what was copied, and earlier
    // versions showed the dataset's size for a list.
    bytesTotal: expected.bytesTotal,
    faults: countField(job.result, 'faults') ?? 0,
  };
}

function readEndRequest(value: unknown): EndRequest | undefined {
  const reason = field(value, 'reason');
  if (reason !== 'user' && reason !== 'stalled') return undefined;
  return {
    reason,
    by: readName(stringField(value, 'by')),
    at: stringField(value, 'at') ?? '',
    remove: field(value, 'remove') === true,
    ...present({ note: readNote(field(value, 'note')) }),
  };
}

function readNote(note: unknown): string | undefined {
  return typeof note === 'string' && noteProblem(note) === undefined ? note : undefined;
}

/** SciCat masks user names that are e-mail addresses. */
function readName(by: string | undefined): string {
  return by === undefined || isMasked(by) ? 'a user whose name SciCat hides' : by;
}

function readLifecycle(value: unknown): LifecycleFound | undefined {
  const archivable = field(value, 'archivable');
  const retrievable = field(value, 'retrievable');
  const archiveStatusMessage = field(value, 'archiveStatusMessage');
  return typeof archivable === 'boolean' &&
    typeof retrievable === 'boolean' &&
    typeof archiveStatusMessage === 'string'
    ? { archivable, archiveStatusMessage, retrievable }
    : undefined;
}
