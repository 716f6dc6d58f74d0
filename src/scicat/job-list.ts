import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import { failureOf, malformed } from './scicat-error.js';
import type { ServiceAccount } from './service-account.js';

/** A query of SciCat's job list. */
interface JobListQuery<Row> {
  /** Name of the call, as in `ScicatRequest.operation`. */
  readonly operation: string;
  readonly where: Readonly<Record<string, unknown>>;
  /**
   * What is wanted of each job. A list, since SciCat ignores an object; what the list is sorted by
   * must be in it, since SciCat sorts after taking the fields out.
   */
  readonly fields: readonly string[];
  /** At the top of the filter: in `limits`, where SciCat's manual shows it, it has no effect. */
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  /** How many at most, at least 1. SciCat has neither a default nor a bound of its own. */
  readonly limit?: number;
  /** Reads one row; undefined for one that is not a job. */
  readonly read: (row: unknown) => Row | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Jobs that this account may see. (Surprises: `skip` is of no use, since SciCat cuts to the limit
 * first; an account without rights gets an empty list and no error.)
 *
 * @throws UpstreamUnavailableError also for a 400, as which SciCat shows every failure of a list
 * @throws UpstreamMalformedError when the answer is not a list of jobs
 */
export async function listJobs<Row>(
  account: ServiceAccount,
  query: JobListQuery<Row>,
): Promise<readonly Row[]> {
  const { operation, where, fields, sort, limit } = query;
  const answer = await account.call({
    operation,
    safety: 'safe',
    method: 'GET',
    path: JOBS_PATH,
    filter: {
      where,
      fields,
      ...(sort === undefined ? {} : { sort }),
      ...(limit === undefined ? {} : { limits: { limit } }),
    },
    signal: query.signal,
  });
  if (answer.status !== 200) {
    throw failureOf(answer, { operation, badRequest: 'trouble', forbidden: 'own-account' });
  }
  return rowsOf(answer, query);
}

/** Path of SciCat's jobs. Version 3 of it can't be asked for anything but everything. */
export const JOBS_PATH = 'api/v4/jobs';

function rowsOf<Row>(answer: UpstreamAnswer, query: JobListQuery<Row>): readonly Row[] {
  if (!Array.isArray(answer.body)) throw malformed(answer, query.operation);
  return (answer.body as readonly unknown[]).map((value) => {
    const row = query.read(value);
    if (row === undefined) throw malformed(answer, query.operation);
    return row;
  });
}
