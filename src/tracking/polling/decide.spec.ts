import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  aConfig,
  aFailedTask,
  aRunningTransfer,
  aSucceededTask,
  aTask,
  aTransfer,
  CLIENT_ID,
  jobIdOf,
  taskIdFor,
} from '../../../test/support/builders.js';
import type { GlobusTask, TaskError } from '../../ports/globus-transfers.port.js';
import { taskLabel } from '../../domain/task-label.js';
import type { EndRequest, Transfer, TransferStatus } from '../../domain/transfer.js';
import {
  type Circumstances,
  decide,
  type Decision,
  noWatch,
  type Observation,
  UNKNOWN_TASK_ENDS_AFTER_MS,
  type Watch,
} from './decide.js';

const TASK = taskIdFor(1);
const PAGE = `https://app.globus.org/activity/${TASK}`;
const NOW: Circumstances = {
  monotonicMs: 1_000_000,
  now: Date.UTC(2026, 0, 1),
  stallTimeoutMs: 0,
  clientId: CLIENT_ID,
  facilities: aConfig().facilities,
};
const wish = (reason: EndRequest['reason'], by: string): EndRequest => ({
  reason,
  by,
  at: '2026-01-01T00:00:00.000Z',
  remove: false,
});
const ERROR: TaskError = { code: 'FILE_NOT_FOUND', description: 'no such file', details: '/a' };

function seen(
  task: GlobusTask,
  parts: {
    readonly transfer?: Transfer;
    readonly error?: TaskError;
    readonly watch?: Watch;
    readonly now?: Partial<Circumstances>;
  } = {},
): Decision {
  const observation: Observation = { kind: 'seen', task, error: parts.error };
  return decide(parts.transfer ?? aRunningTransfer(), observation, parts.watch ?? noWatch, {
    ...NOW,
    ...parts.now,
  });
}

const byAlice = aRunningTransfer({ endRequested: wish('user', 'alice') });
const stalled = aRunningTransfer({ endRequested: wish('stalled', 'file not found') });
const failed = (error: string): TransferStatus => ({ state: 'failed', taskId: TASK, error });
const cancelled = (by: string): TransferStatus => ({ state: 'cancelled', taskId: TASK, by });
const FINALIZING: TransferStatus = {
  state: 'finalizing',
  taskId: TASK,
  lifecycleBefore: undefined,
  archiveJobId: undefined,
};

describe("the task's real end decides", () => {
  test.each<readonly [string, GlobusTask, Transfer, TransferStatus]>([
    ['succeeded', aSucceededTask(), aRunningTransfer(), FINALIZING],
    [
      'succeeded with faults on the way',
      aSucceededTask({ faults: 9 }),
      aRunningTransfer(),
      FINALIZING,
    ],
    ['succeeded although it was cancelled', aSucceededTask(), byAlice, FINALIZING],
    ['succeeded although it was given up', aSucceededTask(), stalled, FINALIZING],
    [
      'succeeded, but files were skipped: not archivable',
      aSucceededTask({ skippedErrors: 3 }),
      aRunningTransfer(),
      failed(
        `Globus skipped 3 files that it could not read, so the copy is incomplete; see ${PAGE}`,
      ),
    ],
    ['cancelled by its user', aFailedTask('CANCELED'), byAlice, cancelled('by alice')],
    [
      'cancelled with a reason',
      aFailedTask('CANCELED'),
      aRunningTransfer({
        endRequested: { ...wish('user', 'olivia'), note: 'the storage is full' },
      }),
      cancelled('by olivia: the storage is full'),
    ],
    ['cancelled, with two l', aFailedTask('CANCELLED'), byAlice, cancelled('by alice')],
    [
      'cancelled in the Globus web app',
      aFailedTask('CANCELED'),
      aRunningTransfer(),
      cancelled("in Globus, by someone with access to the service's Globus client"),
    ],
    [
      'cancelled because it was given up: failed, with the trouble',
      aFailedTask('CANCELED'),
      stalled,
      failed('unresolved file not found'),
    ],
    [
      'cancelled by an administrator of the source',
      aFailedTask('CANCELED', { canceledByAdmin: 'SOURCE', canceledByAdminMessage: 'cleaning' }),
      byAlice,
      cancelled('by an administrator of the source collection: cleaning'),
    ],
    [
      'cancelled by an administrator of the destination',
      aFailedTask('CANCELED', { canceledByAdmin: 'DESTINATION' }),
      aRunningTransfer(),
      cancelled('by an administrator of the destination collection'),
    ],
    [
      'cancelled by an administrator of both',
      aFailedTask(undefined, { canceledByAdmin: 'BOTH' }),
      aRunningTransfer(),
      cancelled('by an administrator of both collections'),
    ],
    [
      'expired',
      aFailedTask('EXPIRED'),
      aRunningTransfer(),
      failed(`Globus gave up at the task's deadline; see ${PAGE}`),
    ],
    [
      'expired before the cancel arrived',
      aFailedTask('EXPIRED'),
      byAlice,
      failed(`Globus gave up at the task's deadline; see ${PAGE}`),
    ],
    [
      'failed',
      aFailedTask('QUOTA_EXCEEDED'),
      aRunningTransfer(),
      failed(
        `Globus could not complete the transfer: words for QUOTA_EXCEEDED (QUOTA_EXCEEDED); see ${PAGE}`,
      ),
    ],
    [
      'failed without a fatal error',
      aFailedTask(undefined),
      aRunningTransfer(),
      failed(`Globus could not complete the transfer: Globus gave no reason; see ${PAGE}`),
    ],
    [
      'failed without a fatal error after an end request: the request is the reason',
      aFailedTask(undefined),
      byAlice,
      cancelled('by alice'),
    ],
  ])('%s', (_what, task, transfer, status) => {
    const decision = seen(task, { transfer });
    expect(decision).toEqual({
      transfer: { ...transfer, progress: decision.transfer.progress, status },
      watch: noWatch,
    });
  });

  test('the reason includes the last error, which a user may be able to fix', () => {
    expect(
      [aFailedTask('EXPIRED'), aFailedTask('X')].map(
        (task) => seen(task, { error: ERROR }).transfer.status,
      ),
    ).toEqual([
      failed(`Globus gave up at the task's deadline; last error: no such file: /a; see ${PAGE}`),
      failed(
        `Globus could not complete the transfer: words for X (X); last error: no such file: /a; see ${PAGE}`,
      ),
    ]);
  });

  test('an end records the last numbers', () => {
    expect(
      seen(aSucceededTask({ filesSkipped: 2, filesTransferred: 8 })).transfer.progress,
    ).toEqual({
      bytesTransferred: 1000,
      filesTransferred: 10,
      filesTotal: 10,
      bytesTotal: 1000,
      faults: 0,
      bytesPerSecond: 0,
    });
  });
});

describe('a running task', () => {
  test('stays the same object without news, so that nothing is written', () => {
    const first = seen(aTask({ bytesTransferred: 5 })).transfer;
    expect(seen(aTask({ bytesTransferred: 5 }), { transfer: first }).transfer).toBe(first);
    expect(seen(aTask({ bytesTransferred: 6 }), { transfer: first }).transfer).not.toBe(first);
  });

  test('lower numbers are not news', () => {
    const first = seen(aTask({ bytesTransferred: 500, filesTransferred: 5, faults: 3 })).transfer;
    expect(seen(aTask(), { transfer: first }).transfer).toBe(first);
    expect(seen(aFailedTask('X'), { transfer: first }).transfer.progress).toMatchObject({
      bytesTransferred: 500,
      filesTransferred: 5,
      faults: 3,
    });
  });

  test('trouble is shown at once, with the last error and a link', () => {
    const { transfer, watch } = seen(aTask({ niceStatus: 'FILE_NOT_FOUND', faults: 1 }), {
      error: ERROR,
    });
    expect(transfer.status).toEqual({
      state: 'transferring',
      taskId: TASK,
      trouble: `file not found: a file or folder of the dataset is not at the source (FILE_NOT_FOUND); no such file: /a; see ${PAGE}`,
    });
    expect(watch).toEqual({
      needsHumanSince: { monotonicMs: NOW.monotonicMs, now: NOW.now },
      standstills: 1,
      unknownSince: undefined,
      lastError: ERROR,
    });
    const again = seen(aTask({ niceStatus: 'FILE_NOT_FOUND', faults: 1 }), { transfer, watch });
    expect(again.transfer).toBe(transfer);
  });

  test('trouble that has passed disappears from the status', () => {
    const troubled = seen(aTask({ niceStatus: 'TIMEOUT' }), { error: ERROR });
    const well = seen(aTask(), troubled);
    expect(well.transfer.status).toEqual({
      state: 'transferring',
      taskId: TASK,
      trouble: undefined,
    });
    expect(well.watch).toEqual(noWatch);
  });

  test('INACTIVE is not the end', () => {
    expect(seen(aTask({ status: 'INACTIVE' })).transfer.status.state).toBe('transferring');
  });
});

describe('the stall timeout', () => {
  const stuck = aTask({ niceStatus: 'PERMISSION_DENIED', faults: 1 });
  const at = (monotonicMs: number): Partial<Circumstances> => ({
    monotonicMs,
    stallTimeoutMs: 60_000,
  });

  test('gives up exactly when the task has needed a human that long without interruption', () => {
    const first = seen(stuck, { now: at(0) });
    const before = seen(stuck, { ...first, now: at(59_999) });
    expect(before.transfer.endRequested).toBeUndefined();
    const after = seen(stuck, { ...before, now: at(60_000) });
    expect(after.transfer.endRequested).toEqual({
      reason: 'stalled',
      by: 'after 60 seconds: permission denied: the collection does not let the service read or write (PERMISSION_DENIED)',
      at: '2026-01-01T00:00:00.000Z',
      remove: false,
    });
    expect(after.transfer.status.state).toBe('transferring');
    expect(seen(stuck, { ...after, now: at(120_000) }).transfer).toBe(after.transfer);
  });

  test('is announced: the job says when the service gives up', () => {
    const [first, later] = [seen(stuck, { now: at(0) }), at(30_000)];
    const end = 'fails on 01 Jan 00:01 UTC unless this is solved';
    expect(first.transfer.status).toMatchObject({ trouble: expect.stringContaining(`; ${end};`) });
    // Each poll says the same, or it would be a write.
    const again = seen(stuck, { ...first, now: { ...later, now: NOW.now + 30_000 } });
    expect(again.transfer).toBe(first.transfer);
    expect(seen(stuck).transfer.status).not.toMatchObject({
      trouble: expect.stringContaining('given up'),
    });
  });

  test('starts over when all was well in between', () => {
    const first = seen(stuck, { now: at(0) });
    const well = seen(aTask(), { ...first, now: at(30_000) });
    const again = seen(stuck, { ...well, now: at(60_000) });
    expect(again.transfer.endRequested).toBeUndefined();
  });

  test('0 means never, and transient trouble is waited out', () => {
    const since = { ...noWatch, needsHumanSince: { monotonicMs: 0, now: NOW.now } };
    expect(
      seen(stuck, { watch: since, now: { monotonicMs: 1e12, stallTimeoutMs: 0 } }).transfer
        .endRequested,
    ).toBeUndefined();
    expect(
      seen(aTask({ niceStatus: 'GC_NOT_CONNECTED' }), { watch: since, now: at(1e12) }).transfer
        .endRequested,
    ).toBeUndefined();
  });

  test("does not replace a user's request", () => {
    const watch = { ...noWatch, needsHumanSince: { monotonicMs: 0, now: NOW.now } };
    expect(seen(stuck, { transfer: byAlice, watch, now: at(1e9) }).transfer.endRequested).toBe(
      byAlice.endRequested,
    );
  });
});

describe('the slot of a running task', () => {
  const missing = aTask({ niceStatus: 'FILE_NOT_FOUND', faults: 1 });

  test.each([
    ['a missing file', missing],
    ['no permission', aTask({ niceStatus: 'PERMISSION_DENIED' })],
    ['no space left', aTask({ niceStatus: 'QUOTA_EXCEEDED' })],
    ['paused by an administrator', aTask({ isPaused: true, niceStatus: 'PAUSED_BY_ADMIN' })],
    ['a computer that is switched off', aTask({ niceStatus: 'GC_NOT_CONNECTED' })],
    ['suspended', aTask({ status: 'INACTIVE' })],
  ])(
    '%s: given back at the second poll without progress, and taken again when it moves',
    (_, task) => {
      const first = seen(task);
      const second = seen(task, first);
      const third = seen(task, second);
      const moves = seen({ ...task, bytesTransferred: task.bytesTransferred + 1 }, third);
      const stopped = seen({ ...task, bytesTransferred: task.bytesTransferred + 1 }, moves);
      expect([first, second, third, moves, stopped].map(({ holdsSlot }) => holdsSlot)).toEqual([
        true,
        false,
        false,
        true,
        true,
      ]);
      expect(seen(aTask(), third).holdsSlot).toBe(true);
    },
  );

  test.each([
    ['all is well', aTask()],
    ['Globus has it in its own queue', aTask({ niceStatus: 'Queued' })],
    ['what usually passes by itself', aTask({ niceStatus: 'TIMEOUT', faults: 9 })],
  ])('%s: kept, however long it takes', (_what, task) => {
    let last = seen(task);
    for (let polls = 0; polls < 10; polls += 1) last = seen(task, last);
    expect(last.holdsSlot).toBe(true);
  });
});

describe('a task that Globus does not know', () => {
  const unknown = (
    transfer: Transfer,
    watch: Watch,
    monotonicMs: number,
    clientId = CLIENT_ID,
  ): Decision => decide(transfer, { kind: 'unknown' }, watch, { ...NOW, monotonicMs, clientId });

  test('is polled for an hour before it counts as lost', () => {
    const first = unknown(aRunningTransfer(), noWatch, 0);
    expect(first.transfer.status).toEqual({
      state: 'transferring',
      taskId: TASK,
      trouble: "Globus can't find the task at the moment; the service keeps checking for an hour",
    });
    const later = unknown(first.transfer, first.watch, UNKNOWN_TASK_ENDS_AFTER_MS - 1);
    expect(later.transfer).toBe(first.transfer);
    const end = unknown(later.transfer, later.watch, UNKNOWN_TASK_ENDS_AFTER_MS);
    expect(end.transfer.status.state).toBe('failed');
    const wanted = unknown(byAlice, later.watch, UNKNOWN_TASK_ENDS_AFTER_MS);
    expect(wanted.transfer.status).toEqual(cancelled('by alice'));
  });

  test('the hour starts over when the task was seen in between', () => {
    const first = unknown(aRunningTransfer(), noWatch, 0);
    const back = seen(aTask(), first);
    const gone = unknown(back.transfer, back.watch, UNKNOWN_TASK_ENDS_AFTER_MS);
    expect(gone.transfer.status.state).toBe('transferring');
  });

  test('never ends under another client id, whose tasks are invisible', () => {
    const watch = { ...noWatch, unknownSince: 0 };
    const decision = unknown(aRunningTransfer(), watch, 1e12, 'another-client');
    expect(decision.transfer.status.state).toBe('transferring');
    expect(decision.watch).toEqual(noWatch);
    expect(decision.alarm).toContain(CLIENT_ID);
  });
});

describe('a task that is not ours to act on', () => {
  test.each([
    ['an end', aSucceededTask({ label: taskLabel(jobIdOf(2)) })],
    ['a failure', aFailedTask('X', { label: undefined })],
    ['progress', aTask({ label: 'by hand', bytesTransferred: 7 })],
  ])("%s of another one's task changes nothing but the words", (_what, task) => {
    const decision = seen(task);
    expect(decision.transfer).toEqual({
      ...aRunningTransfer(),
      status: {
        state: 'transferring',
        taskId: TASK,
        trouble: `Globus task ${TASK} does not have this job's label, so the service neither tracks nor cancels it; an operator should check the job and the task`,
      },
    });
    expect(decision.alarm).toContain(jobIdOf(1));
    expect(seen(task, decision).transfer).toBe(decision.transfer);
  });

  test('the Go version set no labels, so its tasks need none', () => {
    const transfer: Transfer = {
      ...aRunningTransfer(),
      origin: { kind: 'go-version', ownerGroup: 'p123' },
    };
    expect(
      [undefined, taskLabel(jobIdOf(2))].map(
        (label) => seen(aSucceededTask({ label }), { transfer }).transfer.status.state,
      ),
    ).toEqual(['finalizing', 'transferring']);
  });
});

describe('any task document', () => {
  const word = fc.oneof(
    fc.constantFrom('OK', 'Queued', 'PERMISSION_DENIED', 'constructor', '__proto__', 'toString'),
    fc.string(),
  );
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const tasks: fc.Arbitrary<GlobusTask> = fc.record({
    taskId: fc.constant(TASK),
    status: fc.constantFrom(
      'ACTIVE' as const,
      'INACTIVE' as const,
      'SUCCEEDED' as const,
      'FAILED' as const,
    ),
    label: fc.oneof(fc.constant(taskLabel(jobIdOf(1))), maybe(fc.string())),
    sourceCollection: maybe(fc.uuid()),
    destinationCollection: maybe(fc.uuid()),
    niceStatus: maybe(word),
    isPaused: fc.boolean(),
    fatalError: maybe(
      fc.record({
        kind: fc.constantFrom('cancelled' as const, 'expired' as const, 'failed' as const),
        code: word,
        description: fc.string(),
      }),
    ),
    canceledByAdmin: maybe(fc.oneof(fc.constantFrom('SOURCE', 'BOTH'), word)),
    canceledByAdminMessage: maybe(fc.string()),
    faults: fc.nat(),
    files: fc.nat(),
    filesTransferred: fc.nat(),
    filesSkipped: fc.nat(),
    bytesTransferred: fc.nat(),
    bytesPerSecond: fc.nat(),
    skippedErrors: fc.nat(2),
    requestedAt: maybe(fc.nat()),
    completedAt: maybe(fc.nat()),
  });

  test('causes no crash, no end that the task did not have, and no progress going back', () => {
    fc.assert(
      fc.property(
        tasks,
        fc.constantFrom(aRunningTransfer(), byAlice, stalled),
        fc.nat(),
        (task, transfer, stallTimeoutMs) => {
          const before = { ...transfer, progress: { ...transfer.progress, bytesTransferred: 99 } };
          const { transfer: after } = seen(task, { transfer: before, now: { stallTimeoutMs } });
          const ours = task.label === taskLabel(jobIdOf(1));
          const expected = !ours
            ? ['transferring']
            : task.status === 'SUCCEEDED'
              ? [task.skippedErrors === 0 ? 'finalizing' : 'failed']
              : task.status === 'FAILED'
                ? ['failed', 'cancelled']
                : ['transferring'];
          expect(expected).toContain(after.status.state);
          expect(after.progress.bytesTransferred).toBeGreaterThanOrEqual(99);
          expect(JSON.stringify(after)).not.toContain('[native code]');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('leaves transfers that are not at Globus alone', () => {
    fc.assert(
      fc.property(tasks, (task) => {
        for (const status of [aTransfer().status, FINALIZING, failed('x'), cancelled('x')]) {
          const transfer = aTransfer({ status });
          expect(seen(task, { transfer })).toEqual({ transfer, watch: noWatch });
        }
      }),
    );
  });
});
