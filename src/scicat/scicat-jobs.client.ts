import { DatasetDeletedError, UpstreamRejectedError } from '../errors/upstream.errors.js';
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
import { sealRecord, type TransferRecord, unsealRecord } from '../domain/transfer-record.js';
import { JOBS_PATH, listJobs } from './job-list.js';
import type { ScicatRequest } from './scicat-api.js';
import { factsOf, failureOf, isNotThere, malformed, upstreamMessageOf } from './scicat-error.js';
import { readJobDocument, readJobId } from './scicat.wire.js';
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
};

/** For lists of ids. */
const IDS = { fields: ['id'], read: readJobId };

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
    const answer = await this.options.creator.call({
      operation,
      safety: 'once',
      method: 'POST',
      path: JOBS_PATH,
      json: {
        type: TRANSFER_JOB_TYPE,
        ownerUser: job.ownerUser,
        ownerGroup: job.ownerGroup,
        contactEmail: job.contactEmail,
        jobParams: {
          datasetList: [{ pid: job.record.datasetPid, files: [] }],
          globusTransfer: writtenRecord(job.record),
        },
      },
      signal,
    });
    if (answer.status !== 201) throw failureOf(answer, operation, MAYBE_STORED);
    const created = readJobDocument(answer.body);
    if (created?.type !== TRANSFER_JOB_TYPE) throw malformed(answer, operation);
    return { jobId: created.id, createdAt: created.createdAt };
  }

  async findByKey(key: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined> {
    const jobs = await listJobs(this.options.creator, {
      operation: 'find transfer job',
      where: { ...this.ours(), 'jobParams.globusTransfer.key': key },
      sort: { id: 1 },
      ...DOCUMENTS,
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
      ...this.openAfter(after),
      ...DOCUMENTS,
      limit,
      signal,
    });
  }

  listOpenIds(
    after: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    return listJobs(this.options.creator, {
      operation: 'list ids of open transfer jobs',
      ...this.openAfter(after),
      ...IDS,
      limit,
      signal,
    });
  }

  async list(
    viewer: Viewer,
    page: number,
    pageSize: number,
    signal?: AbortSignal,
  ): Promise<JobPage> {
    const { creator } = this.options;
    const skip = (page - 1) * pageSize;
    const queries = ownershipsOf(viewer).map(($or) => ({ where: { ...this.ours(), $or }, signal }));
    // Everything up to the end of the page: SciCat would apply a `skip` after the limit.
    const newest = { sort: { createdAt: -1, id: -1 }, limit: skip + pageSize } as const;
    const [lists, idLists] = await Promise.all([
      Promise.all(
        queries.map((query) =>
          listJobs(creator, {
            operation: 'list transfer jobs',
            ...query,
            ...DOCUMENTS,
            ...newest,
          }),
        ),
      ),
      Promise.all(
        queries.map((query) =>
          listJobs(creator, { operation: 'count transfer jobs', ...query, ...IDS }),
        ),
      ),
    ]);
    // A job can be in several lists: in one by its user, in another by its group.
    const jobs = [...new Map(lists.flat().map((job) => [job.id, job])).values()];
    return {
      total: new Set(idLists.flat()).size,
      jobs: jobs.sort(newestFirst).slice(skip, skip + pageSize),
    };
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
    if (saysDatasetDeleted(answer)) throw datasetDeleted(operation, answer);
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
  private openAfter(after: string | undefined) {
    return {
      where: {
        ...this.ours(),
        'jobResultObject.status': { $nin: ENDED_JOB_STATUSES },
        ...(after === undefined ? {} : { id: { $gt: after } }),
      },
      sort: { id: 1 },
    } as const;
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
    fileCount: record.fileList?.count ?? record.dataset.files,
    requestedBy: requestedBy.username,
  };
}

function keyOf(job: TransferJobDocument): string | undefined {
  const unsealed = unsealRecord(field(job.globusTransfer, 'sealed'));
  return unsealed.ok ? unsealed.record.key : undefined;
}

/** The 400 for an unknown job id, the only one of SciCat's that is conclusive. */
function saysUnknownJob(answer: UpstreamAnswer): boolean {
  if (answer.status !== 400) return false;
  const message = messageOf(answer);
  return message === 'Invalid job id.' || /^Job id \S+ doesn't exist\.?$/.test(message);
}

function messageOf(answer: UpstreamAnswer): string {
  return upstreamMessageOf(answer.body) ?? '';
}

function noSuchJob(operation: string, answer?: UpstreamAnswer): UpstreamRejectedError {
  return new UpstreamRejectedError(
    'SciCat',
    `SciCat has no such job (${operation}). It may have been removed in the meantime.`,
    answer === undefined ? {} : factsOf(answer),
  );
}

/** SciCat loads the job's datasets before it changes the job. */
function saysDatasetDeleted(answer: UpstreamAnswer): boolean {
  return isNotThere(answer) && /^Unable to get a dataset\b/.test(messageOf(answer));
}

function datasetDeleted(operation: string, answer: UpstreamAnswer): DatasetDeletedError {
  return new DatasetDeletedError(
    'SciCat',
    `The dataset was deleted in SciCat, which therefore refuses every change to its job (${operation}, status ${answer.status}).`,
    factsOf(answer),
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

function newestFirst(a: TransferJobDocument, b: TransferJobDocument): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);
}
