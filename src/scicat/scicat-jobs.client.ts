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
import { sealRecord, type TransferRecord, unsealRecord } from '../domain/transfer-record.js';
import { JOBS_PATH, listJobs } from './job-list.js';
import { failureOf, malformed, upstreamMessageOf } from './scicat-error.js';
import { readJobDocument, readJobId } from './scicat.wire.js';
import type { ServiceAccount } from './service-account.js';

/** What {@link ScicatTransferJobs} is made of. */
interface ScicatTransferJobsOptions {
  /** Creates, lists and reads. */
  readonly creator: ServiceAccount;
  /** Writes and removes; the creator itself where one account has all rights. */
  readonly updater: ServiceAccount;
  /** Earlier names of the creator, whose jobs are still ours. Asked at every use. */
  readonly formerAccounts: () => readonly string[];
}

/** What a `TransferJobDocument` is read from. */
const FIELDS = [
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
];

/**
 * Characters of access groups in one list's filter, percent-encoded: SciCat accepts 16 KB for a
 * request's head, and there are users with thousands of groups.
 */
const GROUPS_PER_LIST_LENGTH = 8_000;

/** Transfer jobs in SciCat, by version 4 of its job interface. */
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
        ...(job.contactEmail === undefined ? {} : { contactEmail: job.contactEmail }),
        jobParams: {
          datasetList: [{ pid: job.record.datasetPid, files: [] }],
          globusTransfer: writtenRecord(job.record),
        },
      },
      signal,
    });
    if (answer.status !== 201) {
      throw failureOf(answer, {
        operation,
        badRequest: 'perhaps-stored',
        forbidden: 'own-account',
      });
    }
    const created = readJobDocument(answer.body);
    if (created?.type !== TRANSFER_JOB_TYPE) throw malformed(answer, operation);
    return { jobId: created.id, createdAt: created.createdAt };
  }

  async findByKey(key: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined> {
    const jobs = await listJobs(this.options.creator, {
      operation: 'find transfer job',
      where: { ...this.ours(), 'jobParams.globusTransfer.key': key },
      fields: FIELDS,
      sort: { id: 1 },
      read: readJobDocument,
      signal,
    });
    return jobs.find((job) => keyOf(job) === key);
  }

  async read(jobId: string, signal?: AbortSignal): Promise<TransferJobDocument | undefined> {
    const operation = 'read transfer job';
    // Anything else may be the name of another route of SciCat, such as `fullquery`.
    if (!isUuid(jobId)) return undefined;
    const answer = await this.options.creator.call({
      operation,
      safety: 'safe',
      method: 'GET',
      path: `${JOBS_PATH}/${jobId}`,
      signal,
    });
    if (saysUnknownJob(answer)) return undefined;
    if (answer.status !== 200) {
      throw failureOf(answer, { operation, badRequest: 'trouble', forbidden: 'own-account' });
    }
    const job = readJobDocument(answer.body);
    if (job?.id !== jobId) throw malformed(answer, operation);
    return job;
  }

  listOpen(
    after: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly TransferJobDocument[]> {
    return listJobs(this.options.creator, {
      operation: 'list open transfer jobs',
      where: this.openAfter(after),
      fields: FIELDS,
      sort: { id: 1 },
      limit,
      read: readJobDocument,
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
      where: this.openAfter(after),
      fields: ['id'],
      sort: { id: 1 },
      limit,
      read: readJobId,
      signal,
    });
  }

  async list(
    viewer: Viewer,
    page: number,
    pageSize: number,
    signal?: AbortSignal,
  ): Promise<JobPage> {
    const skip = (page - 1) * pageSize;
    const wheres = ownershipsOf(viewer).map(($or) => ({ ...this.ours(), $or }));
    const [lists, idLists] = await Promise.all([
      Promise.all(
        wheres.map((where) =>
          listJobs(this.options.creator, {
            operation: 'list transfer jobs',
            where,
            fields: FIELDS,
            sort: { createdAt: -1, id: -1 },
            // All up to the end of the page: a `skip` would be applied after the limit.
            limit: skip + pageSize,
            read: readJobDocument,
            signal,
          }),
        ),
      ),
      Promise.all(
        wheres.map((where) =>
          listJobs(this.options.creator, {
            operation: 'count transfer jobs',
            where,
            fields: ['id'],
            read: readJobId,
            signal,
          }),
        ),
      ),
    ]);
    // One job may be in several lists, by its user and by its group.
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
      // As plain JSON SciCat replaces `jobResultObject` by this one; as a merge patch it would write
      // back a snapshot of the whole job.
      json: { statusCode, statusMessage, jobResultObject },
      signal,
    });
    if (saysUnknownJob(answer)) throw noSuchJob(operation, answer);
    if (answer.status !== 200) {
      throw failureOf(answer, {
        operation,
        badRequest: 'perhaps-stored',
        forbidden: 'own-account',
      });
    }
    if (readJobId(answer.body) !== jobId) throw malformed(answer, operation);
  }

  async remove(jobId: string, signal?: AbortSignal): Promise<void> {
    const operation = 'remove transfer job';
    if (!isUuid(jobId)) return;
    const answer = await this.options.updater.call({
      operation,
      safety: 'idempotent',
      method: 'DELETE',
      path: `${JOBS_PATH}/${jobId}`,
      signal,
    });
    if (saysUnknownJob(answer)) return;
    if (answer.status !== 200) {
      throw failureOf(answer, { operation, badRequest: 'trouble', forbidden: 'own-account' });
    }
    // SciCat answers with the removed job; any other page says nothing of it.
    if (readJobId(answer.body) !== jobId) throw malformed(answer, operation);
  }

  private ours(): Readonly<Record<string, unknown>> {
    return { type: TRANSFER_JOB_TYPE, createdBy: { $in: this.ownAccounts() } };
  }

  /** `$nin` finds jobs that were never written to as well, and they are open. */
  private openAfter(after: string | undefined): Readonly<Record<string, unknown>> {
    return {
      ...this.ours(),
      'jobResultObject.status': { $nin: ENDED_JOB_STATUSES },
      ...(after === undefined ? {} : { id: { $gt: after } }),
    };
  }
}

/** The record as the job holds it: sealed for the service, with its harmless part readable. */
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

/** SciCat's 400 for an id that no job has. Of all its 400s this one alone is certain. */
function saysUnknownJob(answer: UpstreamAnswer): boolean {
  if (answer.status !== 400) return false;
  const message = upstreamMessageOf(answer.body) ?? '';
  return message === 'Invalid job id.' || /^Job id \S+ doesn't exist\.?$/.test(message);
}

function noSuchJob(operation: string, answer?: UpstreamAnswer): UpstreamRejectedError {
  const upstreamMessage = upstreamMessageOf(answer?.body);
  return new UpstreamRejectedError(
    'SciCat',
    `SciCat has no such job (${operation}). It may have been removed meanwhile.`,
    {
      ...(answer === undefined ? {} : { status: answer.status }),
      ...(upstreamMessage === undefined ? {} : { upstreamMessage }),
    },
  );
}

/**
 * What makes a job the viewer's own, as `$or` of one or, with very many groups, several lists.
 * Empty names own nothing: there are jobs without an owner.
 */
function ownershipsOf(viewer: Viewer): readonly (readonly unknown[])[] {
  const batches = batchesOf(viewer.accessGroups.filter((group) => group !== ''));
  const byUser = viewer.username === '' ? [] : [{ ownerUser: viewer.username }];
  const byGroups = batches.map((groups) => ({ ownerGroup: { $in: groups } }));
  const [first, ...others] = byGroups;
  const together = [...byUser, ...(first === undefined ? [] : [first])];
  return together.length === 0 ? [] : [together, ...others.map((groups) => [groups])];
}

function batchesOf(groups: readonly string[]): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let length = GROUPS_PER_LIST_LENGTH;
  for (const group of new Set(groups)) {
    const own = encodeURIComponent(JSON.stringify(group)).length + ','.length * 3;
    if (length + own > GROUPS_PER_LIST_LENGTH) {
      batches.push([]);
      length = 0;
    }
    batches.at(-1)?.push(group);
    length += own;
  }
  return batches;
}

function newestFirst(a: TransferJobDocument, b: TransferJobDocument): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
