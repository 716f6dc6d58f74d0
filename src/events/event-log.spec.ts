import { describe, expect, test } from '@jest/globals';
import {
  aHold,
  aRunningTransfer,
  aTransfer,
  jobIdOf,
  taskIdFor,
} from '../../test/support/builders.js';
import { createLogger } from '../logging/logger.js';
import type { TransferEvent } from '../ports/transfer-events.port.js';
import { failed } from '../domain/transfer.js';
import { eventLog } from './event-log.js';

function lineOf(event: TransferEvent): unknown {
  const lines: string[] = [];
  eventLog(createLogger('trace', { write: (line) => lines.push(line) }))(event);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as unknown;
}

describe('what happens to transfers, in the log', () => {
  test('a decision is an audit line: who, what, from, to, rule, and why (not)', () => {
    const decision = {
      requestId: 'request-1',
      operation: 'request',
      allowed: false,
      rule: 'access:PSI',
      reason: 'You have no access to facility "PSI".',
      username: 'alice',
      datasetPid: '20.500.12345/e001',
      sourceFacility: 'PSI',
      destinationFacility: 'CSCS',
    } as const;
    expect(lineOf({ kind: 'decided', ...decision })).toEqual({
      level: 'info',
      time: expect.any(String),
      audit: true,
      ...decision,
      msg: 'decision',
    });
  });

  test('a change can be found by request, job, task and dataset', () => {
    const transfer = aRunningTransfer();
    expect(lineOf({ kind: 'changed', transfer, from: 'waiting', requestId: 'request-1' })).toEqual({
      level: 'info',
      time: expect.any(String),
      requestId: 'request-1',
      jobId: jobIdOf(1),
      datasetPid: transfer.datasetPid,
      globusTaskId: taskIdFor(1),
      state: 'transferring',
      from: 'waiting',
      msg: 'transfer changed',
    });
  });

  test('transfers that wait for a removed facility are a warning', () => {
    const reason = 'facility PSI is no longer configured';
    expect(lineOf({ kind: 'withdrawn', reason, waiting: 2 })).toEqual({
      level: 'warn',
      time: expect.any(String),
      reason,
      waiting: 2,
      msg: 'transfers wait for a facility: configure it again, or cancel them',
    });
  });

  test('a hold and its end are audit lines: who, which facility, why, and until when', () => {
    const hold = aHold({ until: Date.UTC(2026, 10, 30, 14) });
    const facts = {
      level: 'info',
      time: expect.any(String),
      audit: true,
      facility: 'PSI',
      message: 'maintenance of the storage',
      heldBy: 'olivia',
      heldSince: '2026-01-01T00:00:00.000Z',
      heldUntil: '2026-11-30T14:00:00.000Z',
    };
    const requestId = 'request-1';
    expect(lineOf({ kind: 'facility-held', hold, requestId })).toEqual({
      ...facts,
      requestId,
      msg: 'facility held',
    });
    expect(lineOf({ kind: 'facility-released', hold, by: 'oscar', requestId })).toEqual({
      ...facts,
      requestId,
      releasedBy: 'oscar',
      msg: 'facility released',
    });
    expect(lineOf({ kind: 'facility-released', hold })).toEqual({
      ...facts,
      msg: 'facility released',
    });
  });

  test('a failed transfer is a warning with its reason; an accepted one is none', () => {
    const transfer = failed(aRunningTransfer(), 'quota exceeded');
    expect(
      lineOf({ kind: 'changed', transfer, from: 'transferring', requestId: undefined }),
    ).toMatchObject({ level: 'warn', state: 'failed', error: 'quota exceeded' });
    expect(
      lineOf({ kind: 'accepted', transfer: aTransfer(), requestId: 'request-1' }),
    ).toMatchObject({ level: 'info', requestId: 'request-1', jobId: jobIdOf(1) });
  });

  test('the files that Globus names when it fails are left to the job', () => {
    const transfer = failed(
      aRunningTransfer(),
      'Globus could not complete the transfer: gave up (EXPIRED); last error: file not found: /data/x.h5; see https://app.globus.org/activity/1',
    );
    expect(
      lineOf({ kind: 'changed', transfer, from: 'transferring', requestId: undefined }),
    ).toMatchObject({ error: 'Globus could not complete the transfer: gave up (EXPIRED)' });
    const refused = failed(aTransfer(), 'Globus refuses the transfer: "no /data/x.h5" (Bad)');
    expect(
      lineOf({ kind: 'changed', transfer: refused, from: 'waiting', requestId: undefined }),
    ).toMatchObject({ error: 'Globus refuses the transfer: "…" (Bad)' });
  });

  test.each([
    [{ kind: 'alarm', alarm: 'globus-account', reason: 'refused' }, 'error'],
    [{ kind: 'job-parked', jobId: 'x', reason: 'no' }, 'error'],
    [{ kind: 'write-failed', jobId: 'x', reason: 'no' }, 'warn'],
    [{ kind: 'observed', inFlight: 1, calls: 1 }, 'debug'],
    [{ kind: 'observed', inFlight: 1, calls: 0, error: 'away' }, 'warn'],
  ] as const)('%j is of level %s', (event, level) => {
    expect(lineOf(event)).toMatchObject({ level });
  });
});
