import { readJob, type TransferJobDocument } from '../../domain/job-reading.js';
import { type ShownAmounts, shownAmounts } from '../../domain/shown-amounts.js';
import { type EndRequest, isCopied, taskIdOf, type Transfer } from '../../domain/transfer.js';
import type { TransferState } from '../../domain/transfer-state.js';
import { field } from '../../domain/untyped.js';

/** A facility's side of a transfer. */
interface ShownSide {
  readonly facility: string;
  readonly path: string;
}

/** An open transfer as stored in SciCat; with `--json`, printed in this form. */
export interface OpenTransferView {
  /** The SciCat job's id. */
  readonly transferId: string;
  /** `left-alone`: the service ignores this job, and `message` says why. */
  readonly state: TransferState | 'left-alone';
  /** Why it waits, or what Globus reports. */
  readonly message: string;
  /** ISO 8601; null if unknown. */
  readonly requestedAt: string | null;
  readonly ageSeconds: number | null;
  /** Time of the last write to SciCat, ISO 8601. */
  readonly updatedAt: string | null;
  /** '' if unknown. */
  readonly requestedBy: string;
  readonly ownerGroup: string;
  readonly datasetPid: string;
  /** Null for jobs of the Go version, which did not record it. */
  readonly source: ShownSide | null;
  readonly destination: ShownSide | null;
  readonly globusTaskId: string | null;
  readonly bytesTransferred: number;
  /** Bytes to copy; expected until all are copied, and 0 if unknown. */
  readonly bytesTotal: number;
  readonly filesTransferred: number;
  readonly filesTotal: number;
  /** Number of error events at Globus so far. */
  readonly faults: number;
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
  /** Null unless cancellation was requested. */
  readonly endRequested: EndRequest | null;
}

/** The jobs that the service may work on, oldest first. @param now milliseconds */
export function openTransfers(
  jobs: readonly TransferJobDocument[],
  now: number,
): readonly OpenTransferView[] {
  return jobs
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    .flatMap((job) => viewOf(job, now) ?? []);
}

function viewOf(job: TransferJobDocument, now: number): OpenTransferView | undefined {
  // Shows what the job says, whoever wrote it.
  const read = readJob(job, true);
  switch (read.kind) {
    case 'ended':
      return undefined;
    case 'open': {
      const { status } = read.transfer;
      // The state is shown beside the message.
      const prefix = `${status.state}: `;
      const { statusMessage } = job;
      const message = statusMessage.startsWith(prefix)
        ? statusMessage.slice(prefix.length)
        : statusMessage;
      return view(job, now, message, read.transfer);
    }
    case 'lost':
      return view(job, now, 'created by the Go version of the service, with no Globus task');
    case 'unusable':
      return view(job, now, `its record can't be used: ${read.reason}`);
  }
}

/** @param transfer undefined for a job that the service ignores */
function view(
  job: TransferJobDocument,
  now: number,
  message: string,
  transfer?: Transfer,
): OpenTransferView {
  const { createdAt } = job;
  const record = transfer?.origin.kind === 'recorded' ? transfer.origin.record : undefined;
  const taskId = transfer === undefined ? '' : taskIdOf(transfer);
  const amounts: Partial<ShownAmounts> =
    transfer === undefined ? {} : shownAmounts(transfer.progress, isCopied(transfer));
  return {
    transferId: job.id,
    state: transfer?.status.state ?? 'left-alone',
    message,
    requestedAt: timeOf(createdAt),
    ageSeconds: createdAt === 0 ? null : Math.max(0, Math.floor((now - createdAt) / 1000)),
    updatedAt: timeOf(job.updatedAt),
    requestedBy: record?.requestedBy.username ?? job.ownerUser,
    ownerGroup: job.ownerGroup,
    datasetPid: transfer?.datasetPid ?? job.datasetPids[0] ?? '',
    source: sideOf(record?.source),
    destination: sideOf(record?.destination),
    globusTaskId: taskId === '' ? null : taskId,
    bytesTransferred: amounts.bytesTransferred ?? 0,
    bytesTotal: amounts.bytesTotal ?? 0,
    filesTransferred: amounts.filesTransferred ?? 0,
    filesTotal: amounts.filesTotal ?? 0,
    faults: transfer?.progress.faults ?? 0,
    bytesPerSecond: transfer === undefined ? null : numberOf(job.result, 'bytesPerSecond'),
    etaSeconds: transfer === undefined ? null : numberOf(job.result, 'etaSeconds'),
    endRequested: transfer?.endRequested ?? null,
  };
}

function sideOf(side: ShownSide | undefined): ShownSide | null {
  return side === undefined ? null : { facility: side.facility, path: side.path };
}

function timeOf(milliseconds: number): string | null {
  return milliseconds === 0 ? null : new Date(milliseconds).toISOString();
}

function numberOf(value: unknown, name: string): number | null {
  const number = field(value, name);
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
}
