import type { TransferJobDocument } from './job-reading.js';
import { jobView } from './job-view.js';
import { allOf, type Amounts } from './shown-amounts.js';
import type { Transfer } from './transfer.js';
import { countField, field, present, stringField } from './untyped.js';

/** The statuses of the REST API. Frozen: existing clients fail on any other. */
export const ITEM_STATUSES = [
  'waiting',
  'transferring',
  'finished',
  'failed',
  'cancelled',
  'invalid status',
] as const;

/** One of {@link ITEM_STATUSES}. */
export type ItemStatus = (typeof ITEM_STATUSES)[number];

/** A transfer in the REST API. All numbers are non-negative integers. */
export interface TransferItem {
  /** The SciCat job's id. */
  readonly transferId: string;
  readonly status: ItemStatus;
  readonly message?: string;
  readonly bytesTransferred?: number;
  readonly bytesTotal?: number;
  readonly filesTransferred?: number;
  readonly filesTotal?: number;
  readonly datasetPid?: string;
  readonly globusTaskId?: string;
  /** Number of transfers to be submitted before this one; only while it waits. */
  readonly queuePosition?: number;
}

/** A tracked transfer. */
export function itemOfTransfer(
  transfer: Transfer,
  queuePosition: number | undefined,
): TransferItem {
  const { statusMessage, jobResultObject: result } = jobView(transfer);
  const { bytesTransferred, bytesTotal, filesTransferred, filesTotal } = result;
  return {
    transferId: transfer.jobId,
    status: result.phase === 'waiting' ? 'waiting' : result.status,
    message: withError(statusMessage, result.error),
    bytesTransferred,
    filesTransferred,
    filesTotal,
    datasetPid: transfer.datasetPid,
    ...present({ bytesTotal, globusTaskId: result.globusTaskId || undefined, queuePosition }),
  };
}

/** A transfer that is not tracked, or no longer, from its SciCat job. */
export function itemOfJob(job: TransferJobDocument): TransferItem {
  const { result } = job;
  return {
    transferId: job.id,
    status: statusOf(job),
    message: withError(job.statusMessage, stringField(result, 'error') ?? ''),
    ...present({
      ...amountsOf(result),
      datasetPid: job.datasetPids[0],
      globusTaskId: stringField(result, 'globusTaskId'),
    }),
  };
}

/** Earlier versions did not correct the totals at the end. */
function amountsOf(result: unknown) {
  const count = (name: keyof Amounts): number | undefined => countField(result, name);
  const amounts = {
    bytesTransferred: count('bytesTransferred'),
    bytesTotal: count('bytesTotal'),
    filesTransferred: count('filesTransferred'),
    filesTotal: count('filesTotal'),
  };
  return field(result, 'status') === 'finished' ? allOf(amounts) : amounts;
}

/** Appends the error, unless the message already is the error, as in failed jobs. */
function withError(message: string, error: string): string {
  return error === '' || error === message ? message : `${message}: ${error}`;
}

function statusOf(job: TransferJobDocument): ItemStatus {
  const status = field(job.result, 'status');
  switch (status) {
    case 'finished':
    case 'failed':
    case 'cancelled':
      return status;
    case 'transferring':
    case undefined:
      return stringField(job.result, 'globusTaskId') === undefined ? 'waiting' : 'transferring';
    default:
      return 'invalid status';
  }
}
