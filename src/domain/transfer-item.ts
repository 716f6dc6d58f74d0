import type { TransferJobDocument } from './job-reading.js';
import { jobView } from './job-view.js';
import type { Transfer } from './transfer.js';
import { countField, field, stringField } from './untyped.js';

/** The status words of the REST interface. Frozen: an existing client breaks on any other. */
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

/** A transfer as the REST interface shows it. All numbers are whole and not negative. */
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
  /** How many transfers are handed over before this one; only while it waits. */
  readonly queuePosition?: number;
}

/** A tracked transfer, as it is now. */
export function itemOfTransfer(
  transfer: Transfer,
  queuePosition: number | undefined,
): TransferItem {
  const { statusMessage, jobResultObject: result } = jobView(transfer);
  return {
    transferId: transfer.jobId,
    status: result.phase === 'waiting' ? 'waiting' : result.status,
    message: withError(statusMessage, result.error),
    bytesTransferred: result.bytesTransferred,
    bytesTotal: result.bytesTotal,
    filesTransferred: result.filesTransferred,
    filesTotal: result.filesTotal,
    datasetPid: transfer.datasetPid,
    ...(result.globusTaskId === '' ? {} : { globusTaskId: result.globusTaskId }),
    ...(queuePosition === undefined ? {} : { queuePosition }),
  };
}

/** What SciCat's job says, for transfers that are not tracked (any more). */
export function itemOfJob(job: TransferJobDocument): TransferItem {
  const { result } = job;
  const taskId = stringField(result, 'globusTaskId');
  const [datasetPid] = job.datasetPids;
  return {
    transferId: job.id,
    status: statusOf(job),
    message: withError(job.statusMessage, stringField(result, 'error') ?? ''),
    ...count('bytesTransferred', result),
    ...count('bytesTotal', result),
    ...count('filesTransferred', result),
    ...count('filesTotal', result),
    ...(datasetPid === undefined ? {} : { datasetPid }),
    ...(taskId === undefined ? {} : { globusTaskId: taskId }),
  };
}

/** A failed job says the same twice; one that could not be archived says why in `error`. */
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

function count<Name extends 'bytesTransferred' | 'bytesTotal' | 'filesTransferred' | 'filesTotal'>(
  name: Name,
  result: unknown,
): Partial<Record<Name, number>> {
  const value = countField(result, name);
  return value === undefined ? {} : ({ [name]: value } as Record<Name, number>);
}
