import type { Identity } from '../../auth/identity.port.js';
import { JobNotFoundError } from '../../errors/request.errors.js';
import { isOurs } from '../domain/job-document.js';
import { itemOfJob, itemOfTransfer, type TransferItem } from '../domain/transfer-item.js';
import { ownersOfJob, ownersOfTransfer, requireOwner } from './job-access.js';
import type { TransferEvents } from './ports/transfer-events.port.js';
import type { TransferJobs } from './ports/transfer-jobs.port.js';
import type { TransferTracking } from './ports/transfer-tracking.port.js';

/** What the service works with. */
export interface LookUpTransfersParts {
  readonly jobs: TransferJobs;
  readonly tracking: TransferTracking;
  readonly events: TransferEvents;
}

/** One page of a user's transfers. */
export interface TransferPage {
  readonly total: number;
  readonly transfers: readonly TransferItem[];
}

/** Shows transfers to those who may see them. */
export class LookUpTransfers {
  constructor(private readonly parts: LookUpTransfersParts) {}

  /**
   * One transfer, as it stands now.
   *
   * @throws JobNotFoundError AccessDeniedError UpstreamError
   */
  async one(identity: Identity, jobId: string): Promise<TransferItem> {
    const { jobs, tracking } = this.parts;
    const transfer = tracking.current(jobId);
    const owners = transfer === undefined ? undefined : ownersOfTransfer(transfer);
    if (transfer !== undefined && owners !== undefined) {
      requireOwner({ operation: 'look-up', identity, jobId }, owners, this.parts.events);
      return itemOfTransfer(transfer, tracking.queuePosition(jobId));
    }
    const job = await jobs.read(jobId);
    if (job === undefined || !isOurs(job, jobs.ownAccounts())) throw noSuchTransfer(jobId);
    requireOwner({ operation: 'look-up', identity, jobId }, ownersOfJob(job), this.parts.events);
    return itemOfJob(job);
  }

  /** The user's transfers, newest first. @throws UpstreamError */
  async list(identity: Identity, page: number, pageSize: number): Promise<TransferPage> {
    const { jobs, tracking } = this.parts;
    const { total, jobs: found } = await jobs.list(identity, page, pageSize);
    return {
      total,
      transfers: found.map((job) => {
        const transfer = tracking.current(job.id);
        return transfer === undefined
          ? itemOfJob(job)
          : itemOfTransfer(transfer, tracking.queuePosition(job.id));
      }),
    };
  }
}

/** There is no such transfer, or none that this service made; one answer for both. */
export function noSuchTransfer(jobId: string): JobNotFoundError {
  return new JobNotFoundError(`There is no transfer with id ${jobId}.`);
}
