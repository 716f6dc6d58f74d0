import { UpstreamError } from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { ArchiveJobs, NewArchiveJob } from '../ports/archive-jobs.port.js';
import { JOBS_PATH, listJobs } from './job-list.js';
import { failureOf, type FailureReading, malformed } from './scicat-error.js';
import { readJobDocument, readJobId } from './scicat.wire.js';
import type { ServiceAccount } from './service-account.js';

/** SciCat's type of the jobs that have datasets archived. */
const ARCHIVE_JOB_TYPE = 'archive';

/** A 403 may be about this one dataset: SciCat's job type may ask who owns it. */
const CREATING: FailureReading = {
  operation: 'create archive job',
  badRequest: 'refused',
  forbidden: 'refused',
};

/** What {@link ScicatArchiveJobs} is made of. */
interface ScicatArchiveJobsOptions {
  readonly creator: ServiceAccount;
  /** Names of the accounts that are or were the creator, as `TransferJobs.ownAccounts` has them. */
  readonly ownAccounts: () => readonly string[];
}

/** Archive jobs in SciCat, by version 4 of its job interface. */
export class ScicatArchiveJobs implements ArchiveJobs {
  constructor(private readonly options: ScicatArchiveJobsOptions) {}

  async findByKey(transferKey: string, signal?: AbortSignal): Promise<string | undefined> {
    const [id] = await listJobs(this.options.creator, {
      operation: 'find archive job',
      where: {
        type: ARCHIVE_JOB_TYPE,
        createdBy: { $in: this.options.ownAccounts() },
        'jobParams.globusTransferKey': transferKey,
      },
      fields: ['id'],
      sort: { id: 1 },
      limit: 1,
      read: readJobId,
      signal,
    });
    return id;
  }

  async create(job: NewArchiveJob, signal?: AbortSignal): Promise<string> {
    const answer = await this.options.creator.call({
      operation: CREATING.operation,
      safety: 'once',
      method: 'POST',
      path: JOBS_PATH,
      json: {
        type: ARCHIVE_JOB_TYPE,
        ...(job.ownerUser === undefined ? {} : { ownerUser: job.ownerUser }),
        ownerGroup: job.ownerGroup,
        ...(job.contactEmail === undefined ? {} : { contactEmail: job.contactEmail }),
        jobParams: {
          tapeCopies: 'one',
          ...(job.ownerUser === undefined ? {} : { username: job.ownerUser }),
          ownerGroup: job.ownerGroup,
          datasetList: [{ pid: job.datasetPid, files: [] }],
          globusTransferJobId: job.transferJobId,
          globusTransferKey: job.transferKey,
        },
      },
      signal,
    });
    if (answer.status === 400) return await this.afterRefusal(answer, job.transferKey, signal);
    if (answer.status !== 201) throw failureOf(answer, CREATING);
    const created = readJobDocument(answer.body);
    if (created?.type !== ARCHIVE_JOB_TYPE) throw malformed(answer, CREATING.operation);
    return created.id;
  }

  /**
   * SciCat also answers 400 after storing, when an action of the job type failed. It has answered, so
   * by now the job is there, or never will be.
   */
  private async afterRefusal(
    answer: UpstreamAnswer,
    transferKey: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    let stored: string | undefined;
    try {
      stored = await this.findByKey(transferKey, signal);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      throw failureOf(answer, { ...CREATING, badRequest: 'perhaps-stored' });
    }
    if (stored === undefined) throw failureOf(answer, CREATING);
    return stored;
  }
}
