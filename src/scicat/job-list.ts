import { failureOf, malformed } from './scicat-error.js';
import type { ServiceAccount } from './service-account.js';

/** A query of SciCat's job list. */
interface JobListQuery<Row> {
  /** As in `ScicatRequest.operation`. */
  readonly operation: string;
  readonly where: Readonly<Record<string, unknown>>;
  /**
   * Fields to return. SciCat ignores an object here, and sorts after dropping other fields, so the
   * sort fields must be included.
   */
  readonly fields: readonly string[];
  /** Sent at the top of the filter: in `limits`, where SciCat documents it, it has no effect. */
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  /** At least 1. SciCat has neither a default nor a maximum. */
  readonly limit?: number;
  /** Reads one row; undefined if it is not a job. */
  readonly read: (row: unknown) => Row | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the jobs that the account may see; an account without permissions gets an empty list. There
 * is no `skip`, because SciCat applies the limit first.
 *
 * @throws UpstreamUnavailableError also for a 400, SciCat's answer to every failure of a list
 * @throws UpstreamMalformedError when the response is not a list of jobs
 */
export async function listJobs<Row>(
  account: ServiceAccount,
  { operation, where, fields, sort, limit, read, signal }: JobListQuery<Row>,
): Promise<readonly Row[]> {
  const answer = await account.call({
    operation,
    safety: 'safe',
    method: 'GET',
    path: JOBS_PATH,
    filter: { where, fields, sort, limits: limit === undefined ? undefined : { limit } },
    signal,
  });
  if (answer.status !== 200) {
    throw failureOf(answer, operation, { badRequest: 'unclear', forbidden: 'own-account' });
  }
  if (!Array.isArray(answer.body)) throw malformed(answer, operation);
  return answer.body.map((value: unknown) => {
    const row = read(value);
    if (row === undefined) throw malformed(answer, operation);
    return row;
  });
}

/** Path of SciCat's jobs. Version 3 of the API can only list all of them. */
export const JOBS_PATH = 'api/v4/jobs';
