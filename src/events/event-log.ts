import type { Logger } from '../logging/logger.js';
import type { Audited, TransferEvent } from '../ports/transfer-events.port.js';
import { subjectOf } from '../domain/audit-subject.js';
import type { FacilityHold } from '../domain/facility-hold.js';
import { taskIdOf, type Transfer } from '../domain/transfer.js';
import type { EventListener } from './event-hub.js';

type Line = readonly [
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error',
  facts: Readonly<Record<string, unknown>>,
  message: string,
];

/**
 * Logs events: one line for each change of a transfer, and one audit line (`"audit": true`) for each
 * authorization decision and for everything that the service does with its own accounts: taking a
 * transfer up, submitting, marking, archiving, cancelling, and removing a job.
 */
export function eventLog(logger: Logger): EventListener {
  return (event) => {
    const [level, facts, message] = lineOf(event);
    logger[level](facts, message);
  };
}

function lineOf(event: TransferEvent): Line {
  switch (event.kind) {
    case 'decided':
      return ['info', { audit: true, ...event, kind: undefined }, 'decision'];
    case 'accepted':
      return ['info', factsOf(event.transfer, event.requestId), 'transfer accepted'];
    case 'repeated':
      return ['info', { ...event, kind: undefined }, 'identical transfer is already open'];
    case 'adopted':
      return [
        event.writtenBy === undefined ? 'info' : 'warn',
        {
          audit: true,
          ...factsOf(event.transfer),
          ...subjectOf(event.transfer),
          ...(event.writtenBy === undefined ? {} : { writtenBy: event.writtenBy }),
        },
        event.writtenBy === undefined
          ? 'transfer adopted from SciCat'
          : 'transfer adopted from SciCat, whose job another account has changed: its state is checked',
      ];
    case 'audited': {
      const { action, subject, reason } = event;
      const facts = {
        audit: true,
        ...subject,
        ...event,
        kind: undefined,
        subject: undefined,
        ...(reason === undefined ? {} : { reason: withoutDetails(reason) }),
      };
      return ['info', facts, ACTIONS[action]];
    }
    case 'changed': {
      const { transfer, requestId, from } = event;
      // A single failure concerns the scientist, many concern the operator.
      const level = transfer.status.state === 'failed' ? 'warn' : 'info';
      return [level, { ...factsOf(transfer, requestId), from }, 'transfer changed'];
    }
    case 'end-requested': {
      const { transfer, requestId } = event;
      const requested = transfer.endRequested;
      const endRequested = requested && { ...requested, by: withoutDetails(requested.by) };
      return [
        'info',
        { audit: true, ...factsOf(transfer), ...subjectOf(transfer, requestId), endRequested },
        'end of transfer requested',
      ];
    }
    case 'moved': {
      const { transfer, bytes, files } = event;
      return ['trace', { ...factsOf(transfer), bytes, files }, 'Globus copied more'];
    }
    case 'task-ended':
      return ['debug', factsOf(event.transfer), 'Globus task ended'];
    case 'end-written':
      return ['info', factsOf(event.transfer, event.requestId), 'final status written to SciCat'];
    case 'job-ignored':
      return ['warn', reasonOf(event), 'SciCat job ignored'];
    case 'job-parked':
      return ['error', reasonOf(event), 'SciCat job rejects writes, retrying hourly'];
    case 'write-failed':
      return ['warn', reasonOf(event), 'write to SciCat failed, retrying'];
    case 'job-gone':
      return ['warn', { jobId: event.jobId }, 'SciCat job removed, ending its transfer'];
    case 'observed': {
      const { inFlight, calls, error } = event;
      return error === undefined
        ? ['debug', { inFlight, calls }, 'polled Globus']
        : ['warn', { inFlight, reason: error }, 'polling Globus failed'];
    }
    case 'swept': {
      const { open, adopted, error } = event;
      return error === undefined
        ? ['info', { open, adopted }, 'open SciCat jobs read']
        : ['error', { reason: error }, 'reading the open SciCat jobs failed'];
    }
    case 'withdrawn': {
      const { reason, waiting } = event;
      return [
        'warn',
        { reason, waiting },
        'transfers wait for a facility: configure it again, or cancel them',
      ];
    }
    case 'facility-held': {
      const { hold, requestId } = event;
      return ['info', { audit: true, requestId, ...holdFacts(hold) }, 'facility held'];
    }
    case 'facility-released': {
      const { hold, requestId, by } = event;
      const released = by === undefined ? {} : { requestId, releasedBy: by };
      return ['info', { audit: true, ...released, ...holdFacts(hold) }, 'facility released'];
    }
    case 'alarm':
      return ['error', alarmFacts(event), 'operator action required'];
    case 'alarm-cleared':
      return ['info', { alarm: event.alarm }, 'alarm cleared'];
  }
}

const ACTIONS: Readonly<Record<Audited['action'], string>> = {
  submit: 'transfer submitted to Globus',
  mark: 'dataset marked as archivable',
  archive: 'archive job created',
  cancel: 'cancellation of the Globus task requested',
  remove: 'SciCat job removed',
  deny: 'transfer no longer allowed',
};

function alarmFacts({ alarm, reason, error }: TransferEvent & { readonly kind: 'alarm' }) {
  return { alarm, reason, ...(error === undefined ? {} : { err: error }) };
}

function holdFacts({ facility, message, since, until, by }: FacilityHold) {
  return {
    facility,
    message,
    heldBy: by,
    heldSince: new Date(since).toISOString(),
    ...(until === undefined ? {} : { heldUntil: new Date(until).toISOString() }),
  };
}

function reasonOf({ jobId, reason }: { readonly jobId: string; readonly reason: string }) {
  return { jobId, reason };
}

function factsOf(transfer: Transfer, requestId?: string): Readonly<Record<string, unknown>> {
  const { status, jobId, datasetPid } = transfer;
  const globusTaskId = taskIdOf(transfer);
  return {
    ...(requestId === undefined ? {} : { requestId }),
    jobId,
    datasetPid,
    ...(globusTaskId === '' ? {} : { globusTaskId }),
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
 * Drops what follows a semicolon or is in quotes: Globus's own message, which names files. It is in
 * the job, for those who may see it.
 */
function withoutDetails(message: string): string {
  return message.split('; ', 1)[0]?.replace(/".*"/s, '"…"') ?? '';
}
