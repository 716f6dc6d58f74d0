import { UpstreamError } from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { ArchiveJobs, NewArchiveJob } from '../ports/archive-jobs.port.js';
import { postJob } from './job-creation.js';
import { listJobs } from './job-list.js';
import {
  datasetGone,
  failureOf,
  isInvalid,
  malformed,
  saysDatasetGone,
  saysUnknownJobType,
} from './scicat-error.js';
import { readJobDocument, readJobKey } from './scicat.wire.js';
import type { ServiceAccount } from './service-account.js';

/** SciCat's type of archiving jobs. */
const ARCHIVE_JOB_TYPE = 'archive';
const CREATE = 'create archive job';

interface ScicatArchiveJobsOptions {
  readonly creator: ServiceAccount;
  /** As `TransferJobs.ownAccounts`. */
  readonly ownAccounts: () => readonly string[];
}

/** Archive jobs in SciCat, through version 4 of its job API. */
export class ScicatArchiveJobs implements ArchiveJobs {
  constructor(private readonly options: ScicatArchiveJobsOptions) {}

  async findByKey(transferKey: string, signal?: AbortSignal): Promise<string | undefined> {
    const [job] = await listJobs(this.options.creator, {
      operation: 'find archive job',
      where: {
        type: ARCHIVE_JOB_TYPE,
        createdBy: { $in: this.options.ownAccounts() },
        'jobParams.globusTransferKey': transferKey,
      },
      fields: ['id'],
      limit: 1,
      read: readJobKey,
      signal,
    });
    return job?.id;
  }

  async create(job: NewArchiveJob, signal?: AbortSignal): Promise<string> {
    let answer = await this.post(job, job.ownerUser, signal);
    // SciCat demands that the owner has access to the dataset. Where the user has left the dataset's
    // owner group since the request, or is not known, the group alone still has.
    if (answer.status === 403 && job.ownerUser !== undefined) {
      answer = await this.post(job, undefined, signal);
    }
    if (saysDatasetGone(answer)) throw datasetGone(answer, CREATE);
    if (isInvalid(answer) && !saysUnknownJobType(answer)) {
      return await this.afterBadRequest(answer, job.transferKey, signal);
    }
    // A 403 may be about this dataset only: SciCat's job type may check who owns it.
    if (answer.status !== 201) throw failureOf(answer, CREATE);
    const created = readJobDocument(answer.body);
    if (created?.type !== ARCHIVE_JOB_TYPE) throw malformed(answer, CREATE);
    return created.id;
  }

  /** @param ownerUser undefined for a job that belongs to the group alone */
  private post(
    job: NewArchiveJob,
    ownerUser: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<UpstreamAnswer> {
    const wanted = {
      type: ARCHIVE_JOB_TYPE,
      ownerUser,
      ownerGroup: job.ownerGroup,
      contactEmail: job.contactEmail,
      jobParams: {
        tapeCopies: 'one',
        username: job.ownerUser,
        ownerGroup: job.ownerGroup,
        datasetList: [{ pid: job.datasetPid, files: [] }],
        globusTransferJobId: job.transferJobId,
        globusTransferKey: job.transferKey,
      },
    };
    return postJob(this.options.creator, CREATE, wanted, signal);
  }

  /**
   * SciCat also answers so after storing the job, when an action of the job type failed. As it has
   * answered, a search is conclusive.
   */
  private async afterBadRequest(
    answer: UpstreamAnswer,
    transferKey: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    let stored: string | undefined;
    try {
      stored = await this.findByKey(transferKey, signal);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      throw failureOf(answer, CREATE, { badRequest: 'possibly-stored' });
    }
    if (stored === undefined) throw failureOf(answer, CREATE);
    return stored;
  }
}
