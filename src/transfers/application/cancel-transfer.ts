import type { Requester } from '../../auth/caller.js';
import { AlreadyEndedError, NotReadyError } from '../../errors/request.errors.js';
import type { Clock } from '../../ports/clock.port.js';
import { isOurs, showsEnded } from '../../domain/job-reading.js';
import type { EndRequest, Transfer } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';
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
export interface CancelTransferDeps {
  readonly jobs: TransferJobs;
  readonly tracking: TransferTracking;
  readonly events: TransferEvents;
  readonly clock: Clock;
}

/**
 * Ends a transfer on its owner's wish. The wish is in SciCat before the answer, so it survives a
 * crash; Globus is not waited for, and the task's real end decides what the transfer becomes.
 */
export class CancelTransfer {
  constructor(private readonly deps: CancelTransferDeps) {}

  /**
   * @param remove also remove the SciCat job, as soon as the end is known
   * @throws JobNotFoundError AccessDeniedError AlreadyEndedError NotReadyError UpstreamError
   */
  async execute(requester: Requester, jobId: string, remove: boolean): Promise<void> {
    const { tracking } = this.deps;
    if (!tracking.ready) {
      throw new NotReadyError(
        'The service is starting or stopping and can cancel nothing now; please try again in a minute.',
        { retryAfterSeconds: 30 },
      );
    }
    const transfer = tracking.find(jobId)?.transfer;
    const owners = transfer === undefined ? undefined : ownersOfTransfer(transfer);
    if (transfer === undefined || owners === undefined) {
      await this.endByJob(requester, jobId, remove);
      return;
    }
    requireOwner({ operation: 'cancel', requester, jobId }, owners, this.deps.events);
    await this.end(requester, transfer, remove);
  }

  private async endByJob(requester: Requester, jobId: string, remove: boolean): Promise<void> {
    const { jobs, tracking, events } = this.deps;
    const access: JobAccess = { operation: 'cancel', requester, jobId };
    const job = await jobs.read(jobId);
    if (job === undefined || !isOurs(job, jobs.ownAccounts())) {
      throw noSuchTransfer(access, events);
    }
    requireOwner(access, ownersOfJob(job), events);
    const transfer = showsEnded(job)
      ? undefined
      : (tracking.find(jobId)?.transfer ?? tracking.adopt(job));
    if (transfer !== undefined) {
      await this.end(requester, transfer, remove);
      return;
    }
    if (!remove) throw alreadyEnded(jobId);
    await jobs.remove(jobId);
  }

  private async end(requester: Requester, transfer: Transfer, remove: boolean): Promise<void> {
    if (isFinal(transfer.status.state) && !remove) throw alreadyEnded(transfer.jobId);
    const request: EndRequest = {
      reason: 'user',
      by: requester.identity.username,
      at: new Date(this.deps.clock.now()).toISOString(),
      remove,
    };
    await this.deps.tracking.requestEnd(transfer.jobId, request, requester.requestId);
  }
}

function alreadyEnded(jobId: string): AlreadyEndedError {
  return new AlreadyEndedError(
    `Transfer ${jobId} has already ended, so there is nothing to cancel. Add delete=true to remove its job.`,
  );
}
