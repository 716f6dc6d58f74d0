import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PROGRESS } from '../../test/support/arbitrary-transfers.js';
import {
  aJob,
  aJobOf,
  aRunningTransfer,
  aTransfer,
  jobIdOf,
  taskIdFor,
} from '../../test/support/builders.js';
import { jobView } from './job-view.js';
import type { TransferStatus } from './transfer.js';
import { ITEM_STATUSES, itemOfJob, itemOfTransfer } from './transfer-item.js';

const TASK = taskIdFor(1);

describe('a transfer on the REST interface', () => {
  test('while it waits, with its place in the queue', () => {
    expect(itemOfTransfer(aTransfer(), 3)).toEqual({
      transferId: jobIdOf(1),
      status: 'waiting',
      message: 'waiting: for a test',
      bytesTransferred: 0,
      bytesTotal: 1000,
      filesTransferred: 0,
      filesTotal: 10,
      datasetPid: '20.500.12345/e1',
      queuePosition: 3,
    });
  });

  test('while it runs, with what to look for at Globus', () => {
    expect(itemOfTransfer(aRunningTransfer(), undefined)).toEqual({
      transferId: jobIdOf(1),
      status: 'transferring',
      message: 'transferring',
      bytesTransferred: 0,
      bytesTotal: 1000,
      filesTransferred: 0,
      filesTotal: 10,
      datasetPid: '20.500.12345/e1',
      globusTaskId: TASK,
    });
  });

  test.each<readonly [string, string, TransferStatus]>([
    [
      'transferring',
      'transferred, marking the dataset as archivable',
      { state: 'finalizing', taskId: TASK, lifecycleBefore: undefined, archiveJobId: undefined },
    ],
    [
      'finished',
      'finished',
      { state: 'finished', taskId: TASK, archiveJobId: undefined, shortfall: undefined },
    ],
    [
      'finished',
      "completed but can't create the archive job: SciCat said no",
      {
        state: 'finished',
        taskId: TASK,
        archiveJobId: undefined,
        shortfall: { kind: 'no-archive-job', error: 'SciCat said no' },
      },
    ],
    ['failed', 'deadline', { state: 'failed', taskId: TASK, error: 'deadline' }],
    ['cancelled', 'cancelled by alice', { state: 'cancelled', taskId: TASK, by: 'by alice' }],
  ])('%s: %s, live and from SciCat alike', (status, message, its) => {
    const transfer = aTransfer({ status: its, progress: PROGRESS });
    const isCopied = its.state === 'finalizing' || its.state === 'finished';
    const item = {
      transferId: jobIdOf(1),
      status,
      message,
      bytesTransferred: 400,
      bytesTotal: isCopied ? 400 : 1000,
      filesTransferred: 4,
      filesTotal: isCopied ? 4 : 10,
      datasetPid: '20.500.12345/e1',
      globusTaskId: TASK,
    };
    expect(itemOfTransfer(transfer, undefined)).toEqual(item);
    expect(itemOfJob(aJobOf(transfer, jobView(transfer)))).toEqual(item);
  });
});

describe('a job that is not followed', () => {
  test.each([
    [null, 'waiting'],
    [{}, 'waiting'],
    [{ status: 'transferring' }, 'waiting'],
    [{ status: 'transferring', globusTaskId: '' }, 'waiting'],
    [{ status: 'transferring', globusTaskId: TASK }, 'transferring'],
    [{ status: 'finished' }, 'finished'],
    [{ status: 'failed' }, 'failed'],
    [{ status: 'cancelled' }, 'cancelled'],
    [{ status: 'Finished' }, 'invalid status'],
    [{ status: null }, 'invalid status'],
    [{ status: 7 }, 'invalid status'],
  ])('%j is %s', (result, status) => {
    expect(itemOfJob(aJob({ result })).status).toBe(status);
  });

  test('finished shows no fewer files than its total, whichever version wrote it', () => {
    const result = { bytesTransferred: 400, filesTransferred: 9, filesTotal: 11, bytesTotal: 500 };
    const shown = (status: string) => itemOfJob(aJob({ result: { ...result, status } }));
    expect(shown('finished')).toMatchObject({
      bytesTransferred: 400,
      bytesTotal: 400,
      filesTransferred: 9,
      filesTotal: 9,
    });
    expect(shown('failed')).toMatchObject(result);
    // The Go version wrote no sizes.
    expect(itemOfJob(aJob({ result: { status: 'finished' } }))).not.toHaveProperty('bytesTotal');
  });

  test('one without datasets is shown all the same', () => {
    expect(itemOfJob(aJob({ datasetPids: [] }))).toEqual({
      transferId: jobIdOf(1),
      status: 'waiting',
      message: 'Job created.',
    });
  });

  test('no document makes another word, a negative number or a fraction', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (result) => {
        const item = itemOfJob(aJob({ result }));
        expect(ITEM_STATUSES).toContain(item.status);
        for (const value of [
          item.bytesTransferred,
          item.bytesTotal,
          item.filesTransferred,
          item.filesTotal,
        ]) {
          expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
        }
      }),
    );
  });
});
