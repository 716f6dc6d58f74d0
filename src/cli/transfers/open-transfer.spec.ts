import { describe, expect, it } from '@jest/globals';
import {
  aJob,
  aJobOf,
  aRecord,
  aRunningTransfer,
  aTransfer,
  jobIdOf,
  START,
  taskIdFor,
} from '../../../test/support/builders.js';
import { jobView } from '../../domain/job-view.js';
import type { Transfer } from '../../domain/transfer.js';
import { openTransfers } from './open-transfer.js';

const shown = (transfer: Transfer) => aJobOf(transfer, jobView(transfer));
const LATER = START + 90_500;

describe('an open transfer', () => {
  it('that is running is shown with user, dataset, paths, progress and age', () => {
    const job = shown(
      aRunningTransfer({
        progress: {
          bytesTransferred: 250,
          bytesTotal: 1000,
          filesTransferred: 2,
          filesTotal: 10,
          faults: 3,
          bytesPerSecond: 25,
        },
        status: { state: 'transferring', taskId: taskIdFor(1), trouble: 'PERMISSION_DENIED: no' },
        endRequested: { reason: 'user', by: 'bob', at: '2026-01-01T00:00:00Z', remove: false },
      }),
    );
    expect(openTransfers([job], LATER)).toEqual([
      {
        transferId: jobIdOf(1),
        state: 'transferring',
        message: 'transferring (being cancelled): PERMISSION_DENIED: no',
        requestedAt: '2026-01-01T00:00:00.001Z',
        ageSeconds: 90,
        updatedAt: '2026-01-01T00:00:00.001Z',
        requestedBy: 'alice',
        ownerGroup: 'p123',
        datasetPid: '20.500.12345/e1',
        source: { facility: 'PSI', path: '/data/run1' },
        destination: { facility: 'CSCS', path: '/archive/run1' },
        globusTaskId: taskIdFor(1),
        bytesTransferred: 250,
        bytesTotal: 1000,
        filesTransferred: 2,
        filesTotal: 10,
        faults: 3,
        bytesPerSecond: 25,
        etaSeconds: 30,
        endRequested: { reason: 'user', by: 'bob', at: '2026-01-01T00:00:00Z', remove: false },
      },
    ]);
  });

  it("that waits shows its job's message", () => {
    const waiting = aTransfer({
      status: {
        state: 'waiting',
        reason: 'Globus is down for maintenance',
        submission: 'not-sent',
      },
    });
    expect(openTransfers([shown(waiting)], LATER)).toMatchObject([
      { state: 'waiting', message: 'Globus is down for maintenance', globusTaskId: null },
    ]);
  });

  it('takes the user from its record, since SciCat may replace or mask it', () => {
    const job = { ...aJob(), ownerUser: 'globus-proxy' };
    expect(openTransfers([job], LATER)).toMatchObject([{ requestedBy: 'alice' }]);
  });

  it.each([
    ['of the Go version without a task', { globusTransfer: undefined }, /with no Globus task/],
    ['with a forged or broken record', { globusTransfer: { sealed: 'x' } }, /can't be used/],
  ])('%s is shown as left alone', (_what, parts, message) => {
    expect(openTransfers([aJob(parts)], LATER)).toMatchObject([
      {
        state: 'left-alone',
        message: expect.stringMatching(message),
        transferId: jobIdOf(1),
        source: null,
      },
    ]);
  });

  it('of the Go version with a task is shown without paths', () => {
    const job = aJob({
      globusTransfer: undefined,
      result: { globusTaskId: taskIdFor(7), bytesTransferred: 5 },
    });
    expect(openTransfers([job], LATER)).toMatchObject([
      {
        state: 'transferring',
        source: null,
        destination: null,
        globusTaskId: taskIdFor(7),
        bytesTransferred: 5,
      },
    ]);
  });

  it('of unknown date has no age', () => {
    expect(openTransfers([aJob({ createdAt: 0, updatedAt: 0 })], LATER)).toMatchObject([
      { requestedAt: null, ageSeconds: null, updatedAt: null },
    ]);
    expect(openTransfers([aJob()], START - 5000)).toMatchObject([{ ageSeconds: 0 }]);
  });
});

describe('open transfers', () => {
  it('are sorted oldest first, without those that have ended', () => {
    const at = (number: number, createdAt: number) =>
      aJob({ number, createdAt, record: aRecord({ datasetPid: `20.500.12345/e${number}` }) });
    const ended = aTransfer({ number: 9, status: { state: 'failed', taskId: '', error: 'x' } });
    const jobs = [at(1, 300), at(2, 100), at(4, 200), at(3, 200), shown(ended)];
    expect(openTransfers(jobs, LATER).map(({ transferId }) => transferId)).toEqual(
      [2, 3, 4, 1].map(jobIdOf),
    );
  });
});
