import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inStatus, transfers, WISH } from '../../test/support/arbitrary-transfers.js';
import { aTransfer, taskIdFor, uuid } from '../../test/support/builders.js';
import { jobView } from './job-view.js';
import { finished, type TransferStatus } from './transfer.js';

const TASK = taskIdFor(1);
const ARCHIVE_JOB = uuid('99999999', 0);
const UNTOUCHED = {
  archivable: false,
  archiveStatusMessage: 'datasetCreated',
  retrievable: false,
};
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
/** Once all is copied, the totals are what was copied. */
const copied = { bytesTotal: 400, filesTotal: 4 };
const live = { niceStatus: 'OK', bytesPerSecond: 50, etaSeconds: 12 };

test('what is shown stays short, whatever Globus, SciCat and users write', () => {
  const long = fc
    .constantFrom('x', '"', '\\', '\u0001', 'ü', '\ud83d\ude00', '\ud83d')
    .map((one) => one.repeat(100_000));
  const lifecycle = fc.record({
    archivable: fc.boolean(),
    archiveStatusMessage: long,
    retrievable: fc.boolean(),
  });
  const statuses: fc.Arbitrary<TransferStatus> = fc.oneof(
    fc.record({
      state: fc.constant('waiting' as const),
      reason: long,
      submission: fc.constant('not-sent' as const),
    }),
    fc.record({
      state: fc.constant('transferring' as const),
      taskId: fc.constant(TASK),
      trouble: long,
    }),
    fc.record({
      state: fc.constant('finalizing' as const),
      taskId: fc.constant(TASK),
      lifecycleBefore: lifecycle,
      archiveJobId: fc.constant(ARCHIVE_JOB),
    }),
    fc.record({
      state: fc.constant('finished' as const),
      taskId: fc.constant(TASK),
      archiveJobId: fc.constant(ARCHIVE_JOB),
      shortfall: fc.record({ kind: fc.constant('not-marked' as const), error: long }),
    }),
    fc.record({
      state: fc.constant('finished' as const),
      taskId: fc.constant(TASK),
      archiveJobId: fc.constant(ARCHIVE_JOB),
      shortfall: fc.constant(undefined),
      inArchive: lifecycle,
    }),
    fc.record({ state: fc.constant('failed' as const), taskId: fc.constant(TASK), error: long }),
    fc.record({ state: fc.constant('cancelled' as const), taskId: fc.constant(TASK), by: long }),
  );
  fc.assert(
    fc.property(statuses, long, long, (status, by, niceStatus) => {
      const transfer = inStatus(status, { endRequested: { ...WISH, by } });
      const view = jobView({ ...transfer, progress: { ...transfer.progress, niceStatus } });
      expect(Buffer.byteLength(JSON.stringify(view))).toBeLessThan(32 * 1024);
    }),
  );
});

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
      jobResultObject: result({ phase: 'finalizing', lifecycleBefore: UNTOUCHED, ...copied }),
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
        ...copied,
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

  test.each([
    [
      'already-archived',
      'the dataset was already archived, or being archived, when the transfer was requested (archive status "datasetOnArchiveDisk", retrievable), so it was neither marked as archivable nor archived again',
    ],
    [
      'none',
      'the dataset was neither marked as archivable nor archived, as configured for facility "CSCS"',
    ],
  ] as const)(
    'finished, with a dataset that is left as it was (%s): 003, no error',
    (finalize, why) => {
      const archived = { archiveStatusMessage: 'datasetOnArchiveDisk', retrievable: true };
      const record = { finalize, lifecycle: { ...UNTOUCHED, ...archived } };
      const copied = aTransfer({
        record,
        status: {
          state: 'finalizing',
          taskId: TASK,
          lifecycleBefore: undefined,
          archiveJobId: undefined,
        },
      });
      expect(jobView(copied)).toMatchObject({ statusCode: '002', statusMessage: 'transferred' });
      expect(jobView(finished(copied, {}))).toMatchObject({
        statusCode: '003',
        statusMessage: `finished; ${why}`,
        jobResultObject: { phase: 'finished', status: 'finished', error: '' },
      });
    },
  );

  test('finished, but the dataset could not be marked: 997', () => {
    const shortfall = { kind: 'not-marked', error: 'SciCat said no' } as const;
    expect(
      jobView(inStatus({ state: 'finished', taskId: TASK, archiveJobId: undefined, shortfall })),
    ).toEqual({
      statusCode: '997',
      statusMessage: "completed but can't mark dataset as archivable",
      jobResultObject: result({
        phase: 'finished',
        status: 'finished',
        error: 'SciCat said no',
        ...copied,
      }),
    });
  });

  test('finished, but the archive job could not be made: 995', () => {
    const shortfall = { kind: 'no-archive-job', error: 'SciCat said no' } as const;
    expect(
      jobView(inStatus({ state: 'finished', taskId: TASK, archiveJobId: undefined, shortfall })),
    ).toEqual({
      statusCode: '995',
      statusMessage: "completed but can't create the archive job",
      jobResultObject: result({
        phase: 'finished',
        status: 'finished',
        error: 'SciCat said no',
        ...copied,
      }),
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

describe('the same in words, for facilities whose SciCat sends e-mails by them', () => {
  const ended = { taskId: TASK, archiveJobId: undefined } as const;
  const error = 'refused';
  test.each([
    [{ state: 'waiting', reason: 'queue', submission: 'not-sent' }, 'jobSubmitted'],
    [{ state: 'transferring', taskId: TASK, trouble: undefined }, 'inProgress'],
    [{ ...ended, state: 'finalizing', lifecycleBefore: undefined }, 'inProgress'],
    [{ ...ended, state: 'finished', shortfall: undefined }, 'finishedSuccessful'],
    [
      { ...ended, state: 'finished', shortfall: { kind: 'not-marked', error } },
      'finishedWithWarnings',
    ],
    [
      { ...ended, state: 'finished', shortfall: { kind: 'no-archive-job', error } },
      'finishedWithWarnings',
    ],
    [{ state: 'failed', taskId: TASK, error }, 'finishedUnsuccessful'],
    [{ state: 'cancelled', taskId: TASK, by: 'by alice' }, 'cancelled'],
  ] as const)('%j is %s, and nothing else changes', (status, statusCode) => {
    const transfer = inStatus(status);
    expect(jobView(transfer, 'words')).toEqual({ ...jobView(transfer), statusCode });
  });

  test('SciCat’s rule /^finished/ holds for ends other than a cancellation, and for nothing else', () => {
    fc.assert(
      fc.property(transfers, (transfer) => {
        const { statusCode, jobResultObject } = jobView(transfer, 'words');
        expect(statusCode.startsWith('finished')).toBe(
          ['finished', 'failed'].includes(jobResultObject.status),
        );
      }),
    );
  });
});

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

  test('a long message is cut between characters, or it is never recognized when read back', () => {
    for (const padding of ['', 'x']) {
      const error = padding + '\u{1F600}'.repeat(2000);
      const view = jobView(inStatus({ state: 'failed', taskId: TASK, error }));
      expect(view.statusMessage).not.toMatch(HALF_A_PAIR);
      expect(view.jobResultObject.error).not.toMatch(HALF_A_PAIR);
    }
  });
});
