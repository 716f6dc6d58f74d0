import type { Requester } from '../../auth/caller.js';
import { itemOfJob, itemOfTransfer, type TransferItem } from '../../domain/transfer-item.js';
import { present } from '../../domain/untyped.js';
import type { JobPage } from '../../ports/transfer-jobs.port.js';
import { readReason, requireOperator } from './operators.js';
import { trackedTransfer, transferJob } from './job-access.js';
import type { TransferDeps } from './transfer-deps.js';

/** A page of transfers, and the number of transfers on all pages. */
interface TransferList {
  readonly total: number;
  readonly transfers: readonly TransferItem[];
}

/** Shows transfers to their owners, and everybody's to operators. */
export class LookUpTransfers {
  constructor(
    private readonly deps: Pick<TransferDeps, 'jobs' | 'tracking' | 'events' | 'config'>,
  ) {}

  /**
   * @param stated why an operator looks at it, for the audit line
   * @throws JobNotFoundError AccessDeniedError InvalidRequestError UpstreamError
   */
  async one(requester: Requester, jobId: string, stated?: string): Promise<TransferItem> {
    const statedReason = readReason(stated);
    const access = { operation: 'look-up', requester, jobId, statedReason } as const;
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
  ): Promise<TransferList> {
    const { jobs, events } = this.deps;
    events.emit({
      kind: 'decided',
      requestId,
      operation: 'list',
      allowed: true,
      rule: 'job-owner',
      reason: 'all users may see their own transfers and those of their groups',
      username: identity.username,
    });
    return this.shown(await jobs.list(identity, page, pageSize));
  }

  /**
   * Everybody's transfers, newest first, for an operator.
   *
   * @param stated why, for the audit line
   * @throws AccessDeniedError InvalidRequestError UpstreamError
   */
  async listAll(
    requester: Requester,
    page: number,
    pageSize: number,
    stated?: string,
  ): Promise<TransferList> {
    const statedReason = readReason(stated);
    requireOperator(requester, { operation: 'list', ...present({ statedReason }) }, this.deps);
    return this.shown(await this.deps.jobs.list('everybody', page, pageSize));
  }

  private shown({ total, jobs }: JobPage): TransferList {
    const { tracking } = this.deps;
    const transfers = jobs.map((job) => {
      const tracked = tracking.find(job.id);
      return tracked === undefined
        ? itemOfJob(job)
        : itemOfTransfer(tracked.transfer, tracked.queuePosition);
    });
    return { total, transfers };
  }
}
