import { type TransferJobDocument, readJob } from '../../domain/job-reading.js';
import { field } from '../../domain/untyped.js';
import { type EndRequest, taskIdOf, type Transfer } from '../../domain/transfer.js';
import type { TransferState } from '../../domain/transfer-state.js';

/** A facility's side of a transfer. */
interface ShownSide {
  readonly facility: string;
  readonly path: string;
}

/** An open transfer as SciCat shows it. Printed as it is with `--json`. */
export interface OpenTransferView {
  /** The SciCat job's id. */
  readonly transferId: string;
  /** `left-alone`: the service does nothing with this job, and `message` says why. */
  readonly state: TransferState | 'left-alone';
  /** Why it waits, or what Globus says of it. */
  readonly message: string;
  /** ISO 8601; null when SciCat does not say. */
  readonly requestedAt: string | null;
  readonly ageSeconds: number | null;
  /** When SciCat was last written to; ISO 8601. */
  readonly updatedAt: string | null;
  /** '' when it is not known. */
  readonly requestedBy: string;
  readonly ownerGroup: string;
  readonly datasetPid: string;
  /** Null for jobs of the Go version, which kept none. */
  readonly source: ShownSide | null;
  readonly destination: ShownSide | null;
  readonly globusTaskId: string | null;
  readonly bytesTransferred: number;
  /** Size of the dataset by SciCat; 0 when unknown. */
  readonly bytesTotal: number;
  readonly filesTransferred: number;
  readonly filesTotal: number;
  /** Error events at Globus so far. */
  readonly faults: number;
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
  /** Whether its cancellation was requested. */
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
  const read = readJob(job);
  switch (read.kind) {
    case 'ended':
      return undefined;
    case 'open':
      return ofTransfer(job, read.transfer, now);
    case 'lost':
      return ofJob(job, 'created by the Go version of the service, with no Globus task', now);
    case 'unusable':
      return ofJob(job, `its record can't be used: ${read.reason}`, now);
  }
}

function ofTransfer(job: TransferJobDocument, transfer: Transfer, now: number): OpenTransferView {
  const { origin, progress, status } = transfer;
  const record = origin.kind === 'recorded' ? origin.record : undefined;
  const taskId = taskIdOf(transfer);
  return {
    ...ofJob(job, messageOf(job.statusMessage, status.state), now),
    state: status.state,
    ...(record === undefined ? {} : { requestedBy: record.requestedBy.username }),
    datasetPid: transfer.datasetPid,
    source: record === undefined ? null : sideOf(record.source),
    destination: record === undefined ? null : sideOf(record.destination),
    globusTaskId: taskId === '' ? null : taskId,
    bytesTransferred: progress.bytesTransferred,
    bytesTotal: progress.bytesTotal,
    filesTransferred: progress.filesTransferred,
    filesTotal: progress.filesTotal,
    faults: progress.faults,
    bytesPerSecond: numberOf(job.result, 'bytesPerSecond'),
    etaSeconds: numberOf(job.result, 'etaSeconds'),
    endRequested: transfer.endRequested ?? null,
  };
}

/** What is known of any job. */
function ofJob(job: TransferJobDocument, message: string, now: number): OpenTransferView {
  return {
    transferId: job.id,
    state: 'left-alone',
    message,
    requestedAt: timeOf(job.createdAt),
    ageSeconds: job.createdAt === 0 ? null : Math.max(0, Math.floor((now - job.createdAt) / 1000)),
    updatedAt: timeOf(job.updatedAt),
    requestedBy: job.ownerUser,
    ownerGroup: job.ownerGroup,
    datasetPid: job.datasetPids[0] ?? '',
    source: null,
    destination: null,
    globusTaskId: null,
    bytesTransferred: 0,
    bytesTotal: 0,
    filesTransferred: 0,
    filesTotal: 0,
    faults: 0,
    bytesPerSecond: null,
    etaSeconds: null,
    endRequested: null,
  };
}

/** The job's own message, without the state that is shown beside it. */
function messageOf(statusMessage: string, state: string): string {
  const prefix = `${state}: `;
  return statusMessage.startsWith(prefix) ? statusMessage.slice(prefix.length) : statusMessage;
}

function sideOf({ facility, path }: ShownSide): ShownSide {
  return { facility, path };
}

function timeOf(milliseconds: number): string | null {
  return milliseconds === 0 ? null : new Date(milliseconds).toISOString();
}

function numberOf(value: unknown, name: string): number | null {
  const number = field(value, name);
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
}
