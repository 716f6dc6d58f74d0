import { describe, expect, test } from '@jest/globals';
import {
  aHold,
  aRunningTransfer,
  aTransfer,
  aWish,
  jobIdOf,
  taskIdFor,
} from '../../test/support/builders.js';
import { createLogger } from '../logging/logger.js';
import { subjectOf } from '../domain/audit-subject.js';
import type { Audited, TransferEvent } from '../ports/transfer-events.port.js';
import { failed, withEndRequest } from '../domain/transfer.js';
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

describe('what the service does with its own accounts is an audit line: for whom, what, from, to', () => {
  const SUBJECT = {
    jobId: jobIdOf(1),
    datasetPid: '20.500.12345/e1',
    requester: 'alice',
    ownerGroup: 'p123',
    sourceFacility: 'PSI',
    destinationFacility: 'CSCS',
  };
  const line = { level: 'info', time: expect.any(String), audit: true };
  const transfer = aRunningTransfer();
  const subject = subjectOf(transfer, 'request-1');

  test('taking up', () => {
    expect(lineOf({ kind: 'adopted', transfer })).toEqual({
      ...line,
      ...SUBJECT,
      globusTaskId: taskIdFor(1),
      state: 'transferring',
      msg: 'transfer adopted from SciCat',
    });
  });

  test('taking up what another account has changed', () => {
    expect(lineOf({ kind: 'adopted', transfer, writtenBy: 'mallory' })).toMatchObject({
      level: 'warn',
      audit: true,
      ...SUBJECT,
      writtenBy: 'mallory',
    });
  });

  test.each<[Omit<Audited, 'kind' | 'subject'>, string]>([
    [{ action: 'submit', outcome: 'accepted', globusTaskId: 't' }, 'transfer submitted to Globus'],
    [{ action: 'mark' }, 'dataset marked as archivable'],
    [{ action: 'archive', archiveJobId: 'a' }, 'archive job created'],
    [
      { action: 'cancel', globusTaskId: 't', by: 'bob', reason: 'user' },
      'cancellation of the Globus task requested',
    ],
    [{ action: 'remove', by: 'bob', reason: 'requested' }, 'SciCat job removed'],
    [{ action: 'deny', reason: 'another group' }, 'transfer no longer allowed'],
  ])('%j', (facts, msg) => {
    expect(lineOf({ kind: 'audited', subject, ...facts })).toEqual({
      ...line,
      requestId: 'request-1',
      ...SUBJECT,
      ...facts,
      msg,
    });
  });

  test('a request to end a transfer, by whom and why', () => {
    const ending = withEndRequest(transfer, aWish({ by: 'bob' }));
    expect(lineOf({ kind: 'end-requested', transfer: ending, requestId: 'request-2' })).toEqual({
      ...line,
      requestId: 'request-2',
      ...SUBJECT,
      globusTaskId: taskIdFor(1),
      state: 'transferring',
      endRequested: aWish({ by: 'bob' }),
      msg: 'end of transfer requested',
    });
  });

  test('what Globus says of files is not in the log', () => {
    const refused = {
      action: 'submit',
      outcome: 'refused',
      reason: 'no "a/secret name.h5"; see /x',
    } as const;
    expect(lineOf({ kind: 'audited', subject, ...refused })).toMatchObject({ reason: 'no "…"' });
  });

  test('a transfer of the Go version has no requester', () => {
    const origin = { kind: 'go-version', ownerGroup: 'p7' } as const;
    expect(subjectOf({ ...transfer, origin })).toEqual({
      jobId: jobIdOf(1),
      datasetPid: '20.500.12345/e1',
      ownerGroup: 'p7',
    });
  });
});

test('a defect is logged with what was thrown, which is shown nowhere else', () => {
  const error = new TypeError('read of undefined at /srv/secret');
  expect(
    lineOf({ kind: 'alarm', alarm: 'internal:tracker', reason: 'A defect.', error }),
  ).toMatchObject({
    alarm: 'internal:tracker',
    reason: 'A defect.',
    err: { type: 'TypeError', message: error.message, stack: expect.any(String) },
  });
});
