import { countField, field, itemsOf, stringField } from '../domain/untyped.js';
import { type UpstreamError, UpstreamSetupError } from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { ScicatRequest } from './scicat-api.js';
import { factsOf, failureOf, malformed } from './scicat-error.js';
import type { JobKey } from './scicat.wire.js';
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

/** A query of SciCat's job list in ascending order of the ids, as the service itself reads it. */
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
  /** @default 'small' */
  readonly answer?: ScicatRequest['answer'];
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
export function listJobs<Row extends JobRow>(
  account: AccountCalls,
  { where, fields, after, limit, ...query }: JobListQuery<Row>,
): Promise<readonly Row[]> {
  const filter = {
    where: after === undefined ? where : { ...where, id: { $gt: after } },
    fields,
    sort: { id: 1 },
    limits: { limit, sort: { id: 'asc' } },
  };
  const follows = ({ id }: Row, last: Row | undefined): boolean => {
    const previous = last?.id ?? after;
    // Strictly, so that a repeated page is noticed as well.
    return previous === undefined || id > previous;
  };
  return rowsOf(account, query, { filter, limit, after, follows });
}

/** A query of the newest jobs. */
interface NewestJobsQuery<Row extends JobKey> {
  readonly operation: string;
  readonly where: Readonly<Record<string, unknown>>;
  /** `id` and `createdAt` included, by which SciCat sorts. */
  readonly fields: readonly ['id', 'createdAt', ...string[]];
  /** How many to leave out. */
  readonly skip: number;
  /** At least 1. */
  readonly limit: number;
  readonly read: (row: unknown) => Row | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists jobs, the newest first, and those of one moment in descending order of their ids. As both sorts
 * are sent, so is the order checked; see {@link listJobs}, which throws the same errors.
 */
export function listNewestJobs<Row extends JobKey>(
  account: AccountCalls,
  { where, fields, skip, limit, ...query }: NewestJobsQuery<Row>,
): Promise<readonly Row[]> {
  const filter = {
    where,
    fields,
    sort: { createdAt: -1, id: -1 },
    // SciCat applies the limit before it skips.
    limits: { limit: skip + limit, skip, sort: { createdAt: 'desc', id: 'desc' } },
  };
  const follows = (row: Row, last: Row | undefined): boolean =>
    last === undefined || newestFirst(last, row) < 0;
  return rowsOf(account, query, { filter, limit, follows });
}

/** Sorts jobs from the newest to the oldest, and those of one moment by descending ids. */
export function newestFirst(a: JobKey, b: JobKey): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

async function rowsOf<Row extends JobRow>(
  account: AccountCalls,
  {
    operation,
    read,
    answer: size,
    signal,
  }: Pick<JobListQuery<Row>, 'operation' | 'read' | 'answer' | 'signal'>,
  {
    filter,
    limit,
    after,
    follows,
  }: {
    readonly filter: Readonly<Record<string, unknown>>;
    readonly limit: number;
    readonly after?: string | undefined;
    readonly follows: (row: Row, last: Row | undefined) => boolean;
  },
): Promise<readonly Row[]> {
  const answer = await account.call({
    operation,
    safety: 'safe',
    method: 'GET',
    path: JOBS_PATH,
    filter,
    ...(size === undefined ? {} : { answer: size }),
    signal,
  });
  if (answer.status !== 200) throw listFailureOf(answer, operation);
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
  let last: Row | undefined;
  for (const row of rows) {
    if (!follows(row, last)) {
      throw new JobListOrderError(
        answer,
        operation,
        `job ${row.id} after job ${String(last?.id ?? after)}`,
      );
    }
    last = row;
  }
  return rows;
}

function listFailureOf(answer: UpstreamAnswer, operation: string): UpstreamError {
  return failureOf(answer, operation, { badRequest: 'unclear', forbidden: 'own-account' });
}

/** What counts jobs: values that their fields must have; of a list, one of them. */
interface JobCountQuery {
  readonly operation: string;
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  /** A field, by whose values the jobs are counted as well. */
  readonly by?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Counts the jobs that the account may see. (SciCat ignores a `filter` here, and knows no conditions but
 * equality.)
 *
 * @throws as {@link listJobs}
 */
export async function countJobs(
  account: AccountCalls,
  { operation, fields, by, signal }: JobCountQuery,
): Promise<{ readonly total: number; readonly byValue: ReadonlyMap<string, number> }> {
  const answer = await account.call({
    operation,
    safety: 'safe',
    method: 'GET',
    path: `${JOBS_PATH}/fullfacet`,
    parameters: { fields, facets: by === undefined ? [] : [by] },
    signal,
  });
  if (answer.status !== 200) throw listFailureOf(answer, operation);
  const [facets] = itemsOf(answer.body);
  const all = field(facets, 'all');
  if (!Array.isArray(all)) throw malformed(answer, operation);
  // Without a match, there is no total.
  const total = all.length === 0 ? 0 : countField(all[0], 'totalSets');
  if (total === undefined) throw malformed(answer, operation);
  const counts = by === undefined ? [] : itemsOf(field(facets, by));
  return {
    total,
    byValue: new Map(
      counts.flatMap((one) => {
        const [value, count] = [stringField(one, '_id'), countField(one, 'count')];
        return value === undefined || count === undefined ? [] : [[value, count] as const];
      }),
    ),
  };
}

/** Path of SciCat's jobs. Version 3 of the API can only list all of them. */
export const JOBS_PATH = 'api/v4/jobs';
