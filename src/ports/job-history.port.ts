/**
 * Remembers one of the service's jobs across restarts: what an empty list of jobs means depends on
 * whether that job can still be read.
 */
export interface JobHistory {
  /** Id of a job that this service has made; undefined when none is known here. */
  knownJob(): Promise<string | undefined>;
  /** A job of ours. One is enough: others are not remembered while there is one. Never rejects. */
  note(jobId: string): Promise<void>;
  /** The known job is no longer in SciCat. Never rejects. */
  forget(): Promise<void>;
}

/** Injection token of {@link JobHistory}. */
export const JOB_HISTORY = Symbol('JobHistory');
