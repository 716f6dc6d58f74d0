import type { TransferJobDocument } from '../domain/job-reading.js';
import type { JobView } from '../domain/job-view.js';
import type { CreatedJob } from '../domain/transfer.js';
import type { TransferRecord } from '../domain/transfer-record.js';

/** What a new SciCat job is made of. */
export interface NewTransferJob {
  readonly record: TransferRecord;
  readonly ownerUser: string;
  readonly ownerGroup: string;
  /** Left out when the user's e-mail is no valid address. */
  readonly contactEmail?: string;
}

/** Whose jobs a list shows: those of the user, and those of the user's groups. */
export interface Viewer {
  readonly username: string;
  readonly accessGroups: readonly string[];
}

/** One page of jobs, and how many there are in all. */
export interface JobPage {
  readonly total: number;
  readonly jobs: readonly TransferJobDocument[];
}

/**
 * The transfer jobs in SciCat: the service's database. Every call may throw an `UpstreamError`;
 * `outcomeUnclear` tells whether the call may have been carried out all the same.
 */
export interface TransferJobs {
  /** Names of the account that makes the jobs: today's, then earlier ones. */
  ownAccounts(): readonly string[];

  /**
   * Creates a job. Never retried by itself: after an unclear error, search with
   * {@link findByKey}, because SciCat may answer with an error after storing the job.
   */
  create(job: NewTransferJob, signal?: AbortSignal): Promise<CreatedJob>;

  /** The job of our own that carries this key. */
  findByKey(key: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined>;

  /** One job by id. @returns undefined when SciCat certainly has no such job */
  read(jobId: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined>;

  /**
   * The open jobs of our own, ascending by id, from the first id after `after`.
   *
   * @param limit how many at most; fewer means that these were the last
   */
  listOpen(
    after: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly TransferJobDocument[]>;

  /** As {@link listOpen}, but only the ids: for the frequent check whether anything is missing. */
  listOpenIds(
    after: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;

  /** Jobs of our own that the viewer may see, newest first. Pages count from 1. */
  list(viewer: Viewer, page: number, pageSize: number, signal?: AbortSignal): Promise<JobPage>;

  /** Writes status and result. Never retried by itself: after an unclear outcome, read first. */
  write(jobId: string, view: JobView, signal?: AbortSignal): Promise<void>;

  /** Removes a job; one that is gone already is no error. */
  remove(jobId: string, signal?: AbortSignal): Promise<void>;
}

/** Injection token of {@link TransferJobs}. */
export const TRANSFER_JOBS = Symbol('TransferJobs');
