import { archivedMeanwhileNote, finalizationNote, lifecycleToNote } from './finalization.js';
import type { LifecycleFound } from './dataset-lifecycle.js';
import { shownAmounts } from './shown-amounts.js';
import { statusCodeIn, type StatusCodeStyle, type StatusNumber } from './status-codes.js';
import {
  type EndRequest,
  finalizationOfTransfer,
  isCopied,
  type Progress,
  type Shortfall,
  taskIdOf,
  type Transfer,
  type TransferStatus,
} from './transfer.js';
import { present } from './untyped.js';

/**
 * What SciCat shows of a transfer: the body of a PATCH. `statusCode`, `statusMessage` and the first
 * six fields of `jobResultObject` are frozen: existing clients depend on their names, types and words.
 * The status code is a number or, if the facility wants it, a word; it is never read back.
 */
export interface JobView {
  readonly statusCode: string;
  readonly statusMessage: string;
  readonly jobResultObject: JobResult;
}

/** Always written whole, because SciCat replaces it. */
interface JobResult {
  readonly globusTaskId: string;
  readonly bytesTransferred: number;
  readonly filesTransferred: number;
  readonly filesTotal: number;
  readonly status: 'transferring' | 'finished' | 'failed' | 'cancelled';
  readonly error: string;
  readonly phase: TransferStatus['state'];
  readonly bytesTotal?: number;
  readonly faults: number;
  readonly attempts: number;
  readonly submissionId?: string;
  readonly endRequested?: EndRequest;
  readonly lifecycleBefore?: LifecycleFound;
  readonly archiveJobId?: string;
  readonly niceStatus?: string;
  readonly bytesPerSecond?: number;
  readonly etaSeconds?: number;
}

/** Limit of each text in SciCat; Globus's event descriptions have none, nor have user names. */
const MAX_MESSAGE_LENGTH = 1000;

/** How SciCat shows a transfer. */
export function jobView(transfer: Transfer, style: StatusCodeStyle = 'numbers'): JobView {
  const shown = showStatus(transfer);
  const { progress, status, attempts, submissionId, endRequested } = transfer;
  const amounts = shownAmounts(progress, isCopied(transfer));
  const { bytesTransferred, filesTransferred, filesTotal, bytesTotal } = amounts;
  return {
    statusCode: statusCodeIn(style, shown.code),
    statusMessage: clip(shown.message),
    jobResultObject: {
      globusTaskId: taskIdOf(transfer),
      bytesTransferred,
      filesTransferred,
      filesTotal,
      status: shown.status,
      error: clip(shown.error ?? ''),
      phase: status.state,
      ...present({ bytesTotal }),
      faults: progress.faults,
      attempts,
      ...present({
        submissionId,
        endRequested: endRequested && { ...endRequested, by: clip(endRequested.by) },
        lifecycleBefore: status.state === 'finalizing' ? noted(status.lifecycleBefore) : undefined,
        archiveJobId: 'archiveJobId' in status ? status.archiveJobId : undefined,
        ...(status.state === 'transferring' ? liveProgress(progress) : undefined),
      }),
    },
  };
}

interface Shown {
  readonly code: StatusNumber;
  readonly message: string;
  readonly status: JobResult['status'];
  readonly error?: string;
}

function showStatus(transfer: Transfer): Shown {
  const { status } = transfer;
  const ending = transfer.endRequested === undefined ? '' : ' (being cancelled)';
  switch (status.state) {
    case 'waiting':
      return {
        code: '001',
        message: `waiting: ${status.reason}${ending}`,
        status: 'transferring',
      };
    case 'transferring':
      return {
        code: '002',
        message: `transferring${ending}${status.trouble === undefined ? '' : `: ${status.trouble}`}`,
        status: 'transferring',
      };
    case 'finalizing':
      return {
        code: '002',
        message:
          finalizationOfTransfer(transfer) === 'archive'
            ? 'transferred, marking the dataset as archivable'
            : 'transferred',
        status: 'transferring',
      };
    case 'finished':
      return showFinished(transfer, status);
    case 'failed':
      return { code: '998', message: status.error, status: 'failed', error: status.error };
    case 'cancelled':
      return { code: '004', message: `cancelled ${status.by}`, status: 'cancelled' };
  }
}

function showFinished(
  { origin }: Transfer,
  { shortfall, inArchive }: TransferStatus & { readonly state: 'finished' },
): Shown {
  if (shortfall === undefined) {
    const noted = origin.kind === 'recorded' ? finalizationNote(origin.record) : '';
    const note = inArchive === undefined ? noted : archivedMeanwhileNote(inArchive);
    const message = note === '' ? 'finished' : `finished; ${note}`;
    return { code: '003', message, status: 'finished' };
  }
  const { kind, error } = shortfall;
  const [code, message] = SHORTFALLS[kind];
  return { code, message, status: 'finished', error };
}

const SHORTFALLS: Readonly<
  Record<Shortfall['kind'], readonly [code: StatusNumber, message: string]>
> = {
  'not-marked': ['997', "completed but can't mark dataset as archivable"],
  'no-archive-job': ['995', "completed but can't create the archive job"],
};

function liveProgress({ niceStatus, bytesPerSecond, ...progress }: Progress) {
  // Negative if there is more than expected, or the total is unknown.
  const left = progress.bytesTotal - progress.bytesTransferred;
  const speed = bytesPerSecond ?? 0;
  const etaSeconds = speed > 0 && left > 0 ? Math.ceil(left / speed) : undefined;
  return { niceStatus: niceStatus && clip(niceStatus), bytesPerSecond, etaSeconds };
}

function noted(lifecycle: LifecycleFound | undefined): LifecycleFound | undefined {
  return lifecycle && lifecycleToNote(lifecycle);
}

function clip(text: string): string {
  if (text.length <= MAX_MESSAGE_LENGTH) return text;
  // SciCat would return half of a surrogate pair as another character.
  return `${text.slice(0, MAX_MESSAGE_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
