import type { TransferJobDocument } from '../domain/job-reading.js';
import type { JobView } from '../domain/job-view.js';
import type { CreatedJob } from '../domain/transfer.js';
import type { TransferRecord } from '../domain/transfer-record.js';

/** The content of a new SciCat job. */
export interface NewTransferJob {
  readonly record: TransferRecord;
  readonly ownerUser: string;
  readonly ownerGroup: string;
  /** Absent when the user has no valid e-mail address. */
  readonly contactEmail?: string;
}

/** A user who lists jobs: sees their own and those of their groups. */
export interface Viewer {
  readonly username: string;
  readonly accessGroups: readonly string[];
}

/** One page of jobs, and the number of jobs on all pages. */
export interface JobPage {
  readonly total: number;
  readonly jobs: readonly TransferJobDocument[];
}

/**
 * The transfer jobs in SciCat, which are the service's database. Every call may throw an
 * `UpstreamError`; its `outcomeUnclear` tells whether the call may have taken effect regardless.
 */
export interface TransferJobs {
  /** Names of the service's account: the current one, then earlier ones. */
  ownAccounts(): readonly string[];

  /**
   * Creates a job. Not retried automatically: after an unclear error, search with {@link findByKey},
   * because SciCat may answer with an error after storing the job.
   */
  create(job: NewTransferJob, signal?: AbortSignal): Promise<CreatedJob>;

  /** Our own job with this key. */
  findByKey(key: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined>;

  /** One job by id. @returns undefined when SciCat certainly has no such job */
  read(jobId: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined>;

  /**
   * Our own open jobs, ascending by id, starting after `after`.
   *
   * @param limit maximum number. Fewer are not necessarily the last ones: only an empty list is the end
   */
  listOpen(
    after: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly TransferJobDocument[]>;

  /** Like {@link listOpen}, but only the ids: cheap enough for frequent sweeps. */
  listOpenIds(
    after: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;

  /** Our own jobs that the viewer may see, newest first. Pages count from 1. */
  list(
    viewer: Viewer | 'everybody',
    page: number,
    pageSize: number,
    signal?: AbortSignal,
  ): Promise<JobPage>;

  /** Writes status and result. Not retried automatically: after an unclear outcome, read first. */
  write(jobId: string, view: JobView, signal?: AbortSignal): Promise<void>;

  /** Removes a job; succeeds if it is already gone. */
  remove(jobId: string, signal?: AbortSignal): Promise<void>;
}

/** Injection token of {@link TransferJobs}. */
export const TRANSFER_JOBS = Symbol('TransferJobs');
