/** A request to archive a dataset on behalf of the user who requested the transfer. */
export interface NewArchiveJob {
  readonly datasetPid: string;
  /** Absent for jobs of the Go version, which did not record the user. */
  readonly ownerUser?: string;
  readonly ownerGroup: string;
  readonly contactEmail?: string;
  readonly transferJobId: string;
  /** Searched by {@link ArchiveJobs.findByKey}. */
  readonly transferKey: string;
}

/** SciCat's archive jobs; each transfer creates at most one. */
export interface ArchiveJobs {
  /** Id of the archive job that our own account created for this transfer. */
  findByKey(transferKey: string, signal?: AbortSignal): Promise<string | undefined>;

  /**
   * Creates the job and returns its id. It belongs to the owner group alone if SciCat does not let it
   * belong to the user. After an unclear error, search before retrying.
   */
  create(job: NewArchiveJob, signal?: AbortSignal): Promise<string>;
}

/** Injection token of {@link ArchiveJobs}. */
export const ARCHIVE_JOBS = Symbol('ArchiveJobs');
