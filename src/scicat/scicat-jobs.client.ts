import { UpstreamRejectedError } from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { JobPage, NewTransferJob, TransferJobs, Viewer } from '../ports/transfer-jobs.port.js';
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
import { JOBS_PATH, listAllJobs, listJobs } from './job-list.js';
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
import type { ServiceAccount } from './service-account.js';

interface ScicatTransferJobsOptions {
  /** Creates, lists and reads jobs. */
  readonly creator: ServiceAccount;
  /** Writes and removes jobs; the creator itself where one account has all permissions. */
  readonly updater: ServiceAccount;
  /** Earlier names of the creator, whose jobs are still ours. Called at every use. */
  readonly formerAccounts: () => readonly string[];
}

/** For lists of whole documents. */
const DOCUMENTS = {
  fields: [
    'id',
    'type',
    'createdBy',
    'ownerUser',
    'ownerGroup',
    'createdAt',
    'updatedAt',
    'statusCode',
    'statusMessage',
    'jobParams.datasetList',
    'jobParams.globusTransfer',
    'jobResultObject',
  ],
  read: readJobDocument,
} as const;

/** For lists of ids. */
const IDS = { fields: ['id'], read: readJobKey } as const;

/** For lists that are sorted by age here: SciCat can do so, but not continue such a list reliably. */
const KEYS = { fields: ['id', 'createdAt'], read: readJobKey } as const;

/** Jobs per call where all jobs of a user are listed: less than half a megabyte. */
const KEYS_AT_ONCE = 5_000;

/** More jobs than there can be with one key. */
const WITH_ONE_KEY = 10;

/**
 * Percent-encoded length of the access groups in one list's filter: SciCat accepts a request head of
 * 16 KB, and some users have thousands of groups.
 */
const MAX_GROUPS_LENGTH = 8_000;

/** Transfer jobs in SciCat, through version 4 of its job API. */
export class ScicatTransferJobs implements TransferJobs {
  constructor(private readonly options: ScicatTransferJobsOptions) {}

  ownAccounts(): readonly string[] {
    const { creator, formerAccounts } = this.options;
    return [...new Set([creator.username, ...formerAccounts()])].filter((name) => name !== '');
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
        globusTransfer: writtenRecord(job.record),
      },
    };
    const answer = await postJob(this.options.creator, operation, wanted, signal);
    if (answer.status !== 201) throw creationFailureOf(answer, operation);
    const created = readJobDocument(answer.body);
    if (created?.type !== TRANSFER_JOB_TYPE) throw malformed(answer, operation);
    return { jobId: created.id, createdAt: created.createdAt };
  }

  async findByKey(key: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined> {
    const jobs = await listJobs(this.options.creator, {
      operation: 'find transfer job',
      where: { ...this.ours(), 'jobParams.globusTransfer.key': key },
      ...DOCUMENTS,
      limit: WITH_ONE_KEY,
      signal,
    });
    return jobs.find((job) => keyOf(job) === key);
  }

  async read(jobId: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined> {
    const operation = 'read transfer job';
    const call = { operation, safety: 'safe', method: 'GET', signal } as const;
    const answer = await callForJob(this.options.creator, jobId, call);
    if (answer === undefined) return undefined;
    const job = readJobDocument(answer.body);
    if (job === undefined) throw malformed(answer, operation);
    return job;
  }

  listOpen(
    after: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly TransferJobDocument[]> {
    return listJobs(this.options.creator, {
      operation: 'list open transfer jobs',
      where: this.open(),
      after,
      ...DOCUMENTS,
      limit,
      signal,
    });
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

  async list(
    viewer: Viewer | 'everybody',
    page: number,
    pageSize: number,
    signal?: AbortSignal,
  ): Promise<JobPage> {
    const { creator } = this.options;
    const lists = await Promise.all(
      (viewer === 'everybody' ? [{}] : ownershipsOf(viewer).map(($or) => ({ $or }))).map((owned) =>
        listAllJobs(creator, {
          operation: 'list transfers of a user',
          where: { ...this.ours(), ...owned },
          ...KEYS,
          limit: KEYS_AT_ONCE,
          signal,
        }),
      ),
    );
    // A job can be in several lists: in one by its user, in another by its group.
    const keys = [...new Map(lists.flat().map((key) => [key.id, key])).values()].sort(newestFirst);
    const shown = keys.slice((page - 1) * pageSize, page * pageSize).map(({ id }) => id);
    return { total: keys.length, jobs: await this.documentsOf(shown, signal) };
  }

  /** The jobs with these ids, newest first. One that was removed in the meantime is left out. */
  private async documentsOf(
    ids: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly TransferJobDocument[]> {
    if (ids.length === 0) return [];
    const jobs = await listJobs(this.options.creator, {
      operation: 'list transfer jobs',
      where: { ...this.ours(), id: { $in: ids } },
      ...DOCUMENTS,
      limit: ids.length,
      signal,
    });
    return [...jobs].sort(newestFirst);
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
      signal,
    });
    if (saysUnknownJob(answer)) throw noSuchJob(operation, answer);
    if (saysDatasetGone(answer)) throw datasetGone(answer, operation);
    if (answer.status !== 200) throw failureOf(answer, operation, MAYBE_STORED);
    if (readJobId(answer.body) !== jobId) throw malformed(answer, operation);
  }

  async remove(jobId: string, signal?: AbortSignal): Promise<void> {
    const operation = 'remove transfer job';
    const call = { operation, safety: 'idempotent', method: 'DELETE', signal } as const;
    await callForJob(this.options.updater, jobId, call);
  }

  private ours(): Readonly<Record<string, unknown>> {
    return { type: TRANSFER_JOB_TYPE, createdBy: { $in: this.ownAccounts() } };
  }

  /** `$nin` also matches jobs without a result, which are open. */
  private open(): Readonly<Record<string, unknown>> {
    return { ...this.ours(), 'jobResultObject.status': { $nin: ENDED_JOB_STATUSES } };
  }
}

const MAYBE_STORED = { badRequest: 'possibly-stored', forbidden: 'own-account' } as const;

/**
 * Sends a call about one job, to which SciCat answers with that job.
 *
 * @returns undefined when there is no such job
 */
async function callForJob(
  account: ServiceAccount,
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
function ownershipsOf({ username, accessGroups }: Viewer): readonly (readonly unknown[])[] {
  const [first, ...others] = batchesOf(accessGroups.filter((group) => group !== '')).map(
    (groups) => ({ ownerGroup: { $in: groups } }),
  );
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

function newestFirst(a: JobKey, b: JobKey): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);
}
