import { randomUUID } from 'node:crypto';
import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import {
  LoginRefusedError,
  ServiceAccountError,
  UpstreamError,
  UpstreamUnavailableError,
} from '../../errors/upstream.errors.js';
import type { Clock } from '../../ports/clock.port.js';
import { runCooperatively } from '../../file-lists/run-cooperatively.js';
import type { FileList } from '../../file-lists/file-list.js';
import { fingerprint } from '../../domain/fingerprint.js';
import type { CreatedJob } from '../../domain/transfer.js';
import type { TransferRecord } from '../../domain/transfer-record.js';
import type { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { type AssessmentRequest, assessRequest } from './assess-request.js';
import { checkFileList } from '../../file-lists/check-file-list.js';
import type { FileListStore } from '../../ports/file-list-store.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import type { TransferJobs } from '../../ports/transfer-jobs.port.js';
import type { StoredTransfer, TransferTracking } from '../../ports/transfer-tracking.port.js';

/** What the service works with. */
export interface RequestTransferDeps {
  readonly jobs: TransferJobs;
  readonly fileLists: FileListStore;
  readonly tracking: TransferTracking;
  readonly events: TransferEvents;
  readonly facilities: FacilityAuthorization;
  readonly config: ConfigSnapshots;
  readonly clock: Clock;
  /** Makes the transfer's key. @default random */
  readonly newUuid?: () => string;
}

/** A request of a known user. */
export interface TransferRequestOptions extends AssessmentRequest {
  /**
   * Gives the file list, once it is clear that the user may have the dataset moved; undefined: the
   * whole dataset folder.
   */
  readonly files: () => Promise<FileList | undefined>;
}

/** A request that passed all rules. */
interface Wanted {
  readonly record: TransferRecord;
  /**
   * Gives the checked file list once, undefined for the whole folder: after that only the store may
   * hold on to 400,000 entries while SciCat and Globus are asked.
   */
  readonly takeFiles: () => FileList | undefined;
}

/** Pauses before the searches for a job whose creation had no clear outcome. */
const SEARCH_AFTER_MS = [0, 500, 2000];

/**
 * Accepts a transfer. The order of the steps is what makes it safe: check without any effect, store
 * the file list, create the SciCat job (from then on the transfer is durable), and only then ask
 * Globus under an id that the job already holds.
 */
export class RequestTransfer {
  constructor(private readonly deps: RequestTransferDeps) {}

  /**
   * @returns id of the SciCat job that stands for the transfer
   * @throws AccessDeniedError InvalidRequestError TransferRefusedError QueueFullError NotReadyError
   *   SpoolUnavailableError UpstreamError
   */
  async execute(input: TransferRequestOptions): Promise<string> {
    const asked = await this.wanted(await this.assess(input), input);
    const { requestId, identity } = input.requester;
    const result = await this.deps.tracking.admit({
      fingerprint: fingerprint(asked.record),
      requestId,
      store: (submissionId) => this.store(asked, submissionId),
    });
    if (result.kind === 'repeats') {
      const { datasetPid } = asked.record;
      this.deps.events.emit({
        kind: 'repeated',
        jobId: result.jobId,
        datasetPid,
        username: identity.username,
        requestId,
      });
    }
    return result.jobId;
  }

  private async assess(input: TransferRequestOptions): Promise<TransferRecord> {
    const { requester, parameters } = input;
    const { identity } = requester;
    const { dataset, source, destination, copy } = await assessRequest(input, {
      facilities: this.deps.facilities,
      config: this.deps.config.current(),
      events: this.deps.events,
      operation: 'request',
    });
    return {
      version: 1,
      key: (this.deps.newUuid ?? randomUUID)(),
      datasetPid: dataset.pid,
      source,
      destination,
      copy,
      autoArchive: parameters.autoArchive,
      requestedBy: {
        username: identity.username,
        ...(identity.email === undefined ? {} : { email: identity.email }),
        ownerGroup: dataset.ownerGroup,
      },
      dataset: { bytes: dataset.size, files: dataset.numberOfFiles },
      globusClientId: this.deps.config.current().secrets.globusClientId,
    };
  }

  private async wanted(record: TransferRecord, input: TransferRequestOptions): Promise<Wanted> {
    const files = await input.files();
    if (files === undefined) return { record, takeFiles: () => undefined };
    const atRoot = record.source.path === '/' || record.destination.path === '/';
    const list = await runCooperatively(checkFileList(files, atRoot));
    let inHand: FileList | undefined = list.files;
    return {
      record: { ...record, fileList: list.digest },
      takeFiles: () => {
        const taken = inHand;
        inHand = undefined;
        return taken;
      },
    };
  }

  /** Makes the transfer durable: first the file list, then the job. */
  private async store(asked: Wanted, submissionId: string | undefined): Promise<StoredTransfer> {
    const record = submissionId === undefined ? asked.record : { ...asked.record, submissionId };
    const files = asked.takeFiles();
    if (files !== undefined) await this.deps.fileLists.put(record.key, files);
    return { record, job: await this.createJob(record) };
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
      if (error instanceof ServiceAccountError) {
        const atLogin = error instanceof LoginRefusedError;
        tracking.reportJobCreation({ kind: 'not-permitted', reason: error.message, atLogin });
      }
      if (error instanceof UpstreamError && error.outcomeUnclear) {
        const found = await this.searchJob(record.key);
        if (found !== undefined) return found;
        // It may still turn up; the caller is about to be told that it was not accepted.
        tracking.reportJobCreation({ kind: 'disowned', key: record.key });
        throw notCreated(error);
      }
      if (record.fileList !== undefined) await fileLists.remove(record.key).catch(() => undefined);
      throw error instanceof ProxyError ? notCreated(error) : error;
    }
  }

  /** SciCat may have stored the job although it answered with an error, or not at all. */
  private async searchJob(key: string): Promise<CreatedJob | undefined> {
    for (const pause of SEARCH_AFTER_MS) {
      await this.deps.clock.sleep(pause);
      try {
        const job = await this.deps.jobs.findByKey(key);
        if (job !== undefined) return { jobId: job.id, createdAt: job.createdAt };
      } catch {
        // Asked again; in the end the key is disowned, which covers this too.
      }
    }
    return undefined;
  }
}

function notCreated(error: ProxyError): ProxyError {
  if (!(error instanceof UpstreamError)) return error;
  if (error.code === 'UPSTREAM_REJECTED' && error.status !== 403) {
    return new InvalidRequestError(
      'SciCat did not accept a transfer job for this dataset, so nothing was started.',
      { details: "SciCat's reason is in the service's log.", cause: error },
    );
  }
  return new UpstreamUnavailableError(
    'SciCat',
    'SciCat could not store the transfer job, so nothing was started; please try again later.',
    { outcomeUnclear: false, retryAfterSeconds: 60, cause: error },
  );
}
