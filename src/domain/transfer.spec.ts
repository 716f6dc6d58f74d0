import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  aRecord,
  aTransfer,
  aWish,
  jobIdOf,
  keyOf,
  START,
  taskIdFor,
} from '../../test/support/builders.js';
import {
  cancelled,
  failed,
  finished,
  furtherProgress,
  submittedAs,
  beingSubmitted,
  IllegalTransition,
  newTransfer,
  type Progress,
  progressed,
  succeeded,
  taskIdOf,
  type Transfer,
  type TransferStatus,
  waitingFor,
  wantsArchive,
  withEndRequest,
  withLifecycleFound,
  withSubmissionId,
} from './transfer.js';
import { mayMove, type TransferState } from './transfer-state.js';

const TASK = taskIdFor(1);
const UNTOUCHED = {
  archivable: false,
  archiveStatusMessage: 'datasetCreated',
  retrievable: false,
};
const STATUS: Readonly<Record<TransferState, TransferStatus>> = {
  waiting: { state: 'waiting', reason: 'for a test', submission: 'not-sent' },
  transferring: { state: 'transferring', taskId: TASK, trouble: undefined },
  finalizing: {
    state: 'finalizing',
    taskId: TASK,
    lifecycleBefore: undefined,
    archiveJobId: undefined,
  },
  finished: { state: 'finished', taskId: TASK, archiveJobId: undefined, shortfall: undefined },
  failed: { state: 'failed', taskId: TASK, error: 'broken' },
  cancelled: { state: 'cancelled', taskId: TASK, by: 'by alice' },
};
const STATES = Object.keys(STATUS) as readonly TransferState[];
const inState = (state: TransferState): Transfer => aTransfer({ status: STATUS[state] });

const noProgress: Progress = {
  bytesTransferred: 0,
  filesTransferred: 0,
  filesTotal: 0,
  bytesTotal: 0,
  faults: 0,
};

function submitAsTask(transfer: Transfer): Transfer {
  return submittedAs(transfer, TASK);
}

/** Every function that changes a transfer, and the state it leads to (undefined: it stays). */
const CHANGES: readonly (readonly [
  string,
  TransferState | undefined,
  (transfer: Transfer) => Transfer,
])[] = [
  ['beingSubmitted', 'waiting', beingSubmitted],
  ['waitingFor', 'waiting', (t) => waitingFor(t, 'a reason', 'not-sent')],
  ['submittedAs', 'transferring', submitAsTask],
  ['succeeded', 'finalizing', (t) => succeeded(t, noProgress)],
  ['finished', 'finished', (t) => finished(t, {})],
  ['failed', 'failed', (t) => failed(t, 'broken')],
  ['cancelled', 'cancelled', (t) => cancelled(t, 'by alice')],
  ['withSubmissionId', undefined, (t) => withSubmissionId(t, 'another')],
];

describe('changes of a transfer', () => {
  test.each(
    CHANGES.flatMap(([name, to, change]) =>
      STATES.map((from) => [name, from, to, change] as const),
    ),
  )('%s from %s moves along the table or is refused', (_name, from, to, change) => {
    const before = inState(from);
    // A task that is known is never exchanged, so handing over happens once.
    const again = change === submitAsTask && from === 'transferring';
    if (to === undefined || (mayMove(from, to) && !again)) {
      expect(change(before).status.state).toBe(to ?? from);
    } else {
      expect(() => change(before)).toThrow(IllegalTransition);
      expect(() => change(before)).toThrow(
        `Transfer ${before.jobId} can't go from ${from} to ${to}.`,
      );
    }
    expect(before).toEqual(inState(from));
  });

  test.each(STATES)('progress and a lifecycle never change the state %s', (state) => {
    const before = inState(state);
    const news = (): TransferState => progressed(before, noProgress, undefined).status.state;
    const found = (): TransferState => withLifecycleFound(before, UNTOUCHED).status.state;
    if (state === 'transferring') expect(news()).toBe(state);
    else expect(news).toThrow(IllegalTransition);
    if (state === 'finalizing') expect(found()).toBe(state);
    else expect(found).toThrow(IllegalTransition);
  });

  test('a new transfer waits with the requested parameters', () => {
    const record = aRecord({ submissionId: 'first-id' });
    expect(newTransfer({ jobId: jobIdOf(7), createdAt: START }, record, 'for a slot')).toEqual({
      jobId: jobIdOf(7),
      key: keyOf(1),
      datasetPid: record.datasetPid,
      origin: { kind: 'recorded', record },
      requestedAt: START,
      submissionId: 'first-id',
      endRequested: undefined,
      progress: {
        bytesTransferred: 0,
        filesTransferred: 0,
        filesTotal: 10,
        bytesTotal: 1000,
        faults: 0,
      },
      attempts: 0,
      status: { state: 'waiting', reason: 'for a slot', submission: 'not-sent' },
    });
  });

  test('the total of a file list is its own, not that of the dataset', () => {
    const fileList = { count: 3, sha256: '0'.repeat(64), symlinks: [] };
    expect(
      newTransfer({ jobId: jobIdOf(1), createdAt: START }, aRecord({ fileList }), '').progress
        .filesTotal,
    ).toBe(3);
  });

  test('from the first try on Globus may have the task, and each try counts', () => {
    const once = beingSubmitted(inState('waiting'));
    expect([once.status, once.attempts]).toEqual([
      { state: 'waiting', reason: 'being submitted to Globus', submission: 'unconfirmed' },
      1,
    ]);
    const twice = beingSubmitted(waitingFor(once, 'Globus did not answer', 'unconfirmed'));
    expect([twice.status, twice.attempts]).toEqual([
      { state: 'waiting', reason: 'Globus did not answer', submission: 'unconfirmed' },
      2,
    ]);
  });

  test('the task id is kept to the end: it is what people look for at Globus', () => {
    const running = submittedAs(inState('waiting'), TASK);
    const done = finished(succeeded(running, noProgress), { archiveJobId: 'a' });
    expect(
      [inState('waiting'), running, done, failed(running, 'x'), cancelled(running, 'x')].map(
        taskIdOf,
      ),
    ).toEqual(['', TASK, TASK, TASK, TASK]);
  });

  test('archived as requested; in the Go version always', () => {
    expect([
      wantsArchive(aTransfer({ record: { autoArchive: true } })),
      wantsArchive(aTransfer({ record: { autoArchive: false } })),
      wantsArchive({ ...aTransfer(), origin: { kind: 'go-version', ownerGroup: 'p123' } }),
    ]).toEqual([true, false, true]);
  });
});

describe('the request to end', () => {
  test('the first request stays, and a later one can only add the removal', () => {
    const first = withEndRequest(aTransfer(), aWish());
    expect(first.endRequested).toEqual(aWish());
    expect(withEndRequest(first, aWish({ by: 'bob' }))).toBe(first);
    const removed = withEndRequest(first, aWish({ by: 'bob', remove: true }));
    expect(removed.endRequested).toEqual(aWish({ remove: true }));
    expect(withEndRequest(removed, aWish({ remove: false }))).toBe(removed);
  });
});

describe('progress never goes back', () => {
  const count = fc.nat();
  const progress = fc.record({
    bytesTransferred: count,
    filesTransferred: count,
    filesTotal: count,
    bytesTotal: count,
    faults: count,
  });

  test('whatever is seen, and whatever state follows', () => {
    fc.assert(
      fc.property(progress, progress, (before, now) => {
        const running = { ...inState('transferring'), progress: before };
        for (const after of [
          furtherProgress(before, now),
          progressed(running, now, undefined).progress,
          succeeded(running, now).progress,
          failed(running, 'x', now).progress,
          cancelled(running, 'x', now).progress,
        ]) {
          for (const name of Object.keys(before) as (keyof typeof before)[]) {
            expect(after[name]).toBe(Math.max(before[name], now[name]));
          }
        }
      }),
    );
  });

  test('an end without numbers keeps those that were seen', () => {
    const seen = { ...noProgress, bytesTransferred: 7, filesTransferred: 2 };
    const running = { ...inState('transferring'), progress: seen };
    expect([failed(running, 'x').progress, cancelled(running, 'x').progress]).toEqual([seen, seen]);
  });
});
