import type { Requester } from '../../auth/caller.js';
import { partiesOf } from '../../domain/audit-subject.js';
import { showsEnded, type TransferJobDocument } from '../../domain/job-reading.js';
import type { Transfer } from '../../domain/transfer.js';
import { unsealRecord } from '../../domain/transfer-record.js';
import { present } from '../../domain/untyped.js';
import { isFinal } from '../../domain/transfer-state.js';
import { field } from '../../domain/untyped.js';
import { AlreadyEndedError, NotReadyError } from '../../errors/request.errors.js';
import { type JobAccess, trackedTransfer, transferJob } from './job-access.js';
import { readReason } from './operators.js';
import type { TransferDeps } from './transfer-deps.js';

/**
 * Cancels a transfer for one of its owners, or an operator. The request is in SciCat before the response is sent, so
 * it survives a crash. The response does not wait for Globus; how the Globus task actually ends
 * decides the transfer's final status.
 */
export class CancelTransfer {
  constructor(
    private readonly deps: Pick<TransferDeps, 'jobs' | 'tracking' | 'events' | 'clock' | 'config'>,
  ) {}

  /**
   * @param remove also remove the SciCat job, once the transfer has ended
   * @param stated why, for the job and the audit line; required if an operator cancels somebody else's
   * @throws JobNotFoundError AccessDeniedError AlreadyEndedError InvalidRequestError NotReadyError
   *   UpstreamError
   */
  async execute(
    requester: Requester,
    jobId: string,
    remove: boolean,
    stated?: string,
  ): Promise<void> {
    const { tracking } = this.deps;
    if (!tracking.ready) {
      throw new NotReadyError(
        "The service is starting or stopping and can't cancel transfers now. Please try again in a minute.",
        { retryAfterSeconds: 30 },
      );
    }
    const statedReason = readReason(stated);
    const access: JobAccess = { operation: 'cancel', requester, jobId, statedReason };
    const tracked = trackedTransfer(access, this.deps)?.transfer;
    if (tracked !== undefined) {
      await this.end(access, tracked, remove);
      return;
    }
    const job = await transferJob(access, this.deps);
    const transfer = this.adopt(job);
    if (transfer !== undefined) await this.end(access, transfer, remove);
    else if (remove) await this.remove(requester, job);
    else throw alreadyEnded(jobId);
  }

  /** Undefined if the job shows that the transfer has ended. */
  private adopt(job: TransferJobDocument): Transfer | undefined {
    const { tracking } = this.deps;
    if (showsEnded(job)) return undefined;
    return tracking.find(job.id)?.transfer ?? tracking.adopt(job);
  }

  private async remove(
    { identity, requestId }: Requester,
    job: TransferJobDocument,
  ): Promise<void> {
    const { jobs, events } = this.deps;
    await jobs.remove(job.id);
    const unsealed = unsealRecord(field(job.globusTransfer, 'sealed'));
    const [datasetPid] = job.datasetPids;
    events.emit({
      kind: 'audited',
      action: 'remove',
      subject: {
        requestId,
        jobId: job.id,
        ...(datasetPid === undefined ? {} : { datasetPid }),
        ownerGroup: job.ownerGroup,
        ...(unsealed.ok ? partiesOf(unsealed.record) : {}),
      },
      by: identity.username,
      reason: 'requested after the end of the transfer',
    });
  }

  private async end(
    { requester, statedReason: note }: JobAccess,
    transfer: Transfer,
    remove: boolean,
  ): Promise<void> {
    const { jobId, status } = transfer;
    if (isFinal(status.state) && !remove) throw alreadyEnded(jobId);
    const at = new Date(this.deps.clock.now()).toISOString();
    const by = requester.identity.username;
    const request = { reason: 'user', by, at, remove, ...present({ note }) } as const;
    await this.deps.tracking.requestEnd(jobId, request, requester.requestId);
  }
}

function alreadyEnded(jobId: string): AlreadyEndedError {
  return new AlreadyEndedError(
    `Transfer ${jobId} has already ended, so there is nothing to cancel. Add delete=true to remove its job.`,
  );
}
