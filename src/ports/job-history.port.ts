import type { EndRequest, TransferStatus } from '../domain/transfer.js';

/** The status of a transfer that has ended. */
export type EndStatus = Extract<TransferStatus, { state: 'finished' | 'failed' | 'cancelled' }>;

/** What the service itself remembers of a transfer's end. */
export interface RememberedEnd {
  /** It was answered with 200. */
  readonly requested?: EndRequest;
  /** SciCat has shown it. */
  readonly ended?: EndStatus;
}

/**
 * What the service remembers of its jobs across restarts, in the data folder, where no user of SciCat can
 * change it. It helps where SciCat's own word is not enough; without it, the service works all the same.
 */
export interface JobHistory {
  /** Id of a job that this service created: whether it can be read shows what an empty list means. */
  knownJob(): Promise<string | undefined>;
  /** Remembers a job, unless one is known. Never rejects. */
  note(jobId: string): Promise<void>;
  /** Forgets the known job, which is no longer in SciCat. Never rejects. */
  forget(): Promise<void>;

  /** Reads the remembered ends; to be called before any of the methods below. Never rejects. */
  load(): Promise<void>;
  /** The remembered end of a transfer, if any. */
  endOf(jobId: string): RememberedEnd | undefined;
  /**
   * Since when every end is remembered, in ms since the epoch: a job that was created later, and whose end
   * is not remembered, has not ended.
   */
  completeSince(): number;
  /** Remembers that a transfer is to end, or has. Resolves when it is on the disk. Never rejects. */
  noteEnd(jobId: string, end: RememberedEnd): Promise<void>;
}

/** Injection token of {@link JobHistory}. */
export const JOB_HISTORY = Symbol('JobHistory');
