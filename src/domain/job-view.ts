import {
  type EndRequest,
  type LifecycleFound,
  type Progress,
  type Shortfall,
  taskIdOf,
  type Transfer,
  type TransferStatus,
} from './transfer.js';

/**
 * What SciCat shows of a transfer: the body of a PATCH. `statusCode`, `statusMessage` and the first
 * six fields of `jobResultObject` are frozen, existing clients depend on names, types and words.
 */
export interface JobView {
  readonly statusCode: string;
  readonly statusMessage: string;
  readonly jobResultObject: JobResult;
}

/** SciCat replaces this as a whole, so it is always written whole. */
interface JobResult {
  readonly globusTaskId: string;
  readonly bytesTransferred: number;
  readonly filesTransferred: number;
  readonly filesTotal: number;
  readonly status: 'transferring' | 'finished' | 'failed' | 'cancelled';
  readonly error: string;
  readonly phase: TransferStatus['state'];
  readonly bytesTotal: number;
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

/** The longest message that goes to SciCat; Globus's event texts have no bound of their own. */
const MAX_MESSAGE_LENGTH = 1000;

/** How a transfer is shown in SciCat. */
export function jobView(transfer: Transfer): JobView {
  const shown = showStatus(transfer);
  const { progress, status } = transfer;
  return {
    statusCode: shown.code,
    statusMessage: clip(shown.message),
    jobResultObject: {
      globusTaskId: taskIdOf(transfer),
      bytesTransferred: progress.bytesTransferred,
      filesTransferred: progress.filesTransferred,
      filesTotal: progress.filesTotal,
      status: shown.status,
      error: clip(shown.error ?? ''),
      phase: status.state,
      bytesTotal: progress.bytesTotal,
      faults: progress.faults,
      attempts: transfer.attempts,
      ...present('submissionId', transfer.submissionId),
      ...present('endRequested', transfer.endRequested),
      ...(status.state === 'finalizing'
        ? present('lifecycleBefore', status.lifecycleBefore)
        : undefined),
      ...(status.state === 'finalizing' || status.state === 'finished'
        ? present('archiveJobId', status.archiveJobId)
        : undefined),
      ...(status.state === 'transferring' ? liveProgress(progress) : undefined),
    },
  };
}

interface Shown {
  readonly code: string;
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
        message: 'transferred, marking the dataset as archivable',
        status: 'transferring',
      };
    case 'finished':
      return showFinished(status.shortfall);
    case 'failed':
      return { code: '998', message: status.error, status: 'failed', error: status.error };
    case 'cancelled':
      return { code: '004', message: `cancelled ${status.by}`, status: 'cancelled' };
  }
}

function showFinished(shortfall: Shortfall | undefined): Shown {
  if (shortfall === undefined) return { code: '003', message: 'finished', status: 'finished' };
  const { error } = shortfall;
  switch (shortfall.kind) {
    case 'not-marked':
      return {
        code: '997',
        message: "completed but can't mark dataset as archivable",
        status: 'finished',
        error,
      };
    case 'no-archive-job':
      return {
        code: '995',
        message: "completed but can't create the archive job",
        status: 'finished',
        error,
      };
  }
}

function liveProgress(progress: Progress): Partial<JobResult> {
  const left = progress.bytesTotal - progress.bytesTransferred;
  const speed = progress.bytesPerSecond;
  return {
    ...present('niceStatus', progress.niceStatus),
    ...present('bytesPerSecond', speed),
    ...(speed !== undefined && speed > 0 && left > 0
      ? { etaSeconds: Math.ceil(left / speed) }
      : undefined),
  };
}

function present<Name extends keyof JobResult>(
  name: Name,
  value: JobResult[Name] | undefined,
): Partial<JobResult> {
  return value === undefined ? {} : { [name]: value };
}

function clip(text: string): string {
  if (text.length <= MAX_MESSAGE_LENGTH) return text;
  // Half of a surrogate pair would come back from SciCat as another character.
  return `${text.slice(0, MAX_MESSAGE_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
