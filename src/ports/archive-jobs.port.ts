/** The job that has a dataset archived, in the name of the user who requested the transfer. */
export interface NewArchiveJob {
  readonly datasetPid: string;
  /** Absent for jobs of the Go version, which did not keep who asked. */
  readonly ownerUser?: string;
  readonly ownerGroup: string;
  readonly contactEmail?: string;
  readonly transferJobId: string;
  /** The transfer's key; what {@link ArchiveJobs.findByKey} searches. */
  readonly transferKey: string;
}

/** SciCat's archive jobs, of which a transfer makes at most one. */
export interface ArchiveJobs {
  /** Id of the archive job that our own account made for this transfer. */
  findByKey(transferKey: string, signal?: AbortSignal): Promise<string | undefined>;

  /** Creates the job and returns its id. After an unclear error, search before retrying. */
  create(job: NewArchiveJob, signal?: AbortSignal): Promise<string>;
}

/** Injection token of {@link ArchiveJobs}. */
export const ARCHIVE_JOBS = Symbol('ArchiveJobs');
