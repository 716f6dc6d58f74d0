/**
 * Remembers one of the service's jobs across restarts. Whether that job can still be read shows what an
 * empty list of jobs means.
 */
export interface JobHistory {
  /** Id of a job that this service created; undefined when none is known. */
  knownJob(): Promise<string | undefined>;
  /** Remembers a job, unless one is known. Never rejects. */
  note(jobId: string): Promise<void>;
  /** Forgets the known job, which is no longer in SciCat. Never rejects. */
  forget(): Promise<void>;
}

/** Injection token of {@link JobHistory}. */
export const JOB_HISTORY = Symbol('JobHistory');
