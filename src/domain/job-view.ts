import { field, showsEnded, type TransferJobDocument } from './job-document.js';
import {
  type EndRequest,
  type LifecycleFound,
  type Progress,
  type Shortfall,
  taskIdOf,
  type Transfer,
  type TransferStatus,
} from './transfer.js';
import { unsealRecord } from './transfer-record.js';

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
export interface JobResult {
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

/**
 * Whether SciCat shows a transfer as it should. Texts that SciCat masks for accounts that are no
 * administrators (`*****` in place of e-mail addresses) count as equal where the rest agrees.
 */
export function showsView(job: TransferJobDocument, view: JobView): boolean {
  return (
    job.statusCode === view.statusCode &&
    sameUnderMask(view.statusMessage, job.statusMessage) &&
    sameUnderMask(view.jobResultObject, job.result)
  );
}

const MASK = '*****';

function sameUnderMask(wanted: unknown, shown: unknown): boolean {
  if (typeof wanted === 'string' && typeof shown === 'string') {
    return wanted === shown || (shown.includes(MASK) && matchesMask(wanted, shown.split(MASK)));
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted === shown;
  if (typeof shown !== 'object' || shown === null) return false;
  const names = Object.keys(wanted);
  return (
    names.length === Object.keys(shown).length &&
    names.every((name) => sameUnderMask(field(wanted, name), field(shown, name)))
  );
}

function matchesMask(wanted: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (!wanted.startsWith(first) || !wanted.endsWith(last)) return false;
  let from = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const at = wanted.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return from <= wanted.length - last.length;
}

/** What a SciCat job says when it is read back, after a restart. */
export type ReadJob =
  /** A transfer that has not ended. */
  | { readonly kind: 'open'; readonly transfer: Transfer }
  /** SciCat shows it as ended. */
  | { readonly kind: 'ended' }
  /** A job of the Go version that names no Globus task: nothing can be done with it. */
  | { readonly kind: 'lost' }
  /** Not a job that this service can have written. */
  | { readonly kind: 'unusable'; readonly reason: string };

/**
 * The transfer that a job of our own account stands for. Only the sealed record and what the
 * service itself wrote into `jobResultObject` are believed.
 */
export function readJob(job: TransferJobDocument): ReadJob {
  if (showsEnded(job)) return { kind: 'ended' };
  if (job.globusTransfer === undefined) return readGoVersionJob(job);
  const unsealed = unsealRecord(field(job.globusTransfer, 'sealed'));
  if (!unsealed.ok) return { kind: 'unusable', reason: unsealed.reason };
  const { record } = unsealed;
  if (job.datasetPids.length !== 1) {
    return { kind: 'unusable', reason: 'it does not name exactly one dataset' };
  }
  const submissionId = textOf(job.result, 'submissionId') ?? record.submissionId;
  return {
    kind: 'open',
    transfer: {
      jobId: job.id,
      key: record.key,
      datasetPid: record.datasetPid,
      origin: { kind: 'recorded', record },
      requestedAt: job.createdAt,
      submissionId,
      endRequested: readEndRequest(field(job.result, 'endRequested')),
      progress: readProgress(job, {
        bytesTotal: record.dataset.bytes,
        filesTotal: record.fileList?.count ?? record.dataset.files,
      }),
      attempts: countOf(job.result, 'attempts'),
      status: readStatus(job),
    },
  };
}

function readGoVersionJob(job: TransferJobDocument): ReadJob {
  const [datasetPid, ...others] = job.datasetPids;
  if (datasetPid === undefined || others.length > 0) {
    return { kind: 'unusable', reason: 'it does not name exactly one dataset' };
  }
  if (textOf(job.result, 'globusTaskId') === undefined) return { kind: 'lost' };
  return {
    kind: 'open',
    transfer: {
      jobId: job.id,
      // The job's id serves as key: it is a UUID, known to nobody before the job was made.
      key: job.id,
      datasetPid,
      origin: { kind: 'go-version', ownerGroup: job.ownerGroup },
      requestedAt: job.createdAt,
      submissionId: undefined,
      endRequested: readEndRequest(field(job.result, 'endRequested')),
      progress: readProgress(job, { bytesTotal: 0, filesTotal: 0 }),
      attempts: countOf(job.result, 'attempts'),
      status: readStatus(job),
    },
  };
}

function readStatus(job: TransferJobDocument): TransferStatus {
  const taskId = textOf(job.result, 'globusTaskId');
  if (taskId === undefined) {
    return {
      state: 'waiting',
      reason: 'taken up again after a restart of the service',
      // Even without a submission id: an older write that arrives late takes newer news out again.
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
    archiveJobId: textOf(job.result, 'archiveJobId'),
  };
}

function readProgress(
  job: TransferJobDocument,
  known: { readonly bytesTotal: number; readonly filesTotal: number },
): Progress {
  return {
    bytesTransferred: countOf(job.result, 'bytesTransferred'),
    filesTransferred: countOf(job.result, 'filesTransferred'),
    filesTotal: Math.max(known.filesTotal, countOf(job.result, 'filesTotal')),
    bytesTotal: Math.max(known.bytesTotal, countOf(job.result, 'bytesTotal')),
    faults: countOf(job.result, 'faults'),
  };
}

function readEndRequest(value: unknown): EndRequest | undefined {
  const reason = field(value, 'reason');
  if (reason !== 'user' && reason !== 'stalled') return undefined;
  return {
    reason,
    by: unmasked(textOf(value, 'by')),
    at: textOf(value, 'at') ?? '',
    remove: field(value, 'remove') === true,
  };
}

/** Who asked, unless SciCat hides the name because it is an e-mail address. */
function unmasked(by: string | undefined): string {
  return by === undefined || by.includes(MASK) ? 'a user whose name SciCat hides' : by;
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

function textOf(value: unknown, name: string): string | undefined {
  const text = field(value, name);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function countOf(value: unknown, name: string): number {
  const count = field(value, name);
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : 0;
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
