import {
  UnreadableItemError,
  UpstreamRejectedError,
  UpstreamTooLargeError,
} from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { Clock } from '../ports/clock.port.js';
import {
  type JobPage,
  type NewTransferJob,
  type OpenJobs,
  REWRITTEN_WITHIN_DAYS,
  type TransferJobs,
  type Viewer,
} from '../ports/transfer-jobs.port.js';
import {
  ENDED_JOB_STATUSES,
  TRANSFER_JOB_TYPE,
  type TransferJobDocument,
} from '../domain/job-reading.js';
import { isUuid } from '../domain/identifiers.js';
import { field } from '../domain/untyped.js';
import type { JobView } from '../domain/job-view.js';
import type { CreatedJob } from '../domain/transfer.js';
import { symlinkNote } from '../domain/symlink-note.js';
import { sealRecord, type TransferRecord, unsealRecord } from '../domain/transfer-record.js';
import { postJob } from './job-creation.js';
import { countJobs, JOBS_PATH, listJobs, listNewestJobs, newestFirst } from './job-list.js';
import { PageSize } from './large-answers.js';
import type { ScicatRequest } from './scicat-api.js';
import {
  creationFailureOf,
  datasetGone,
  factsOf,
  failureOf,
  malformed,
  saysDatasetGone,
  saysUnknownJob,
} from './scicat-error.js';
import { type JobKey, readJobDocument, readJobId, readJobKey } from './scicat.wire.js';
import type { AccountCalls } from './service-account.js';

interface ScicatTransferJobsOptions {
  /** Creates, lists and reads jobs. */
  readonly creator: AccountCalls;
  /** Writes and removes jobs; the creator itself where one account has all permissions. */
  readonly updater: AccountCalls;
  /** Earlier names of both, whose jobs and words are still ours. Called at every use. */
  readonly formerAccounts: () => readonly string[];
  readonly clock: Pick<Clock, 'now'>;
}

/** For lists of whole documents. */
const DOCUMENTS = {
  fields: [
    'id',
    'type',
    'createdBy',
    'updatedBy',
    'ownerUser',
    'ownerGroup',
    'createdAt',
    'updatedAt',
    'statusCode',
    'statusMessage',
    'jobParams.datasetList.pid',
    'jobParams.globusTransfer',
    'jobResultObject',
  ],
  read: readJobDocument,
} as const;

/**
 * The day of the request, among the parameters that SciCat lets nobody change: SciCat can't filter its own
 * dates (it compares them with strings), so without a number every list would go back to the first job.
 */
const DAY = 'day';
const DAY_MS = 24 * 60 * 60_000;

/** For lists of whole documents of which single ones may not be readable. */
const LISTED = { ...DOCUMENTS, read: readListed } as const;

/** For lists that are only shown: no record, which can be long. */
const SHOWN = {
  fields: [
    'id',
    'createdAt',
    'type',
    'statusMessage',
    'jobParams.datasetList.pid',
    'jobResultObject.status',
    'jobResultObject.error',
    'jobResultObject.globusTaskId',
    'jobResultObject.bytesTransferred',
    'jobResultObject.bytesTotal',
    'jobResultObject.filesTransferred',
    'jobResultObject.filesTotal',
  ],
  read: readJobDocument,
} as const;

/** For lists of ids. */
const IDS = { fields: ['id'], read: readJobKey } as const;

/** For what is sorted by age here, or too large to be shown. */
const KEYS = { fields: ['id', 'createdAt'], read: readJobKey } as const;

/** Jobs per call where only keys are read: about 200 kilobytes. */
const KEYS_AT_ONCE = 1_500;

/** More jobs than there can be with one key. */
const WITH_ONE_KEY = 10;

/**
 * Percent-encoded length of the access groups in one list's filter: SciCat accepts a request head of
 * 16 KB, and some users have thousands of groups.
 */
const MAX_GROUPS_LENGTH = 8_000;

/** Transfer jobs in SciCat, through version 4 of its job API. */
export class ScicatTransferJobs implements TransferJobs {
  private readonly openPages = new PageSize();
  private readonly rewrittenPages = new PageSize();

  constructor(private readonly options: ScicatTransferJobsOptions) {}

  ownAccounts(): readonly string[] {
    const { creator, formerAccounts } = this.options;
    return [...new Set([creator.username, ...formerAccounts()])].filter((name) => name !== '');
  }

  ownWriters(): readonly string[] {
    return [...new Set([...this.ownAccounts(), this.options.updater.username])];
  }

  async create(job: NewTransferJob, signal?: AbortSignal): Promise<CreatedJob> {
    const operation = 'create transfer job';
    const wanted = {
      type: TRANSFER_JOB_TYPE,
      ownerUser: job.ownerUser,
      ownerGroup: job.ownerGroup,
      contactEmail: job.contactEmail,
      jobParams: {
        datasetList: [{ pid: job.record.datasetPid, files: [] }],
        globusTransfer: { ...writtenRecord(job.record), [DAY]: this.today() },
      },
    };
    const answer = await postJob(this.options.creator, operation, wanted, signal);
    if (answer.status !== 201) throw creationFailureOf(answer, operation);
    const created = readJobDocument(answer.body);
    if (created?.type !== TRANSFER_JOB_TYPE) throw malformed(answer, operation);
    return { jobId: created.id, createdAt: created.createdAt };
  }

  async findByKey(key: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined> {
    const operation = 'find transfer job';
    const where = { ...this.ours(), 'jobParams.globusTransfer.key': key };
    const pages = new PageSize();
    let after: string | undefined;
    for (;;) {
      const query = { operation, where, after, limit: WITH_ONE_KEY, signal };
      const { jobs, unreadable, last } = await this.page(query, pages);
      const found = jobs.find((job) => keyOf(job) === key);
      if (found !== undefined) return found;
      // Not the same as none: the caller would take it that the job was not created.
      if (unreadable[0] !== undefined) throw unreadableJob(operation, unreadable[0].reason);
      if (last === undefined || !pages.wasReduced) return undefined;
      after = last;
    }
  }

  async read(jobId: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined> {
    const operation = 'read transfer job';
    const call = { operation, safety: 'safe', method: 'GET', signal } as const;
    const answer = await this.readAnswer(jobId, call);
    if (answer === undefined) return undefined;
    const job = readJobDocument(answer.body);
    if (job === undefined) throw unreadableJob(operation, NOT_AS_EXPECTED);
    return job;
  }

  /** A large job is rare, so that its size is no reason to wait for other large ones. */
  private async readAnswer(
    jobId: string,
    call: Omit<ScicatRequest, 'path' | 'answer'>,
  ): Promise<UpstreamAnswer | undefined> {
    const { creator } = this.options;
    try {
      return await callForJob(creator, jobId, call);
    } catch (error) {
      if (!(error instanceof UpstreamTooLargeError)) throw error;
    }
    try {
      return await callForJob(creator, jobId, { ...call, answer: 'large' });
    } catch (error) {
      if (error instanceof UpstreamTooLargeError) throw unreadableJob(call.operation, TOO_LARGE);
      throw error;
    }
  }

  listOpen(after: string | undefined, limit: number, signal?: AbortSignal): Promise<OpenJobs> {
    const query = {
      operation: 'list open transfer jobs',
      where: this.open(),
      after,
      limit,
      signal,
    };
    return this.page(query, this.openPages);
  }

  /** A page of whole jobs, with fewer than wanted if they are too large for one answer. */
  private async page(
    query: {
      readonly operation: string;
      readonly where: Readonly<Record<string, unknown>>;
      readonly after: string | undefined;
      readonly limit: number;
      readonly signal: AbortSignal | undefined;
    },
    pages: PageSize,
  ): Promise<OpenJobs> {
    const { creator } = this.options;
    for (;;) {
      const limit = pages.of(query.limit);
      try {
        const rows = await listJobs(creator, { ...query, ...LISTED, limit, answer: 'large' });
        pages.fits();
        return {
          jobs: rows.flatMap(({ job }) => job ?? []),
          unreadable: rows.flatMap(({ id, job }) =>
            job === undefined ? [{ id, reason: NOT_AS_EXPECTED }] : [],
          ),
          last: rows.at(-1)?.id,
        };
      } catch (error) {
        if (!(error instanceof UpstreamTooLargeError)) throw error;
        if (pages.isTooLarge(limit)) continue;
        const [first] = await listJobs(creator, { ...query, ...IDS, limit: 1 });
        return first === undefined
          ? { jobs: [], unreadable: [], last: undefined }
          : { jobs: [], unreadable: [{ id: first.id, reason: TOO_LARGE }], last: first.id };
      }
    }
  }

  async listOpenIds(
    after: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const jobs = await listJobs(this.options.creator, {
      operation: 'list ids of open transfer jobs',
      where: this.open(),
      after,
      ...IDS,
      limit,
      signal,
    });
    return jobs.map(({ id }) => id);
  }

  listRewritten(after: string | undefined, limit: number, signal?: AbortSignal): Promise<OpenJobs> {
    const where = {
      ...this.ours(),
      'jobResultObject.status': { $in: ENDED_JOB_STATUSES },
      updatedBy: { $nin: this.ownWriters() },
      [`jobParams.globusTransfer.${DAY}`]: { $gte: this.today() - REWRITTEN_WITHIN_DAYS },
    };
    const operation = 'list transfer jobs that others have ended';
    return this.page({ operation, where, after, limit, signal }, this.rewrittenPages);
  }

  async list(
    viewer: Viewer | 'everybody',
    page: number,
    pageSize: number,
    signal?: AbortSignal,
  ): Promise<JobPage> {
    if (viewer === 'everybody') {
      const [{ total }, jobs] = await Promise.all([
        countJobs(this.options.creator, {
          operation: 'count all transfers',
          fields: this.oursExactly(),
          signal,
        }),
        this.shown({}, (page - 1) * pageSize, pageSize, signal),
      ]);
      return { total, jobs };
    }
    const owned = ownershipsOf(viewer);
    const [$or] = owned;
    const [total, jobs] = await Promise.all([
      this.countOf(viewer, signal),
      owned.length > 1
        ? this.merged(owned, page * pageSize, pageSize, signal)
        : $or === undefined
          ? []
          : this.shown({ $or }, (page - 1) * pageSize, pageSize, signal),
    ]);
    return { total, jobs };
  }

  /** How many of our jobs are the user's, or their groups', or both. */
  private async countOf(
    { username, accessGroups }: Viewer,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const operation = 'count transfers of a user';
    const ours = this.oursExactly();
    const count = (fields: Readonly<Record<string, string | readonly string[]>>, by?: string) =>
      countJobs(this.options.creator, {
        operation,
        fields: { ...ours, ...fields },
        ...(by === undefined ? {} : { by }),
        signal,
      });
    const [own, ...ofGroups] = await Promise.all([
      username === '' ? undefined : count({ ownerUser: username }, 'ownerGroup'),
      ...batchesOf(accessGroups).map((ownerGroup) => count({ ownerGroup })),
    ]);
    // Those of the user that are counted with the groups.
    const both = [...new Set(accessGroups)].map((group) => own?.byValue.get(group) ?? 0);
    return sumOf(ofGroups.map(({ total }) => total)) + (own?.total ?? 0) - sumOf(both);
  }

  /** The jobs from one place on in a list of the newest ones, as far as they are shown. */
  private async shown(
    owned: Readonly<Record<string, unknown>>,
    skip: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly TransferJobDocument[]> {
    const operation = 'list transfers of a user';
    const query = { operation, where: { ...this.ours(), ...owned }, skip, signal };
    const { creator } = this.options;
    try {
      return await listNewestJobs(creator, { ...query, ...SHOWN, limit });
    } catch (error) {
      if (!(error instanceof UpstreamTooLargeError)) throw error;
    }
    const half = Math.floor(limit / 2);
    if (half > 0) {
      const first = await this.shown(owned, skip, half, signal);
      return [...first, ...(await this.shown(owned, skip + half, limit - half, signal))];
    }
    const keys = await listNewestJobs(creator, { ...query, ...KEYS, limit });
    return keys.map(tooLargeToShow);
  }

  /**
   * The same for a user with so many groups that it takes several lists: their beginnings are merged by
   * their keys. Each list is read as far as the page, because any of them may contain all of it.
   */
  private async merged(
    owned: Ownerships,
    end: number,
    pageSize: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly TransferJobDocument[]> {
    const { creator } = this.options;
    const operation = 'list transfers of a user';
    const keys = new Map<string, JobKey>();
    for (const $or of owned) {
      for (let skip = 0; skip < end; skip += KEYS_AT_ONCE) {
        const limit = Math.min(KEYS_AT_ONCE, end - skip);
        const where = { ...this.ours(), $or };
        const rows = await listNewestJobs(creator, {
          operation,
          where,
          skip,
          ...KEYS,
          limit,
          signal,
        });
        // A job can be in several lists: in one by its user, in another by its group.
        for (const row of rows) keys.set(row.id, row);
        if (rows.length < limit) break;
      }
    }
    const ids = [...keys.values()]
      .sort(newestFirst)
      .slice(end - pageSize, end)
      .map(({ id }) => id);
    return this.shown({ id: { $in: ids } }, 0, pageSize, signal);
  }

  async write(jobId: string, view: JobView, signal?: AbortSignal): Promise<void> {
    const operation = 'write transfer job';
    if (!isUuid(jobId)) throw noSuchJob(operation);
    const { statusCode, statusMessage, jobResultObject } = view;
    const answer = await this.options.updater.call({
      operation,
      safety: 'once',
      method: 'PATCH',
      path: `${JOBS_PATH}/${jobId}`,
      // Sent as plain JSON, SciCat replaces `jobResultObject`; sent as a merge patch, it would write
      // back a snapshot of the whole job.
      json: { statusCode, statusMessage, jobResultObject },
      answer: 'document',
      signal,
    });
    if (saysUnknownJob(answer)) throw noSuchJob(operation, answer);
    if (saysDatasetGone(answer)) throw datasetGone(answer, operation);
    if (answer.status !== 200) throw failureOf(answer, operation, MAYBE_STORED);
    if (readJobId(answer.body) !== jobId) throw malformed(answer, operation);
  }

  async remove(jobId: string, signal?: AbortSignal): Promise<void> {
    const operation = 'remove transfer job';
    const call = {
      operation,
      safety: 'idempotent',
      method: 'DELETE',
      answer: 'document',
      signal,
    } as const;
    await callForJob(this.options.updater, jobId, call);
  }

  private ours(): Readonly<Record<string, unknown>> {
    return { type: TRANSFER_JOB_TYPE, createdBy: { $in: this.ownAccounts() } };
  }

  /** The same for a count, which knows no conditions but equality. */
  private oursExactly() {
    return { type: TRANSFER_JOB_TYPE, createdBy: this.ownAccounts() };
  }

  /** Days since the epoch. */
  private today(): number {
    return Math.floor(this.options.clock.now() / DAY_MS);
  }

  /** `$nin` also matches jobs without a result, which are open. */
  private open(): Readonly<Record<string, unknown>> {
    return { ...this.ours(), 'jobResultObject.status': { $nin: ENDED_JOB_STATUSES } };
  }
}

const TOO_LARGE = 'it is larger than this service reads';
const NOT_AS_EXPECTED = "SciCat shows it in a form that this service can't read";

function unreadableJob(operation: string, reason: string): UnreadableItemError {
  return new UnreadableItemError(
    'SciCat',
    `A job in SciCat can't be used: ${reason} (${operation}). The operator of this service must look at it.`,
  );
}

/** A row of a page of which single ones may not be readable. */
function readListed(
  row: unknown,
): { readonly id: string; readonly job: TransferJobDocument | undefined } | undefined {
  const id = readJobId(row);
  return id === undefined ? undefined : { id, job: readJobDocument(row) };
}

/** In the place of a job that does not fit into an answer. */
function tooLargeToShow({ id, createdAt }: JobKey): TransferJobDocument {
  return {
    id,
    createdAt,
    updatedAt: 0,
    type: TRANSFER_JOB_TYPE,
    createdBy: '',
    updatedBy: '',
    ownerUser: '',
    ownerGroup: '',
    statusCode: '',
    statusMessage: 'The job of this transfer in SciCat is too large to be shown.',
    datasetPids: [],
    globusTransfer: undefined,
    result: { status: 'too large' },
  };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

const MAYBE_STORED = { badRequest: 'possibly-stored', forbidden: 'own-account' } as const;

/**
 * Sends a call about one job, to which SciCat answers with that job.
 *
 * @returns undefined when there is no such job
 */
async function callForJob(
  account: AccountCalls,
  jobId: string,
  request: Omit<ScicatRequest, 'path'>,
): Promise<UpstreamAnswer | undefined> {
  // Other names may be routes of SciCat, such as `fullquery`.
  if (!isUuid(jobId)) return undefined;
  const { operation } = request;
  const answer = await account.call({ ...request, path: `${JOBS_PATH}/${jobId}` });
  if (saysUnknownJob(answer)) return undefined;
  if (answer.status !== 200) {
    throw failureOf(answer, operation, { badRequest: 'unclear', forbidden: 'own-account' });
  }
  if (readJobId(answer.body) !== jobId) throw malformed(answer, operation);
  return answer;
}

/** The record as stored in the job: sealed for the service, with its harmless part readable. */
function writtenRecord(record: TransferRecord): Readonly<Record<string, unknown>> {
  const { version, key, source, destination, autoArchive, requestedBy } = record;
  return {
    version,
    key,
    sealed: sealRecord(record),
    source: { facility: source.facility, path: source.path },
    destination: { facility: destination.facility, path: destination.path },
    autoArchive,
    finalize: record.finalize,
    symlinks: symlinkNote({
      keep: record.copy.recursiveSymlinks === 'keep',
      isList: record.fileList !== undefined,
    }),
    fileCount: record.fileList?.count ?? record.dataset.files,
    requestedBy: requestedBy.username,
  };
}

function keyOf(job: TransferJobDocument): string | undefined {
  const unsealed = unsealRecord(field(job.globusTransfer, 'sealed'));
  return unsealed.ok ? unsealed.record.key : undefined;
}

function noSuchJob(operation: string, answer?: UpstreamAnswer): UpstreamRejectedError {
  return new UpstreamRejectedError(
    'SciCat',
    `SciCat has no such job (${operation}). It may have been removed in the meantime.`,
    answer === undefined ? {} : factsOf(answer),
  );
}

/**
 * Conditions that make a job the viewer's own, one `$or` per list; several lists only with very many
 * groups. Empty names match nothing, because some jobs have no owner.
 */
type Ownerships = readonly (readonly unknown[])[];

function ownershipsOf({ username, accessGroups }: Viewer): Ownerships {
  const [first, ...others] = batchesOf(accessGroups).map((groups) => ({
    ownerGroup: { $in: groups },
  }));
  const together = [
    ...(username === '' ? [] : [{ ownerUser: username }]),
    ...(first === undefined ? [] : [first]),
  ];
  return together.length === 0 ? [] : [together, ...others.map((groups) => [groups])];
}

function batchesOf(groups: readonly string[]): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let length = MAX_GROUPS_LENGTH;
  for (const group of new Set(groups)) {
    if (group === '') continue;
    const own = encodeURIComponent(JSON.stringify(group)).length + '%2C'.length;
    if (length + own > MAX_GROUPS_LENGTH) {
      batches.push([]);
      length = 0;
    }
    batches.at(-1)?.push(group);
    length += own;
  }
  return batches;
}
