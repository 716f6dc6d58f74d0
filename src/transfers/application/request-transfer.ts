import { randomUUID } from 'node:crypto';
import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { InvalidRequestError, TransferRefusedError } from '../../errors/request.errors.js';
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
import { type CreatedJob, newTransfer } from '../../domain/transfer.js';
import type { TransferRecord } from '../../domain/transfer-record.js';
import type { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { type AssessmentRequest, assessRequest } from './assess-request.js';
import { checkedFileList } from '../../file-lists/checked-file-list.js';
import type { FileListStore } from '../../ports/file-list-store.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import type { TransferJobs } from '../../ports/transfer-jobs.port.js';
import type {
  DispatchResult,
  Place,
  TransferTracking,
} from '../../ports/transfer-tracking.port.js';

/** What the service works with. */
export interface RequestTransferDeps {
  readonly jobs: TransferJobs;
  readonly spool: FileListStore;
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

/** What is to be carried out. */
interface Wanted {
  readonly record: TransferRecord;
  /**
   * Gives the checked file list once, undefined for the whole folder: after that only the spool may
   * hold on to 400,000 entries while SciCat and Globus are asked.
   */
  readonly takeFiles: () => FileList | undefined;
}

/** How long a request waits for Globus; the transfer goes on all the same. */
const ANSWER_AFTER_MS = 10_000;
/** Pauses before the looks for a job whose creation had no certain outcome. */
const LOOK_AFTER_MS = [0, 500, 2000];

/**
 * Accepts a transfer. The order of the steps is what makes it safe: check without any effect, keep
 * the file list, make the SciCat job (from then on the intent is durable), and only then ask Globus
 * under an id that the job already holds.
 */
export class RequestTransfer {
  /** Requests that are being stored, by fingerprint: equal ones at the same time share one job. */
  private readonly underWay = new Map<string, Promise<string>>();

  constructor(private readonly parts: RequestTransferDeps) {}

  /**
   * @returns id of the SciCat job that stands for the transfer
   * @throws AccessDeniedError InvalidRequestError TransferRefusedError QueueFullError NotReadyError
   *   SpoolUnavailableError UpstreamError
   */
  async execute(input: TransferRequestOptions): Promise<string> {
    const asked = await this.wanted(await this.assess(input), input);
    const print = fingerprint(asked.record);
    // From finding none to noting this one as under way nothing may happen in between.
    for (
      let equal = this.equalTransfer(print);
      equal !== undefined;
      equal = this.equalTransfer(print)
    ) {
      const jobId = await equal;
      if (jobId === undefined) continue;
      const { requestId, identity } = input.requester;
      const { datasetPid } = asked.record;
      this.parts.events.emit({
        kind: 'repeated',
        jobId,
        datasetPid,
        username: identity.username,
        requestId,
      });
      return jobId;
    }
    const carriedOut = this.carryOut(asked, input.requester.requestId);
    this.underWay.set(print, carriedOut);
    try {
      return await carriedOut;
    } finally {
      this.underWay.delete(print);
    }
  }

  /**
   * An equal transfer, open or just being made.
   *
   * @returns undefined when there is none; else its job, or undefined if it turns out to be no answer:
   *   somebody wants its end, or its job was removed in SciCat
   */
  private equalTransfer(print: string): Promise<string | undefined> | undefined {
    const { tracking } = this.parts;
    const open = tracking.findEqual(print);
    if (open !== undefined) {
      return tracking
        .stillThere(open)
        .then((there) => (there && tracking.findEqual(print) === open ? open : undefined));
    }
    return this.underWay
      .get(print)
      ?.then((jobId) => (tracking.answersOthers(jobId) ? jobId : undefined));
  }

  private async assess(input: TransferRequestOptions): Promise<TransferRecord> {
    const { requester, parameters } = input;
    const { identity } = requester;
    const { dataset, source, destination, copy } = await assessRequest(input, {
      facilities: this.parts.facilities,
      config: this.parts.config.current(),
      events: this.parts.events,
      operation: 'request',
    });
    return {
      version: 1,
      key: (this.parts.newUuid ?? randomUUID)(),
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
      globusClientId: this.parts.config.current().secrets.globusClientId,
    };
  }

  private async wanted(record: TransferRecord, input: TransferRequestOptions): Promise<Wanted> {
    const files = await input.files();
    if (files === undefined) return { record, takeFiles: () => undefined };
    const atRoot = record.source.path === '/' || record.destination.path === '/';
    const list = await runCooperatively(checkedFileList(files, atRoot));
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

  private async carryOut(asked: Wanted, requestId: string): Promise<string> {
    const { tracking } = this.parts;
    const place = tracking.reserve();
    const { record, job } = await this.store(asked, place).catch((error: unknown) => {
      place.release();
      throw error;
    });
    const transfer = newTransfer(
      job,
      record,
      place.slot ? 'being submitted to Globus' : place.waitsFor,
    );
    const dispatched = await this.atMost(
      ANSWER_AFTER_MS,
      tracking.accept(transfer, place, requestId),
    );
    if (dispatched.kind === 'refused') {
      throw new TransferRefusedError(`The transfer was refused: ${dispatched.reason}`, {
        details: `It is kept as failed job ${job.jobId} in SciCat.`,
      });
    }
    return job.jobId;
  }

  /** Makes the intent durable: first the file list, then the job. */
  private async store(
    asked: Wanted,
    place: Place,
  ): Promise<{ readonly record: TransferRecord; readonly job: CreatedJob }> {
    // Only who has a slot takes an id now; how long Globus honours an unused one is not known.
    const submissionId = place.slot ? this.parts.tracking.takeSubmissionId() : undefined;
    const record = submissionId === undefined ? asked.record : { ...asked.record, submissionId };
    const files = asked.takeFiles();
    if (files !== undefined) await this.parts.spool.put(record.key, files);
    return { record, job: await this.createJob(record) };
  }

  private async createJob(record: TransferRecord): Promise<CreatedJob> {
    const { jobs, spool, tracking } = this.parts;
    const { username, email, ownerGroup } = record.requestedBy;
    try {
      const job = await jobs.create({
        record,
        ownerUser: username,
        ownerGroup,
        ...(email === undefined ? {} : { contactEmail: email }),
      });
      tracking.accountMayCreate(undefined);
      return job;
    } catch (error) {
      if (error instanceof ServiceAccountError) {
        const atLogin = error instanceof LoginRefusedError;
        tracking.accountMayCreate({ reason: error.message, atLogin });
      }
      if (error instanceof UpstreamError && error.outcomeUnclear) {
        const found = await this.lookForJob(record.key);
        if (found !== undefined) return found;
        // It may still turn up; the caller is about to be told that it was not accepted.
        tracking.disown(record.key);
        throw notCreated(error);
      }
      if (record.fileList !== undefined) await spool.remove(record.key).catch(() => undefined);
      throw error instanceof ProxyError ? notCreated(error) : error;
    }
  }

  /** SciCat may have stored the job although it answered with an error, or not at all. */
  private async lookForJob(key: string): Promise<CreatedJob | undefined> {
    for (const pause of LOOK_AFTER_MS) {
      await this.parts.clock.sleep(pause);
      try {
        const job = await this.parts.jobs.findByKey(key);
        if (job !== undefined) return { jobId: job.id, createdAt: job.createdAt };
      } catch {
        // Asked again; in the end the key is disowned, which covers this too.
      }
    }
    return undefined;
  }

  private async atMost(ms: number, dispatched: Promise<DispatchResult>): Promise<DispatchResult> {
    let answered = (): void => undefined;
    const tooLate = new Promise<DispatchResult>((resolve) => {
      answered = this.parts.clock.schedule(ms, () => {
        resolve({ kind: 'waits' });
      });
    });
    try {
      return await Promise.race([dispatched, tooLate]);
    } finally {
      answered();
    }
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
