import { UpstreamSetupError } from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import { factsOf, failureOf, malformed } from './scicat-error.js';
import type { AccountCalls } from './service-account.js';

/**
 * SciCat returned jobs that were not asked for, or in another order. Nothing that follows from such a
 * list can be relied on, above all not that it is complete.
 */
class JobListOrderError extends UpstreamSetupError {
  constructor(answer: UpstreamAnswer, operation: string, what: string) {
    super(
      'SciCat',
      `SciCat did not return its list of jobs in the form that this service requested (${operation}: ${what}). The operator must check whether this service supports this version of SciCat; there is nothing wrong with your request.`,
      factsOf({ ...answer, body: undefined }),
    );
  }
}

/** A row of a list: an identified part of a job. */
interface JobRow {
  readonly id: string;
}

/** A query of SciCat's job list, which is always read in ascending order of the ids. */
interface JobListQuery<Row extends JobRow> {
  /** As in `ScicatRequest.operation`. */
  readonly operation: string;
  readonly where: Readonly<Record<string, unknown>>;
  /** Fields to return, `id` included: SciCat sorts after dropping other fields, and ignores an object here. */
  readonly fields: readonly ['id', ...string[]];
  /** Only jobs with ids above this one. */
  readonly after?: string | undefined;
  /** At least 1. Always sent: one generation of SciCat returns 100 jobs without it, another all. */
  readonly limit: number;
  /** Reads one row; undefined if it is not a job. */
  readonly read: (row: unknown) => Row | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the jobs that the account may see, in ascending order of their ids; an account without
 * permissions gets an empty list. There may be further jobs unless the list is empty: continue after
 * the last id. (There is no `skip`, because SciCat applies the limit first.)
 *
 * SciCat up to 5.1 sorts by the `sort` of the filter and ignores the one in `limits`; later versions do
 * the opposite, and neither objects to the other one. Both are sent, and because a list in another order
 * would silently lack jobs, the order of the answer is checked.
 *
 * @throws UpstreamUnavailableError also for a 400, SciCat's answer to every failure of a list
 * @throws UpstreamMalformedError when the response is not a list of jobs
 * @throws JobListOrderError when it is not the list that was asked for
 */
export async function listJobs<Row extends JobRow>(
  account: AccountCalls,
  { operation, where, fields, after, limit, read, signal }: JobListQuery<Row>,
): Promise<readonly Row[]> {
  const answer = await account.call({
    operation,
    safety: 'safe',
    method: 'GET',
    path: JOBS_PATH,
    filter: {
      where: after === undefined ? where : { ...where, id: { $gt: after } },
      fields,
      sort: { id: 1 },
      limits: { limit, sort: { id: 'asc' } },
    },
    signal,
  });
  if (answer.status !== 200) {
    throw failureOf(answer, operation, { badRequest: 'unclear', forbidden: 'own-account' });
  }
  if (!Array.isArray(answer.body)) throw malformed(answer, operation);
  const rows = answer.body.map((value: unknown) => {
    const row = read(value);
    if (row === undefined) throw malformed(answer, operation);
    return row;
  });
  if (rows.length > limit) {
    throw new JobListOrderError(
      answer,
      operation,
      `${rows.length} jobs instead of at most ${limit}`,
    );
  }
  // Strictly, so that a repeated page is noticed as well.
  let last = after;
  for (const { id } of rows) {
    if (last !== undefined && id <= last) {
      throw new JobListOrderError(answer, operation, `job ${id} after job ${last}`);
    }
    last = id;
  }
  return rows;
}

/** Lists all jobs, a page at a time. `limit` is the size of a page. Throws as {@link listJobs}. */
export async function listAllJobs<Row extends JobRow>(
  account: AccountCalls,
  query: Omit<JobListQuery<Row>, 'after'>,
): Promise<readonly Row[]> {
  const all: Row[] = [];
  for (;;) {
    const page = await listJobs(account, { ...query, after: all.at(-1)?.id });
    // Not at the first short page: SciCat may have a maximum that is below the limit.
    if (page.length === 0) return all;
    all.push(...page);
  }
}

/** Path of SciCat's jobs. Version 3 of the API can only list all of them. */
export const JOBS_PATH = 'api/v4/jobs';
