import type { TransferJobDocument } from '../domain/job-reading.js';
import type { JobView } from '../domain/job-view.js';
import type { CreatedJob } from '../domain/transfer.js';
import type { TransferRecord } from '../domain/transfer-record.js';

/**
 * For how long after its creation it is checked whether another account has forged a job's end. Globus
 * keeps tasks for longer than that.
 */
export const REWRITTEN_WITHIN_DAYS = 30;

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

/** A page of open jobs. */
export interface OpenJobs {
  readonly jobs: readonly TransferJobDocument[];
  /** Single jobs that can't be read, which are no reason not to take up all others. */
  readonly unreadable: readonly { readonly id: string; readonly reason: string }[];
  /** Where the next page begins; undefined if this one is empty, which is the end. */
  readonly last: string | undefined;
}

/**
 * The transfer jobs in SciCat, which are the service's database. Every call may throw an
 * `UpstreamError`; its `outcomeUnclear` tells whether the call may have taken effect regardless.
 */
export interface TransferJobs {
  /** Names of the service's account: the current one, then earlier ones. */
  ownAccounts(): readonly string[];

  /** Names of all accounts with which the service writes jobs, or wrote them. */
  ownWriters(): readonly string[];

  /**
   * Creates a job. Not retried automatically: after an unclear error, search with {@link findByKey},
   * because SciCat may answer with an error after storing the job.
   */
  create(job: NewTransferJob, signal?: AbortSignal): Promise<CreatedJob>;

  /** Our own job with this key. @throws UnreadableItemError when there is one that can't be read */
  findByKey(key: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined>;

  /**
   * One job by id.
   *
   * @returns undefined when SciCat certainly has no such job
   * @throws UnreadableItemError when it can't be read, being too large or not as expected
   */
  read(jobId: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined>;

  /**
   * Our own open jobs, ascending by id, starting after `after`.
   *
   * @param limit maximum number. Fewer are not necessarily the last ones: only an empty list is the end,
   *   and a page has fewer if they are large
   */
  listOpen(after: string | undefined, limit: number, signal?: AbortSignal): Promise<OpenJobs>;

  /** Like {@link listOpen}, but only the ids: cheap enough for frequent sweeps. */
  listOpenIds(
    after: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;

  /**
   * Our own jobs that show an end which another account than ours wrote last, like {@link listOpen}. Only
   * jobs created in the last {@link REWRITTEN_WITHIN_DAYS} days, as the list would grow for ever.
   */
  listRewritten(after: string | undefined, limit: number, signal?: AbortSignal): Promise<OpenJobs>;

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

/**
 * Injection token of {@link TransferJobs} for what users' requests ask of SciCat themselves. They share
 * connections with each other, and none with the tracker.
 */
export const USERS_TRANSFER_JOBS = Symbol('UsersTransferJobs');
