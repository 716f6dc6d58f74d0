import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  aJob,
  aJobOf,
  aRecord,
  aRunningTransfer,
  aTransfer,
  jobIdOf,
  START,
  taskIdFor,
  uuid,
} from '../../test/support/builders.js';
import { isOurs, showsEnded, TRANSFER_JOB_TYPE, type TransferJobDocument } from './job-document.js';
import { jobView, readJob, showsView } from './job-view.js';
import type { EndRequest, Progress, Transfer, TransferStatus } from './transfer.js';

const TASK = taskIdFor(1);
const ARCHIVE_JOB = uuid('99999999', 0);
const UNTOUCHED = {
  archivable: false,
  archiveStatusMessage: 'datasetCreated',
  retrievable: false,
};
const PROGRESS: Progress = {
  bytesTransferred: 400,
  filesTransferred: 4,
  filesTotal: 10,
  bytesTotal: 1000,
  faults: 2,
  bytesPerSecond: 50,
  niceStatus: 'OK',
};
const WISH: EndRequest = {
  reason: 'user',
  by: 'alice',
  at: '2026-01-01T00:00:00.000Z',
  remove: false,
};

const inStatus = (status: TransferStatus, parts: Partial<Transfer> = {}): Transfer => ({
  ...aTransfer({ progress: PROGRESS, attempts: 1 }),
  status,
  ...parts,
});

/** What stands in every result; the first six names and types are frozen. */
const result = (parts: object): object => ({
  globusTaskId: TASK,
  bytesTransferred: 400,
  filesTransferred: 4,
  filesTotal: 10,
  status: 'transferring',
  error: '',
  bytesTotal: 1000,
  faults: 2,
  attempts: 1,
  submissionId: uuid('cccccccc', 1),
  ...parts,
});
const live = { niceStatus: 'OK', bytesPerSecond: 50, etaSeconds: 12 };

describe('the rows of the contract: what SciCat shows of a transfer', () => {
  test('waiting: 001', () => {
    const status = { state: 'waiting', reason: 'Globus is busy', submission: 'not-sent' } as const;
    expect(jobView(inStatus(status))).toEqual({
      statusCode: '001',
      statusMessage: 'waiting: Globus is busy',
      jobResultObject: result({ globusTaskId: '', phase: 'waiting' }),
    });
  });

  test('transferring: 002', () => {
    const status = { state: 'transferring', taskId: TASK, trouble: undefined } as const;
    expect(jobView(inStatus(status))).toEqual({
      statusCode: '002',
      statusMessage: 'transferring',
      jobResultObject: result({ phase: 'transferring', ...live }),
    });
  });

  test("transferring with trouble: 002 and Globus's own words at once", () => {
    const status = { state: 'transferring', taskId: TASK, trouble: 'permission denied' } as const;
    expect(jobView(inStatus(status))).toEqual({
      statusCode: '002',
      statusMessage: 'transferring: permission denied',
      jobResultObject: result({ phase: 'transferring', ...live }),
    });
  });

  test('finalizing: 002', () => {
    expect(
      jobView(
        inStatus({
          state: 'finalizing',
          taskId: TASK,
          lifecycleBefore: UNTOUCHED,
          archiveJobId: undefined,
        }),
      ),
    ).toEqual({
      statusCode: '002',
      statusMessage: 'transferred, marking the dataset as archivable',
      jobResultObject: result({ phase: 'finalizing', lifecycleBefore: UNTOUCHED }),
    });
  });

  test('finished: 003', () => {
    expect(
      jobView(
        inStatus({
          state: 'finished',
          taskId: TASK,
          archiveJobId: ARCHIVE_JOB,
          shortfall: undefined,
        }),
      ),
    ).toEqual({
      statusCode: '003',
      statusMessage: 'finished',
      jobResultObject: result({
        phase: 'finished',
        status: 'finished',
        archiveJobId: ARCHIVE_JOB,
      }),
    });
  });

  test('cancelled: 004, and by whom', () => {
    const status = { state: 'cancelled', taskId: TASK, by: 'by alice' } as const;
    expect(jobView(inStatus(status, { endRequested: WISH }))).toEqual({
      statusCode: '004',
      statusMessage: 'cancelled by alice',
      jobResultObject: result({ phase: 'cancelled', status: 'cancelled', endRequested: WISH }),
    });
  });

  test('finished, but the dataset could not be marked: 997', () => {
    const shortfall = { kind: 'not-marked', error: 'SciCat said no' } as const;
    expect(
      jobView(inStatus({ state: 'finished', taskId: TASK, archiveJobId: undefined, shortfall })),
    ).toEqual({
      statusCode: '997',
      statusMessage: "completed but can't mark dataset as archivable",
      jobResultObject: result({ phase: 'finished', status: 'finished', error: 'SciCat said no' }),
    });
  });

  test('finished, but the archive job could not be made: 995', () => {
    const shortfall = { kind: 'no-archive-job', error: 'SciCat said no' } as const;
    expect(
      jobView(inStatus({ state: 'finished', taskId: TASK, archiveJobId: undefined, shortfall })),
    ).toEqual({
      statusCode: '995',
      statusMessage: "completed but can't create the archive job",
      jobResultObject: result({ phase: 'finished', status: 'finished', error: 'SciCat said no' }),
    });
  });

  test('failed: 998 with the reason in words, and progress is not zeroed', () => {
    expect(jobView(inStatus({ state: 'failed', taskId: TASK, error: 'deadline' }))).toEqual({
      statusCode: '998',
      statusMessage: 'deadline',
      jobResultObject: result({ phase: 'failed', status: 'failed', error: 'deadline' }),
    });
  });

  test('while it is being cancelled the status says so', () => {
    const messages = (
      [
        { state: 'waiting', reason: 'queue', submission: 'not-sent' },
        { state: 'transferring', taskId: TASK, trouble: undefined },
        { state: 'transferring', taskId: TASK, trouble: 'slow' },
      ] as const
    ).map((status) => jobView(inStatus(status, { endRequested: WISH })).statusMessage);
    expect(messages).toEqual([
      'waiting: queue (being cancelled)',
      'transferring (being cancelled)',
      'transferring (being cancelled): slow',
    ]);
  });
});

const text = fc.string({ unit: 'binary' });
const count = fc.maxSafeNat();
const progresses: fc.Arbitrary<Progress> = fc.record(
  {
    bytesTransferred: count,
    filesTransferred: count,
    filesTotal: count.map((n) => Math.max(n, 10)),
    bytesTotal: count.map((n) => Math.max(n, 1000)),
    faults: count,
    bytesPerSecond: count,
    niceStatus: text,
  },
  { requiredKeys: ['bytesTransferred', 'filesTransferred', 'filesTotal', 'bytesTotal', 'faults'] },
);
const lifecycles = fc.record({
  archivable: fc.boolean(),
  archiveStatusMessage: text,
  retrievable: fc.boolean(),
});
const taskId = fc.uuid();
const statuses: fc.Arbitrary<TransferStatus> = fc.oneof(
  fc.record({
    state: fc.constant('waiting' as const),
    reason: text,
    submission: fc.constantFrom('not-sent' as const, 'unconfirmed' as const),
  }),
  fc.record({
    state: fc.constant('transferring' as const),
    taskId,
    trouble: fc.option(text, { nil: undefined }),
  }),
  fc.record({
    state: fc.constant('finalizing' as const),
    taskId,
    lifecycleBefore: fc.option(lifecycles, { nil: undefined }),
    archiveJobId: fc.option(fc.uuid(), { nil: undefined }),
  }),
  fc.record({
    state: fc.constant('finished' as const),
    taskId,
    archiveJobId: fc.option(fc.uuid(), { nil: undefined }),
    shortfall: fc.option(
      fc.record({
        kind: fc.constantFrom('not-marked' as const, 'no-archive-job' as const),
        error: text,
      }),
      { nil: undefined },
    ),
  }),
  fc.record({ state: fc.constant('failed' as const), taskId, error: text }),
  fc.record({ state: fc.constant('cancelled' as const), taskId, by: text }),
);
const wishes: fc.Arbitrary<EndRequest> = fc.record({
  reason: fc.constantFrom('user' as const, 'stalled' as const),
  by: fc.string({ minLength: 1 }).filter((by) => !by.includes('*****')),
  at: fc.constant('2026-01-01T00:00:00.000Z'),
  remove: fc.boolean(),
});
const transfers: fc.Arbitrary<Transfer> = fc
  .record({
    status: statuses,
    progress: progresses,
    attempts: count,
    endRequested: fc.option(wishes, { nil: undefined }),
    submissionId: fc.option(fc.uuid(), { nil: undefined }),
  })
  .map((parts) => aTransfer({ ...parts, record: {} }));

const HALF_A_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])/;

describe('frozen names, types and words: an existing client breaks on any other', () => {
  test('in every state, with any numbers and texts', () => {
    fc.assert(
      fc.property(transfers, (transfer) => {
        const view = jobView(transfer);
        const shown = view.jobResultObject;
        expect(['001', '002', '003', '004', '995', '997', '998']).toContain(view.statusCode);
        expect(['transferring', 'finished', 'failed', 'cancelled']).toContain(shown.status);
        expect(typeof shown.globusTaskId).toBe('string');
        expect(typeof shown.error).toBe('string');
        for (const name of ['bytesTransferred', 'filesTransferred', 'filesTotal'] as const) {
          expect(Number.isSafeInteger(shown[name]) && shown[name] >= 0).toBe(true);
        }
        if (shown.etaSeconds !== undefined) {
          expect(Number.isSafeInteger(shown.etaSeconds) && shown.etaSeconds > 0).toBe(true);
        }
        expect(view.statusMessage.length).toBeLessThanOrEqual(1000);
        expect(shown.error.length).toBeLessThanOrEqual(1000);
      }),
    );
  });

  test("SciCat's default is not a status of ours: the shown status never is empty", () => {
    fc.assert(
      fc.property(transfers, (transfer) => {
        expect(Object.keys(jobView(transfer).jobResultObject)).toEqual(
          expect.arrayContaining([
            'globusTaskId',
            'bytesTransferred',
            'filesTransferred',
            'filesTotal',
            'status',
            'error',
          ]),
        );
      }),
    );
  });

  test('a long text is cut between characters, or what comes back is never recognized', () => {
    for (const padding of ['', 'x']) {
      const error = padding + '\u{1F600}'.repeat(2000);
      const view = jobView(inStatus({ state: 'failed', taskId: TASK, error }));
      expect(view.statusMessage).not.toMatch(HALF_A_PAIR);
      expect(view.jobResultObject.error).not.toMatch(HALF_A_PAIR);
    }
  });
});

describe('what was written is read back after a restart', () => {
  test('an open transfer with all its wishes, whatever it went through', () => {
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
            const progress: Partial<Progress> = { ...transfer.progress };
            delete (progress as { bytesPerSecond?: unknown }).bytesPerSecond;
            delete (progress as { niceStatus?: unknown }).niceStatus;
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
                        reason: 'taken up again after a restart of the service',
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
            reason: 'taken up again after a restart of the service',
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

  test('a masked name of who wanted the end is not taken for a name', () => {
    const result = { endRequested: { ...WISH, by: '*****' } };
    expect(readJob(aJob({ result }))).toMatchObject({
      transfer: { endRequested: { ...WISH, by: 'a user whose name SciCat hides' } },
    });
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
      { kind: 'unusable', reason: 'there is no sealed text' },
      { kind: 'unusable', reason: 'there is no sealed text' },
      { kind: 'unusable', reason: 'version undefined is not known here' },
      { kind: 'unusable', reason: 'there is no sealed text' },
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

  test.each([
    ['another code', { statusCode: '001' }],
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
  ])('masked text: %j shown as %j: %p', (error, masked, same) => {
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

  test('an own account without a name is nobody', () => {
    expect(isOurs({ type: TRANSFER_JOB_TYPE, createdBy: '' }, [])).toBe(false);
  });
});
