import { randomUUID } from 'node:crypto';
import { lifecycleToNote } from '../../domain/finalization.js';
import { fingerprint } from '../../domain/fingerprint.js';
import type { CreatedJob } from '../../domain/transfer.js';
import {
  LONGEST_SEALED_RECORD,
  sealedLength,
  type TransferRecord,
} from '../../domain/transfer-record.js';
import type { ProxyError } from '../../errors/proxy-error.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import {
  DatasetGoneError,
  LoginRefusedError,
  ServiceAccountError,
  UpstreamError,
  UpstreamSetupError,
  UpstreamUnavailableError,
} from '../../errors/upstream.errors.js';
import type { FileList } from '../../file-lists/file-list.js';
import type { JobObstacle, StoredTransfer } from '../../ports/transfer-tracking.port.js';
import {
  type AssessedRequest,
  assessRequest,
  readAutoArchive,
  readFileList,
  type TransferRequestOptions,
} from './assess-request.js';
import type { TransferDeps } from './transfer-deps.js';

/** An allowed request, ready to be stored. */
interface PreparedRequest {
  readonly record: TransferRecord;
  /**
   * Returns the checked file list once, so that its up to 400,000 entries can be freed while SciCat
   * and Globus are called. Undefined for the whole folder.
   */
  readonly takeFiles: () => FileList | undefined;
  /** Number of folders in the list that have a listed entry below them. */
  readonly parents: number;
}

/** Pauses before the searches for a job that SciCat may have created. */
const SEARCH_AFTER_MS = [0, 500, 2000];

/**
 * Accepts transfers. The order of the steps makes this safe: check without any effect, store the file
 * list, create the SciCat job (which makes the transfer durable), and only then call Globus, with a
 * submission id that the job already contains.
 */
export class RequestTransfer {
  constructor(
    private readonly deps: TransferDeps & {
      /** Makes the transfer's key. @default random */
      readonly newUuid?: () => string;
    },
  ) {}

  /**
   * @returns id of the transfer's SciCat job
   * @throws AccessDeniedError InvalidRequestError TransferRefusedError QueueFullError NotReadyError
   *   TooBusyError SpoolUnavailableError UpstreamError
   */
  async execute(input: TransferRequestOptions): Promise<string> {
    const prepared = await this.prepare(input);
    const { datasetPid } = prepared.record;
    const { identity, requestId } = input.requester;
    const { kind, jobId } = await this.deps.tracking.admit({
      fingerprint: fingerprint(prepared.record),
      owner: { user: identity.username, group: prepared.record.requestedBy.ownerGroup },
      facilities: {
        source: prepared.record.source.facility,
        destination: prepared.record.destination.facility,
      },
      requestId,
      store: (submissionId) => this.store(prepared, submissionId),
    });
    if (kind === 'repeats') {
      const { username } = identity;
      this.deps.events.emit({ kind: 'repeated', jobId, datasetPid, username, requestId });
    }
    // The list of one that has started is about to be removed. The sweep tries again if this fails.
    if (kind === 'waits' && prepared.record.fileList !== undefined) {
      await this.deps.fileLists.markNamed(prepared.record.key).catch(() => undefined);
    }
    return jobId;
  }

  private async prepare(input: TransferRequestOptions): Promise<PreparedRequest> {
    const key = (this.deps.newUuid ?? randomUUID)();
    const assessed = await assessRequest(
      { operation: 'request', transferKey: key },
      input,
      this.deps,
    );
    const record = this.recordOf(key, input, assessed, await readAutoArchive(input));
    const list = await readFileList(input, assessed);
    let files = list?.files;
    const fileList = list?.digest;
    return {
      record: requireFitting(fileList === undefined ? record : { ...record, fileList }),
      parents: list?.parents ?? 0,
      takeFiles: () => {
        const taken = files;
        files = undefined;
        return taken;
      },
    };
  }

  private recordOf(
    key: string,
    { requester: { identity } }: TransferRequestOptions,
    { dataset, source, destination, copy, finalize, access }: AssessedRequest,
    autoArchive: boolean,
  ): TransferRecord {
    const { username, email } = identity;
    return {
      version: 4,
      key,
      datasetPid: dataset.pid,
      source,
      destination,
      copy,
      autoArchive,
      finalize,
      lifecycle: lifecycleToNote(dataset.lifecycle),
      requestedBy: {
        username,
        ...(email === undefined ? {} : { email }),
        ownerGroup: dataset.ownerGroup,
      },
      access,
      dataset: { bytes: dataset.size, files: dataset.numberOfFiles },
      globusClientId: this.deps.config.current().secrets.globusClientId,
    };
  }

  /** Makes the transfer durable: first the file list, then the job. */
  private async store(
    { takeFiles, parents, ...prepared }: PreparedRequest,
    submissionId: string | undefined,
  ): Promise<StoredTransfer> {
    const record = { ...prepared.record, ...(submissionId === undefined ? {} : { submissionId }) };
    const files = takeFiles();
    const { username } = record.requestedBy;
    if (files !== undefined) await this.deps.fileLists.put(record.key, files, username);
    return { record, job: await this.createJob(record), parents };
  }

  private async createJob(record: TransferRecord): Promise<CreatedJob> {
    const { jobs, fileLists, tracking } = this.deps;
    const { username, email, ownerGroup } = record.requestedBy;
    try {
      const job = await jobs.create({
        record,
        ownerUser: username,
        ownerGroup,
        ...(email === undefined ? {} : { contactEmail: email }),
      });
      tracking.reportJobCreation({ kind: 'created' });
      return job;
    } catch (error) {
      const isUnclear = error instanceof UpstreamError && error.outcomeUnclear;
      if (isUnclear) {
        const found = await this.searchJob(record.key);
        if (found !== undefined) return found;
        // The job may still appear, but the response says that nothing was started.
        tracking.reportJobCreation({ kind: 'disowned', key: record.key });
      } else if (record.fileList !== undefined) {
        await fileLists.remove(record.key).catch(() => undefined);
      }
      if (!(error instanceof UpstreamError)) throw error;
      const obstacle = obstacleIn(error);
      if (obstacle !== undefined) {
        tracking.reportJobCreation({ kind: 'not-permitted', reason: error.message, obstacle });
      }
      throw notCreated(error, record.datasetPid);
    }
  }

  /** SciCat may have stored the job although it returned an error, or did not respond. */
  private async searchJob(key: string): Promise<CreatedJob | undefined> {
    for (const pause of SEARCH_AFTER_MS) {
      await this.deps.clock.sleep(pause);
      try {
        const job = await this.deps.jobs.findByKey(key);
        if (job !== undefined) return { jobId: job.id, createdAt: job.createdAt };
      } catch {
        // Retried; in the end the key is disowned.
      }
    }
    return undefined;
  }
}

/**
 * The limits of its texts keep a record small; only a facility with very many scopes makes it too long.
 *
 * @throws InvalidRequestError
 */
function requireFitting(record: TransferRecord): TransferRecord {
  // The submission id, which is known later, is a UUID like the key.
  const length = sealedLength({ ...record, submissionId: record.key });
  if (length <= LONGEST_SEALED_RECORD) return record;
  throw new InvalidRequestError(
    `This transfer can't be recorded in SciCat: its record would have ${length} characters, and at most ${LONGEST_SEALED_RECORD} are allowed. Use shorter paths, or ask the operator of this service to shorten the scopes of the two facilities.`,
  );
}

/** What only an operator can change; undefined if the request or an outage is to blame. */
function obstacleIn(error: UpstreamError): JobObstacle | undefined {
  if (error instanceof LoginRefusedError) return 'login';
  if (error instanceof UpstreamSetupError) return 'setup';
  if (error instanceof ServiceAccountError) return 'permission';
  if (error instanceof DatasetGoneError) return undefined;
  // All checks of the request have passed, and nothing else in the job is the user's.
  return error.code === 'UPSTREAM_REJECTED' ? 'setup' : undefined;
}

function notCreated(error: UpstreamError, pid: string): ProxyError {
  if (error instanceof DatasetGoneError) {
    return new InvalidRequestError(
      `Dataset ${pid} is no longer in SciCat, so nothing was started. Check the PID (scicatPid).`,
      { cause: error },
    );
  }
  const isSetup = obstacleIn(error) === 'setup';
  return new UpstreamUnavailableError(
    'SciCat',
    isSetup
      ? 'SciCat is not set up to accept the transfer jobs of this service, so nothing was started. The operator of this service has to correct this; there is nothing wrong with your request.'
      : 'SciCat could not store the transfer job, so nothing was started. Please try again later.',
    { outcomeUnclear: false, retryAfterSeconds: 60, cause: error },
  );
}
