import type { Logger } from '../logging/logger.js';
import type { TransferEvent } from '../ports/transfer-events.port.js';
import { taskIdOf, type Transfer } from '../domain/transfer.js';
import type { EventListener } from './event-hub.js';

/**
 * Writes what happens to transfers into the log: one line for every change of a transfer, and one
 * audit line (`"audit": true`) for every decision on who may do what.
 */
export function eventLog(logger: Logger): EventListener {
  return (event) => {
    writeEvent(logger, event);
  };
}

function writeEvent(logger: Logger, event: TransferEvent): void {
  switch (event.kind) {
    case 'decided':
      logger.info({ audit: true, ...event, kind: undefined }, 'decision');
      return;
    case 'accepted':
      logger.info(factsOf(event.transfer, event.requestId), 'transfer accepted');
      return;
    case 'repeated': {
      const { requestId, jobId, datasetPid, username } = event;
      logger.info({ requestId, jobId, datasetPid, username }, 'identical transfer is already open');
      return;
    }
    case 'adopted':
      logger.info(factsOf(event.transfer), 'transfer adopted from SciCat');
      return;
    case 'changed': {
      const { transfer, requestId, from } = event;
      // One failure concerns its scientist, many concern the operator.
      const level = transfer.status.state === 'failed' ? 'warn' : 'info';
      logger[level]({ ...factsOf(transfer, requestId), from }, 'transfer changed');
      return;
    }
    case 'end-requested': {
      const { transfer, requestId } = event;
      const requested = transfer.endRequested;
      const endRequested = requested && { ...requested, by: withoutDetails(requested.by) };
      logger.info({ ...factsOf(transfer, requestId), endRequested }, 'end of transfer requested');
      return;
    }
    case 'moved':
      logger.trace(
        { ...factsOf(event.transfer), bytes: event.bytes, files: event.files },
        'Globus copied more',
      );
      return;
    case 'task-ended':
      logger.debug(factsOf(event.transfer), 'Globus task ended');
      return;
    case 'end-written':
      logger.info(factsOf(event.transfer, event.requestId), 'final status written to SciCat');
      return;
    case 'job-ignored':
      logger.warn({ jobId: event.jobId, reason: event.reason }, 'SciCat job ignored');
      return;
    case 'job-parked':
      logger.error(
        { jobId: event.jobId, reason: event.reason },
        'SciCat job rejects writes, retrying hourly',
      );
      return;
    case 'write-failed':
      logger.warn({ jobId: event.jobId, reason: event.reason }, 'write to SciCat failed, retrying');
      return;
    case 'job-gone':
      logger.warn({ jobId: event.jobId }, 'SciCat job removed, ending its transfer');
      return;
    case 'observed':
      if (event.error === undefined) {
        logger.debug({ inFlight: event.inFlight, calls: event.calls }, 'polled Globus');
      } else {
        logger.warn({ inFlight: event.inFlight, reason: event.error }, 'polling Globus failed');
      }
      return;
    case 'swept':
      if (event.error === undefined) {
        logger.info({ open: event.open, adopted: event.adopted }, 'open SciCat jobs read');
      } else {
        logger.error({ reason: event.error }, 'reading the open SciCat jobs failed');
      }
      return;
    case 'alarm':
      logger.error({ alarm: event.alarm, reason: event.reason }, 'operator action required');
      return;
    case 'alarm-cleared':
      logger.info({ alarm: event.alarm }, 'alarm cleared');
      return;
  }
}

function factsOf(transfer: Transfer, requestId?: string): Readonly<Record<string, unknown>> {
  const { status } = transfer;
  return {
    ...(requestId === undefined ? {} : { requestId }),
    jobId: transfer.jobId,
    datasetPid: transfer.datasetPid,
    ...(taskIdOf(transfer) === '' ? {} : { globusTaskId: taskIdOf(transfer) }),
    state: status.state,
    ...('reason' in status ? { reason: status.reason } : {}),
    ...('trouble' in status && status.trouble !== undefined
      ? { trouble: withoutDetails(status.trouble) }
      : {}),
    ...('error' in status ? { error: withoutDetails(status.error) } : {}),
    ...('by' in status ? { by: status.by } : {}),
    ...('shortfall' in status && status.shortfall !== undefined
      ? { shortfall: status.shortfall }
      : {}),
  };
}

/**
 * What follows a semicolon or stands in quotation marks are Globus's own words, in which it names
 * files. Those stand in the job, for those who may see it; here the kind of trouble must do.
 */
function withoutDetails(words: string): string {
  return words.split('; ', 1)[0]?.replace(/".*"/s, '"…"') ?? '';
}
