/** SciCat's type of the jobs that are transfers. */
export const TRANSFER_JOB_TYPE = 'globus_transfer_job';

/** A transfer job as SciCat holds it, reduced to what the service needs. */
export interface TransferJobDocument {
  readonly id: string;
  readonly type: string;
  /** Set by SciCat, never by a client: who made the job. */
  readonly createdBy: string;
  /** '' when SciCat has none. */
  readonly ownerUser: string;
  /** '' when SciCat has none. */
  readonly ownerGroup: string;
  /** Milliseconds since the epoch; 0 when SciCat's text is no date. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly statusCode: string;
  readonly statusMessage: string;
  readonly datasetPids: readonly string[];
  /** `jobParams.globusTransfer` as it is: absent in jobs of the Go version. */
  readonly globusTransfer: unknown;
  /** `jobResultObject` as it is; may be null or empty. */
  readonly result: unknown;
}

/**
 * Whether a job is a transfer of ours: of our type, and made by our own account. Others may be
 * allowed to create jobs of this type, with a forged record in it; what `createdBy` says is
 * SciCat's word and can't be forged.
 *
 * @param ownAccounts names of the service account, today's and earlier ones
 */
export function isOurs(
  job: Pick<TransferJobDocument, 'type' | 'createdBy'>,
  ownAccounts: readonly string[],
): boolean {
  return job.type === TRANSFER_JOB_TYPE && ownAccounts.includes(job.createdBy);
}

/** The status words that end a job in `jobResultObject.status`; any other job is open. */
export const ENDED_JOB_STATUSES = ['finished', 'failed', 'cancelled'] as const;

/** Whether SciCat shows the job as ended. Jobs that were never written to are open. */
export function showsEnded(job: Pick<TransferJobDocument, 'result'>): boolean {
  const status = field(job.result, 'status');
  return ENDED_JOB_STATUSES.some((ended) => ended === status);
}

/** A field of something that may not even be an object. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
