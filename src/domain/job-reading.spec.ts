import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inStatus, PROGRESS, transfers, WISH } from '../../test/support/arbitrary-transfers.js';
import {
  aJob,
  aJobOf,
  aRecord,
  aRunningTransfer,
  aTransfer,
  jobIdOf,
  START,
  taskIdFor,
} from '../../test/support/builders.js';
import {
  isOurs,
  isOurWord,
  readJob as readJobOf,
  showsEnded,
  showsView,
  TRANSFER_JOB_TYPE,
  type TransferJobDocument,
} from './job-reading.js';
import { jobView } from './job-view.js';
import { field } from './untyped.js';

const TASK = taskIdFor(1);
/** As the service's own word. */
const readJob = (job: TransferJobDocument) => readJobOf(job, true);

describe('what was written is read back after a restart', () => {
  test('an open transfer in any state, with its end request', () => {
    fc.assert(
      fc.property(transfers, (transfer) => {
        const read = readJob(aJobOf(transfer, jobView(transfer)));
        const { status } = transfer;
        switch (status.state) {
          case 'finished':
          case 'failed':
          case 'cancelled':
            expect(read).toEqual({ kind: 'ended' });
            return;
          case 'waiting':
          case 'transferring':
          case 'finalizing': {
            // Live numbers and words come anew with the next look at Globus.
            const { faults } = transfer.progress;
            const { bytesTransferred, filesTransferred, filesTotal } =
              jobView(transfer).jobResultObject;
            const progress = {
              bytesTransferred,
              filesTransferred,
              filesTotal: filesTotal || 10,
              // From the record: a job may show more than is expected.
              bytesTotal: 1000,
              faults,
            };
            const submissionId =
              transfer.submissionId ??
              (transfer.origin.kind === 'recorded'
                ? transfer.origin.record.submissionId
                : undefined);
            expect(read).toEqual({
              kind: 'open',
              transfer: {
                ...transfer,
                submissionId,
                progress,
                status:
                  status.state === 'waiting'
                    ? {
                        state: 'waiting',
                        reason: 'resumed after a restart of the service',
                        submission: 'unconfirmed',
                      }
                    : status.state === 'transferring'
                      ? { ...status, trouble: undefined }
                      : status,
              },
            });
          }
        }
      }),
    );
  });

  test.each([null, undefined, {}, [], 'garbage', 7, true])(
    'a job that was never written to (jobResultObject %j) waits, and Globus is asked whether it has it',
    (garbage) => {
      const read = readJob(aJob({ result: garbage, record: aRecord() }));
      expect(read).toEqual({
        kind: 'open',
        transfer: {
          ...aTransfer(),
          origin: { kind: 'recorded', record: aRecord() },
          datasetPid: aRecord().datasetPid,
          submissionId: undefined,
          status: {
            state: 'waiting',
            reason: 'resumed after a restart of the service',
            submission: 'unconfirmed',
          },
        },
      });
    },
  );

  test('with a submission id in the record Globus may have it', () => {
    const record = aRecord({ submissionId: 'from-record' });
    expect(readJob(aJob({ record }))).toMatchObject({
      kind: 'open',
      transfer: {
        submissionId: 'from-record',
        status: { state: 'waiting', submission: 'unconfirmed' },
      },
    });
  });

  test('a replaced submission id wins over that of the record', () => {
    const record = aRecord({ submissionId: 'refused-one' });
    const job = aJob({ record, result: { status: 'transferring', submissionId: 'newer' } });
    expect(readJob(job)).toMatchObject({ kind: 'open', transfer: { submissionId: 'newer' } });
  });

  test('a masked user name in an end request is replaced', () => {
    const result = { endRequested: { ...WISH, by: '*****' } };
    expect(readJob(aJob({ result }))).toMatchObject({
      transfer: { endRequested: { ...WISH, by: 'a user whose name SciCat hides' } },
    });
  });

  test('the reason of an end request is read as it was written, or not at all', () => {
    const read = (note: unknown) => readJob(aJob({ result: { endRequested: { ...WISH, note } } }));
    const endRequested = { ...WISH, note: 'the storage is full' };
    expect(read('the storage is full')).toMatchObject({ transfer: { endRequested } });
    for (const note of [7, '', 'x'.repeat(301), 'a\nb', null]) {
      expect(field(field(read(note), 'transfer'), 'endRequested')).toEqual(WISH);
    }
  });

  test.each([
    ['reason', 'bored'],
    ['reason', undefined],
  ])('an end request with %s %j is none', (name, value) => {
    const result = { endRequested: { ...WISH, [name]: value } };
    expect(readJob(aJob({ result }))).toMatchObject({ transfer: { endRequested: undefined } });
  });

  test('numbers that make no sense count as 0, and do not reach an existing client', () => {
    const result = {
      status: 'transferring',
      globusTaskId: TASK,
      bytesTransferred: -5,
      filesTransferred: 1.5,
      filesTotal: '7',
      bytesTotal: 1e300,
      faults: null,
      attempts: {},
    };
    const read = readJob(aJob({ result, record: aRecord() }));
    expect(read).toMatchObject({
      transfer: {
        attempts: 0,
        progress: {
          bytesTransferred: 0,
          filesTransferred: 0,
          filesTotal: 10,
          bytesTotal: 1000,
          faults: 0,
        },
      },
    });
  });

  test('a record that is not to be read is no transfer, and the reason says why', () => {
    expect([
      readJob(aJob({ globusTransfer: null })),
      readJob(aJob({ globusTransfer: {} })),
      readJob(aJob({ globusTransfer: { sealed: 'e30' } })),
      readJob(aJob({ globusTransfer: 'sealed' })),
    ]).toEqual([
      { kind: 'unusable', reason: 'there is no sealed record' },
      { kind: 'unusable', reason: 'there is no sealed record' },
      { kind: 'unusable', reason: 'version undefined is not supported' },
      { kind: 'unusable', reason: 'there is no sealed record' },
    ]);
  });
});

/** A job of the Go version: no record, and only the six frozen fields. */
const goJob = (parts: Partial<TransferJobDocument> = {}): TransferJobDocument =>
  aJob({
    globusTransfer: undefined,
    result: {
      globusTaskId: TASK,
      bytesTransferred: 5,
      filesTransferred: 1,
      filesTotal: 3,
      status: 'transferring',
      error: '',
    },
    ...parts,
  });

describe('the totals of a list are those that are true', () => {
  const fileList = { count: 10, sha256: '0'.repeat(64), symlinks: [] };
  const totals = (result: unknown) => {
    const read = readJob(aJob({ result, record: aRecord({ fileList }) }));
    if (read.kind !== 'open') throw new Error(read.kind);
    const { filesTotal, bytesTotal } = read.transfer.progress;
    return { filesTotal, bytesTotal };
  };

  test('unknown if the process died before its first write: its folders would count as files', () => {
    expect(totals({})).toEqual({ filesTotal: 0, bytesTotal: 0 });
  });

  test('the files as known at the request; not the size of the dataset, as earlier versions wrote it', () => {
    expect(totals({ status: 'transferring', filesTotal: 7, bytesTotal: 1000 })).toEqual({
      filesTotal: 7,
      bytesTotal: 0,
    });
  });
});

describe('jobs of the Go version', () => {
  test('one with a task id is resumed', () => {
    expect(readJob(goJob())).toEqual({
      kind: 'open',
      transfer: {
        jobId: jobIdOf(1),
        key: jobIdOf(1),
        datasetPid: '20.500.12345/e1',
        origin: { kind: 'go-version', ownerGroup: 'p123' },
        requestedAt: START + 1,
        submissionId: undefined,
        endRequested: undefined,
        progress: {
          bytesTransferred: 5,
          filesTransferred: 1,
          filesTotal: 3,
          bytesTotal: 0,
          faults: 0,
        },
        attempts: 0,
        status: { state: 'transferring', taskId: TASK, trouble: undefined },
      },
    });
  });

  test('one without a task id is lost, with or without a result', () => {
    for (const result of [null, {}, { globusTaskId: '' }, { globusTaskId: 7 }]) {
      expect(readJob(goJob({ result }))).toEqual({ kind: 'lost' });
    }
  });

  test.each([[[]], [['a', 'b']]])('one with datasets %j is skipped, not a crash', (pids) => {
    const reason = 'it does not name exactly one dataset';
    expect(readJob(goJob({ datasetPids: pids }))).toEqual({ kind: 'unusable', reason });
    expect(readJob(aJob({ datasetPids: pids }))).toEqual({ kind: 'unusable', reason });
  });

  test('finished, failed and cancelled ones are ended', () => {
    expect(
      ['finished', 'failed', 'cancelled'].map((status) => readJob(goJob({ result: { status } }))),
    ).toEqual([{ kind: 'ended' }, { kind: 'ended' }, { kind: 'ended' }]);
  });
});

describe('hostile documents', () => {
  const hostile = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        status: fc.oneof(fc.constantFrom('finished', 'transferring', 'x'), fc.jsonValue()),
        globusTaskId: fc.oneof(fc.constant(TASK), fc.jsonValue()),
        phase: fc.oneof(fc.constantFrom('finalizing', 'waiting'), fc.jsonValue()),
        endRequested: fc.oneof(fc.jsonValue(), fc.record({ reason: fc.constant('user') })),
        lifecycleBefore: fc.jsonValue(),
        submissionId: fc.jsonValue(),
        filesTotal: fc.jsonValue(),
        attempts: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  );

  test('are never a crash, never an end that is not written, and always show clean numbers', () => {
    fc.assert(
      fc.property(
        hostile,
        fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.constant(aJob().globusTransfer)),
        fc.array(fc.string({ minLength: 1 }), { maxLength: 2 }),
        (result, globusTransfer, datasetPids) => {
          const job = aJob({ result, globusTransfer, datasetPids });
          const read = readJob(job);
          expect(read.kind === 'ended').toBe(showsEnded(job));
          if (read.kind !== 'open') return;
          expect(datasetPids).toHaveLength(1);
          const view = jobView(read.transfer);
          expect(view.jobResultObject.status).toBe('transferring');
          for (const name of ['bytesTransferred', 'filesTransferred', 'filesTotal'] as const) {
            const value = view.jobResultObject[name];
            expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
          }
          if (globusTransfer === undefined) {
            expect(read.transfer.origin.kind).toBe('go-version');
            expect(view.jobResultObject.globusTaskId).not.toBe('');
          }
        },
      ),
    );
  });
});

describe('whether SciCat shows a state', () => {
  const transfer = aRunningTransfer({ progress: PROGRESS, endRequested: WISH });
  const view = jobView(transfer);
  const shown = aJobOf(transfer, view);

  test('as written: yes, in any order of the keys', () => {
    const entries = Object.entries(shown.result as object).reverse();
    expect(showsView(shown, view)).toBe(true);
    expect(showsView({ ...shown, result: Object.fromEntries(entries) }, view)).toBe(true);
  });

  test('with its code in words, or in numbers when it is to be in words: yes', () => {
    const inWords = jobView(transfer, 'words');
    expect([view.statusCode, inWords.statusCode]).toEqual(['002', 'inProgress']);
    expect(showsView(aJobOf(transfer, inWords), view)).toBe(true);
    expect(showsView(shown, inWords)).toBe(true);
  });

  test.each([
    ['another code', { statusCode: '001' }],
    ['another code in words', { statusCode: 'finishedSuccessful' }],
    ['another message', { statusMessage: 'transferring!' }],
    ['no result', { result: null }],
    ['an empty result', { result: {} }],
    ['another number', { result: { ...(shown.result as object), filesTransferred: 5 } }],
    ['a number as text', { result: { ...(shown.result as object), filesTransferred: '4' } }],
    ['a field more', { result: { ...(shown.result as object), extra: 1 } }],
    ['another wish', { result: { ...(shown.result as object), endRequested: {} } }],
  ])('with %s: no', (_what, parts) => {
    expect(showsView({ ...shown, ...parts }, view)).toBe(false);
  });

  test.each([
    ['by a@b.ch, twice a@b.ch', 'by *****, twice *****', true],
    ['a@b.ch', '*****', true],
    ['a@b.ch and more', '***** and more', true],
    ['a@b.ch and more', '***** and less', false],
    ['a@b.ch and more', 'by ***** and more', false],
    ['ab', 'ab*****ab', false],
    ['aba', 'ab*****ba', false],
    ['plain', 'other', false],
    ['literal *****', 'literal *****', true],
    ['x one y two z', 'x ***** two ***** one z', false],
  ])('masked: %j shown as %j: %p', (error, masked, same) => {
    const failed = inStatus({ state: 'failed', taskId: TASK, error });
    const wanted = jobView(failed);
    const job = aJobOf(failed, wanted);
    expect(
      showsView(
        {
          ...job,
          statusMessage: masked,
          result: { ...(job.result as object), error: masked },
        },
        wanted,
      ),
    ).toBe(same);
  });

  test('every view is recognized after a round trip through JSON', () => {
    fc.assert(
      fc.property(transfers, (any) => {
        expect(showsView(aJobOf(any, jobView(any)), jobView(any))).toBe(true);
      }),
    );
  });
});

describe('whose job it is', () => {
  test.each([
    [TRANSFER_JOB_TYPE, 'proxy', true],
    [TRANSFER_JOB_TYPE, 'former', true],
    [TRANSFER_JOB_TYPE, 'mallory', false],
    [TRANSFER_JOB_TYPE, '', false],
    ['archive', 'proxy', false],
    ['Globus_transfer_job', 'proxy', false],
  ])('type %s made by %j: %p', (type, createdBy, ours) => {
    expect(isOurs({ type, createdBy }, ['proxy', 'former'])).toBe(ours);
  });

  test('an empty account name owns no jobs', () => {
    expect(isOurs({ type: TRANSFER_JOB_TYPE, createdBy: '' }, [])).toBe(false);
  });
});

describe('a job that another account wrote last', () => {
  test.each([
    ['the account that created it', 'globus-proxy', true],
    ['the account that writes', 'globus-updater', true],
    ['another', 'mallory', false],
    ['an account whose name SciCat masks', '*****', false],
    ['an account that SciCat does not name', '', false],
    ['a longer name', 'globus-proxy2', false],
  ])('%s: its word is ours: %s %s', (_who, updatedBy, ours) => {
    expect(isOurWord({ updatedBy }, ['globus-proxy', 'globus-updater'])).toBe(ours);
  });

  test('nothing counts but the record: not its state, nor its end, nor a cancellation', () => {
    const record = aRecord({ submissionId: 'from-record' });
    const plain = readJobOf(aJob({ record }), false);
    expect(plain).toMatchObject({
      kind: 'open',
      transfer: { submissionId: 'from-record', status: { state: 'waiting' } },
    });
    fc.assert(
      fc.property(transfers, (transfer) => {
        const { jobResultObject } = jobView(transfer);
        expect(readJobOf(aJob({ record, result: jobResultObject }), false)).toEqual(plain);
      }),
    );
  });

  test('a job of the Go version has no record, so it is left alone', () => {
    expect(readJobOf(goJob(), false)).toMatchObject({ kind: 'unusable' });
  });
});
