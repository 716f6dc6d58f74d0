/** The job that has a dataset archived, in the name of the user who asked for the transfer. */
export interface NewArchiveJob {
  readonly datasetPid: string;
  /** Absent for jobs of the Go version, which did not keep who asked. */
  readonly ownerUser?: string;
  readonly ownerGroup: string;
  readonly contactEmail?: string;
  readonly transferJobId: string;
  /** The transfer's key; what {@link ArchiveJobs.findByKey} looks for. */
  readonly transferKey: string;
}

/** SciCat's archive jobs, of which a transfer makes at most one. */
export interface ArchiveJobs {
  /** Id of the archive job that our own account made for this transfer. */
  findByKey(transferKey: string, signal?: AbortSignal): Promise<string | undefined>;

  /** Makes the job and returns its id. After any error that is not certain, look before repeating. */
  create(job: NewArchiveJob, signal?: AbortSignal): Promise<string>;
}

/** Injection token of {@link ArchiveJobs}. */
export const ARCHIVE_JOBS = Symbol('ArchiveJobs');
