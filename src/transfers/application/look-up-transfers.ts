import type { Requester } from '../../auth/caller.js';
import { itemOfJob, itemOfTransfer, type TransferItem } from '../../domain/transfer-item.js';
import { trackedTransfer, transferJob } from './job-access.js';
import type { TransferDeps } from './transfer-deps.js';

/** Shows transfers to their owners. */
export class LookUpTransfers {
  constructor(private readonly deps: Pick<TransferDeps, 'jobs' | 'tracking' | 'events'>) {}

  /** @throws JobNotFoundError AccessDeniedError UpstreamError */
  async one(requester: Requester, jobId: string): Promise<TransferItem> {
    const access = { operation: 'look-up', requester, jobId } as const;
    const tracked = trackedTransfer(access, this.deps);
    return tracked === undefined
      ? itemOfJob(await transferJob(access, this.deps))
      : itemOfTransfer(tracked.transfer, tracked.queuePosition);
  }

  /** The user's transfers and those of their groups, newest first. @throws UpstreamError */
  async list(
    { identity, requestId }: Requester,
    page: number,
    pageSize: number,
  ): Promise<{ readonly total: number; readonly transfers: readonly TransferItem[] }> {
    const { jobs, tracking, events } = this.deps;
    events.emit({
      kind: 'decided',
      requestId,
      operation: 'list',
      allowed: true,
      rule: 'job-owner',
      reason: 'all users may see their own transfers and those of their groups',
      username: identity.username,
    });
    const { total, jobs: found } = await jobs.list(identity, page, pageSize);
    const transfers = found.map((job) => {
      const tracked = tracking.find(job.id);
      return tracked === undefined
        ? itemOfJob(job)
        : itemOfTransfer(tracked.transfer, tracked.queuePosition);
    });
    return { total, transfers };
  }
}
