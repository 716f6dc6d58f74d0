/** Which of the service's SciCat accounts; the same one where there is only one. */
export type AccountRole = 'creator' | 'updater';

/** What SciCat's health route says. */
export interface HealthReading {
  readonly status: number;
  /**
   * - `well`: SciCat says so.
   * - `unwell`: SciCat says that it is not.
   * - `no-scicat`: what answers there does not speak as SciCat does.
   */
  readonly kind: 'well' | 'unwell' | 'no-scicat';
  /** How far SciCat's clock is ahead of this machine's, in milliseconds; undefined if it hides it. */
  readonly aheadMs: number | undefined;
}

/** Who an account is, in SciCat's words. */
export interface AccountFacts {
  readonly username: string;
  readonly groups: readonly string[];
}

/**
 * What a refused request tells of a right.
 *
 * - `granted`, `refused`: certain.
 * - `not-told`: the answer is the same with the right and without it.
 * - `strange`: an answer that SciCat is not known to give.
 */
export type RightReading =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'not-told' }
  | { readonly kind: 'strange'; readonly status: number };

/** What a request that must be refused tells of the right to create jobs. */
export type CreateReading =
  | RightReading
  /** SciCat stored what it should have refused. The job is there, and has to be removed. */
  | { readonly kind: 'stored'; readonly jobId: string };

/** Whether SciCat's job configuration has a type. */
export type JobTypeReading =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'strange'; readonly status: number };

/** What became of a job that was to be made. */
export type TrialJobReading =
  | { readonly kind: 'made'; readonly jobId: string }
  /** SciCat answered with this status; the job may be there all the same. */
  | { readonly kind: 'doubtful'; readonly status: number };

/**
 * Questions to SciCat. Those in the first group change nothing: they are put so that SciCat must
 * refuse them, and the way in which it does is the answer.
 *
 * All of them throw an `UpstreamError` when there is no answer, and the signal's reason.
 */
export interface ScicatProbe {
  health(signal: AbortSignal): Promise<HealthReading>;
  /** Logs in and asks. @throws ServiceAccountError when SciCat refuses the login */
  whoAmI(role: AccountRole, signal: AbortSignal): Promise<AccountFacts>;
  jobType(type: string, signal: AbortSignal): Promise<JobTypeReading>;
  /** Whether the creator may create transfer jobs for other people. */
  mayCreateJobs(signal: AbortSignal): Promise<CreateReading>;
  /** Whether the updater may update jobs; never `granted`. */
  mayUpdateJobs(signal: AbortSignal): Promise<RightReading>;
  mayDeleteJobs(signal: AbortSignal): Promise<RightReading>;
  /** Whether the updater may change lifecycles of datasets; never `granted`. */
  mayChangeLifecycles(signal: AbortSignal): Promise<RightReading>;

  /**
   * Makes a job of the transfers' type that no service takes for a transfer: it has no record, and
   * belongs to the creator itself.
   *
   * @param marker by which {@link findTrialJob} finds it
   */
  makeTrialJob(marker: string, signal: AbortSignal): Promise<TrialJobReading>;
  /** @returns its id, or undefined when there is none */
  findTrialJob(marker: string, signal: AbortSignal): Promise<string | undefined>;
  /** Writes into it that it is cancelled, so that it counts as ended. */
  endTrialJob(jobId: string, signal: AbortSignal): Promise<void>;
  removeJob(jobId: string, signal: AbortSignal): Promise<void>;
}
