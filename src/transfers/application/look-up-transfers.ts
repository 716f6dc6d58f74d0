import type { Requester } from '../../auth/caller.js';
import { isOurs } from '../../domain/job-reading.js';
import { itemOfJob, itemOfTransfer, type TransferItem } from '../../domain/transfer-item.js';
import {
  type JobAccess,
  noSuchTransfer,
  ownersOfJob,
  ownersOfTransfer,
  requireOwner,
} from './job-access.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import type { TransferJobs } from '../../ports/transfer-jobs.port.js';
import type { TransferTracking } from '../../ports/transfer-tracking.port.js';

/** What the service works with. */
export interface LookUpTransfersDeps {
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
  constructor(private readonly deps: LookUpTransfersDeps) {}

  /**
   * One transfer, as it stands now.
   *
   * @throws JobNotFoundError AccessDeniedError UpstreamError
   */
  async one(requester: Requester, jobId: string): Promise<TransferItem> {
    const { jobs, tracking, events } = this.deps;
    const access: JobAccess = { operation: 'look-up', requester, jobId };
    const tracked = tracking.find(jobId);
    const owners = tracked && ownersOfTransfer(tracked.transfer);
    if (tracked !== undefined && owners !== undefined) {
      requireOwner(access, owners, events);
      return itemOfTransfer(tracked.transfer, tracked.queuePosition);
    }
    const job = await jobs.read(jobId);
    if (job === undefined || !isOurs(job, jobs.ownAccounts())) {
      throw noSuchTransfer(access, events);
    }
    requireOwner(access, ownersOfJob(job), events);
    return itemOfJob(job);
  }

  /** The user's transfers, newest first. @throws UpstreamError */
  async list(requester: Requester, page: number, pageSize: number): Promise<TransferPage> {
    const { jobs, tracking, events } = this.deps;
    const { identity, requestId } = requester;
    events.emit({
      kind: 'decided',
      requestId,
      operation: 'list',
      allowed: true,
      rule: 'job-owner',
      reason: 'everybody may see their own transfers and those of their groups',
      username: identity.username,
    });
    const { total, jobs: found } = await jobs.list(identity, page, pageSize);
    return {
      total,
      transfers: found.map((job) => {
        const tracked = tracking.find(job.id);
        return tracked === undefined
          ? itemOfJob(job)
          : itemOfTransfer(tracked.transfer, tracked.queuePosition);
      }),
    };
  }
}
