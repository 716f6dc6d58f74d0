import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aDataset,
  aFailedTask,
  aJob,
  aRecord,
  aRunningTransfer,
  aSucceededTask,
  aTask,
  aTransfer,
  aWish,
  type ConfigParts,
  jobIdOf,
  keyOf,
  FACILITIES,
  OWNER,
  REQUEST_ID,
  taskIdFor,
  uuid,
} from '../../test/support/builders.js';
import { aGate } from '../../test/support/faults.js';
import { OLD, TrackerRig } from '../../test/support/tracker-rig.js';
import type { TrackingWorld } from '../../test/support/tracking-world.js';
import { accountRefused, down, rejected, timeout } from '../../test/support/upstream-failures.js';
import { atOnce } from '../../test/support/fake-file-list-store.js';
import { settle } from '../../test/support/virtual-clock.js';
import {
  JobNotFoundError,
  NotReadyError,
  QueueFullError,
  TransferRefusedError,
} from '../errors/request.errors.js';
import { digestFileList } from '../file-lists/digest-file-list.js';
import { fingerprint } from '../domain/fingerprint.js';
import { taskLabel } from '../domain/task-label.js';
import type { Transfer } from '../domain/transfer.js';
import type { Tracker } from './tracker.js';
import { fileListOf } from '../../test/support/file-lists.js';

/** The HTTP request in which somebody cancels. */
const CANCEL_ID = 'request-2';
let rig: TrackerRig;
let world: TrackingWorld;
let tracker: Tracker;
beforeEach(() => {
  setUp();
});
afterEach(() => rig.end());

function setUp(config: ConfigParts = {}): void {
  rig = new TrackerRig(config);
  ({ world, tracker } = rig);
}

const pass = (seconds: number): Promise<void> => rig.pass(seconds);
const started = (): Promise<void> => rig.started();
const shown = (number?: number): string | undefined => rig.shown(number);
const request = (number: number): Promise<string> => rig.request(number);
/** What one more request would meet. */
function forecast(): { readonly slot: boolean; readonly waitsFor: string } {
  const found = tracker.forecast('equal to nothing', OWNER, FACILITIES);
  if (found.kind === 'repeats') throw new Error('equal to something');
  return found;
}
/** Another request asks for the very copy of a transfer: whether its job is there is checked. */
async function askForEqual(number = 1): Promise<void> {
  const tracked = tracker.find(jobIdOf(number))?.transfer;
  if (tracked?.origin.kind !== 'recorded') throw new Error('not tracked');
  await tracker
    .admit({
      facilities: FACILITIES,
      fingerprint: fingerprint(tracked.origin.record),
      owner: OWNER,
      requestId: REQUEST_ID,
      store: () => Promise.reject(new Error('nothing is stored in this test')),
    })
    .catch(() => undefined);
}
const left = (transfer: Transfer): void => {
  rig.left(transfer);
};

describe('from request to end', () => {
  test('all requests are answered at once; those over the limit wait without a call to Globus', async () => {
    setUp({ task: { maxConcurrency: 2 } });
    await started();
    const answers = await Promise.all([1, 2, 3, 4].map(request));
    await pass(5);
    expect([answers, world.globus.submissions.length, tracker.status().waiting]).toEqual([
      ['started', 'started', 'waits', 'waits'],
      2,
      2,
    ]);
    expect(shown(3)).toBe(
      '001 transferring: waiting: the service runs at most 2 transfers at a time, and this one waits for a free slot',
    );
    expect([3, 4].map((number) => tracker.find(jobIdOf(number))?.queuePosition)).toEqual([0, 1]);
  });

  test('200 concurrent requests are all accepted once, and the limit holds', async () => {
    await started();
    const numbers = Array.from({ length: 200 }, (_, n) => n + 1);
    const answers = await Promise.all(numbers.map(request));
    await pass(10);
    expect(answers.filter((kind) => kind === 'started').length).toBe(10);
    expect([world.globus.tasks.size, tracker.status().open]).toEqual([10, 200]);
  });

  test('a failed task frees its slot in the same cycle, for the next one', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    await started();
    await Promise.all([1, 2].map(request));
    world.globus.put(aFailedTask('EXPIRED', { taskId: taskIdFor(501) }));
    await pass(15);
    expect([shown(1)?.slice(0, 10), world.globus.submissions.map(({ label }) => label)]).toEqual([
      '998 failed',
      [taskLabel(jobIdOf(1)), taskLabel(jobIdOf(2))],
    ]);
  });

  test('success: marked, archived, finished, and no longer tracked', async () => {
    await started();
    await request(1);
    world.globus.put(aSucceededTask({ taskId: taskIdFor(501) }));
    await pass(30);
    expect([shown(), world.datasets.marked.length, world.archiveJobs.made.length]).toEqual([
      '003 finished: finished',
      1,
      1,
    ]);
    expect(tracker.status()).toMatchObject({ open: 0, pendingWrites: 0 });
  });

  test('the file list is kept until SciCat has the task id, then removed', async () => {
    const files = fileListOf([{ path: 'a', isSymlink: false }]);
    await world.spool.put(keyOf(1), files);
    const transfer = aTransfer({ record: { fileList: atOnce(digestFileList(files)) } });
    world.jobs.put(aJob({ record: aRecord({ ...recordOf(transfer) }), createdAt: OLD }));
    world.jobs.faults.always('write', { before: timeout() });
    await started();
    await pass(30);
    expect([world.globus.tasks.size, world.spool.lists.size]).toEqual([1, 1]);
    world.jobs.faults.clear();
    await pass(60);
    expect(world.spool.lists.size).toBe(0);
  });

  test('the file list of a waiting transfer is kept, also when SciCat shows that it waits', async () => {
    const files = fileListOf([{ path: 'a', isSymlink: false }]);
    await world.spool.put(keyOf(1), files);
    const transfer = aTransfer({ record: { fileList: atOnce(digestFileList(files)) } });
    world.jobs.put(aJob({ record: aRecord({ ...recordOf(transfer) }), createdAt: OLD }));
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'Globus is down for maintenance' });
    await started();
    await pass(60);
    expect([shown(), world.spool.lists.size]).toEqual([
      '001 transferring: waiting: Globus is down for maintenance',
      1,
    ]);
    world.globus.alwaysSubmit(undefined);
    await pass(120);
    expect([world.globus.tasks.size, world.spool.lists.size]).toEqual([1, 0]);
  });
});

function recordOf(transfer: Transfer): ReturnType<typeof aRecord> {
  if (transfer.origin.kind !== 'recorded') throw new Error('no record');
  return transfer.origin.record;
}

describe('after a restart', () => {
  test('every open transfer continues where it was', async () => {
    left(aRunningTransfer({ number: 1 }));
    world.globus.put(aSucceededTask({ number: 1 }));
    left(aTransfer({ number: 2 }));
    world.jobs.put(aJob({ number: 3, createdAt: OLD, updatedAt: OLD }));
    left(
      aTransfer({
        number: 4,
        status: {
          state: 'finalizing',
          taskId: taskIdFor(4),
          lifecycleBefore: undefined,
          archiveJobId: undefined,
        },
      }),
    );
    await started();
    await pass(60);
    expect([1, 2, 3, 4].map((number) => shown(number)?.slice(0, 3))).toEqual([
      '003',
      '002',
      '002',
      '003',
    ]);
    expect(world.globus.submissions.map(({ label }) => label).sort()).toEqual(
      [2, 3].map((number) => taskLabel(jobIdOf(number))),
    );
  });

  test('tasks that Globus already has are found by label before anything is submitted', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    left(aTransfer({ number: 1, submissionId: undefined, record: {} }));
    left(aTransfer({ number: 2 }));
    world.globus.put(aTask({ number: 2 }));
    await started();
    expect([world.globus.submissions, shown(2)]).toEqual([[], '002 transferring: transferring']);
  });

  test('nothing is submitted while Globus can not be queried', async () => {
    left(aTransfer());
    world.globus.faults.always('list', { before: timeout('Globus') });
    await started();
    await pass(300);
    expect([world.globus.submissions, tracker.ready]).toEqual([[], true]);
    world.globus.faults.clear();
    await pass(60);
    expect(shown()).toBe('002 transferring: transferring');
  });

  test('ready only after everything was read, however long SciCat is down, and then at once', async () => {
    left(aRunningTransfer());
    world.globus.put(aTask());
    world.jobs.faults.always('listOpen', { before: down() });
    await started();
    await pass(3600);
    expect(tracker.ready).toBe(false);
    expect(() => forecast()).toThrow(NotReadyError);
    world.jobs.faults.clear();
    await pass(60);
    expect([tracker.ready, tracker.find(jobIdOf(1))?.transfer.status.state]).toEqual([
      true,
      'transferring',
    ]);
  });

  test('an equal request finds the earlier transfer', async () => {
    left(aRunningTransfer());
    world.globus.put(aTask());
    await started();
    expect(tracker.forecast(fingerprint(recordOf(aRunningTransfer())), OWNER, FACILITIES)).toEqual({
      kind: 'repeats',
      jobId: jobIdOf(1),
    });
  });

  test('a job whose process crashed says at once that it waits, although all slots are taken', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    left(aRunningTransfer({ number: 1 }));
    world.globus.put(aTask({ number: 1 }));
    world.jobs.put(aJob({ number: 2, createdAt: OLD, result: {} }));
    await started();
    expect(shown(2)).toBe('001 transferring: waiting: resumed after a restart of the service');
  });

  test('a confirmed end request is carried out', async () => {
    left(aRunningTransfer({ endRequested: aWish() }));
    world.globus.put(aTask());
    await started();
    expect(world.globus.cancelled).toEqual([taskIdFor(1)]);
  });
});

describe('before the tasks of the last process have been matched', () => {
  beforeEach(async () => {
    left(aTransfer({ number: 1 }));
    world.globus.faults.always('list', { before: down('Globus') });
    await started();
  });

  test('a request waits and says why, although all slots are free', async () => {
    expect(await request(2)).toBe('waits');
    await pass(60);
    expect([shown(2), world.globus.submissions]).toEqual([
      '001 transferring: waiting: the service has just started and is checking which transfers are already running in Globus',
      [],
    ]);
    world.globus.faults.clear();
    await pass(60);
    expect(shown(2)).toBe('002 transferring: transferring');
  });

  test('a request gets no slot even if the only earlier transfer is to be cancelled', async () => {
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    await pass(10);
    expect(forecast().slot).toBe(false);
  });

  test('a transfer that was never submitted can be cancelled', async () => {
    await request(2);
    await tracker.requestEnd(jobIdOf(2), aWish(), CANCEL_ID);
    await pass(10);
    expect(shown(2)).toBe('004 cancelled: cancelled by alice, before anything was copied');
  });

  test('a transfer that Globus may have is not cancelled yet', async () => {
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    await pass(600);
    expect(tracker.find(jobIdOf(1))?.transfer.status).toMatchObject({ state: 'waiting' });
  });
});

describe('an empty list of open jobs', () => {
  test('may mean an account without rights: not ready, and an alarm is raised', async () => {
    world.history.known = jobIdOf(1);
    world.jobs.faults.always('read', { before: accountRefused() });
    await started();
    await pass(600);
    expect([tracker.ready, [...world.alarms.active().keys()]]).toEqual([false, ['scicat-account']]);
    world.jobs.faults.clear();
    world.jobs.put(aJob({ result: { status: 'finished' } }));
    await pass(60);
    expect([tracker.ready, world.alarms.active().size]).toEqual([true, 0]);
  });

  test('a job created for a request is remembered to verify it', async () => {
    await started();
    await request(7);
    expect(world.history.known).toBe(jobIdOf(7));
  });
});

describe('a failed poll changes no state', () => {
  test('a day-long outage of Globus changes no job', async () => {
    left(aRunningTransfer());
    world.globus.put(aTask());
    await started();
    const before = world.jobs.writes.length;
    world.globus.faults.always('list', { before: timeout('Globus') });
    await pass(24 * 3600);
    expect([world.jobs.writes.length, shown()]).toEqual([before, '002 transferring: transferring']);
    world.globus.faults.clear();
    world.globus.put(aSucceededTask());
    await pass(60);
    expect(shown()).toBe('003 finished: finished');
  });

  test('refused credentials raise an alarm, which is cleared once they are accepted again', async () => {
    left(aRunningTransfer());
    world.globus.put(aTask());
    world.globus.faults.always('list', { before: accountRefused('Globus') });
    await started();
    expect([...world.alarms.active().keys()]).toEqual(['globus-account']);
    world.globus.faults.clear();
    await pass(30);
    expect([...world.alarms.active().keys()]).toEqual([]);
  });

  test('an unchanged task is not written again', async () => {
    left(aRunningTransfer());
    world.globus.put(aTask({ bytesTransferred: 5 }));
    await started();
    const before = world.jobs.writes.length;
    await pass(600);
    expect(world.jobs.writes.length).toBe(before);
  });
});

describe('an end request is answered at once in every state and converges', () => {
  test('waiting in the queue', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    await started();
    await Promise.all([1, 2].map(request));
    await tracker.requestEnd(jobIdOf(2), aWish(), CANCEL_ID);
    await pass(10);
    expect(shown(2)).toBe('004 cancelled: cancelled by alice, before anything was copied');
  });

  test('waiting in the queue, although Globus does not answer a poll', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    await started();
    await Promise.all([1, 2].map(request));
    const gate = aGate();
    world.globus.faults.always('list', { holdAnswer: gate.opened });
    await pass(15);
    await tracker.requestEnd(jobIdOf(2), aWish(), CANCEL_ID);
    await pass(2);
    expect(shown(2)).toBe('004 cancelled: cancelled by alice, before anything was copied');
    gate.open();
  });

  test('transferring: the request is written to SciCat, then the task is cancelled, and its end counts', async () => {
    await started();
    await request(1);
    await settle();
    let written: boolean | undefined;
    const cancel = world.globus.cancel.bind(world.globus);
    world.globus.cancel = (taskId) => {
      written = JSON.stringify(world.jobs.stored.get(jobIdOf(1))?.result).includes('endRequested');
      return cancel(taskId);
    };
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    await pass(5);
    expect([written, world.globus.cancelled, shown()]).toEqual([
      true,
      [taskIdFor(501)],
      '002 transferring: transferring (being cancelled)',
    ]);
    world.globus.put(aSucceededTask({ taskId: taskIdFor(501) }));
    await pass(30);
    expect(shown()).toBe('003 finished: finished');
  });

  test('the user sees the end at once, not at the next poll', async () => {
    await started();
    await request(1);
    await pass(10);
    const cancel = world.globus.cancel.bind(world.globus);
    world.globus.cancel = async (taskId) => {
      await cancel(taskId);
      const label = taskLabel(jobIdOf(1));
      world.globus.put(aFailedTask('CANCELED', { taskId, label }));
    };
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    await settle();
    expect(shown()).toBe('004 cancelled: cancelled by alice');
  });

  test('an end is written once, though a regular poll sees it, too', async () => {
    await started();
    await request(1);
    await settle();
    world.globus.put(
      aFailedTask('CANCELED', { taskId: taskIdFor(501), label: taskLabel(jobIdOf(1)) }),
    );
    const gate = aGate();
    // The regular poll is on its way when the user cancels.
    world.globus.faults.next('list', { holdAnswer: gate.opened });
    await pass(10);
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    await settle();
    const writes = world.jobs.writes.length;
    expect(shown()).toBe('004 cancelled: cancelled by alice');
    gate.open();
    await pass(30);
    expect(world.jobs.writes.length).toBe(writes);
  });

  test('a task that Globus takes a moment to cancel is polled again soon, and not for ever', async () => {
    setUp({ task: { pollIntervalSeconds: 3600 } });
    await started();
    await request(1);
    await settle();
    const polls = (): number => world.globus.queries.filter(({ by }) => by === 'ids').length;
    const before = polls();
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    await world.clock.advance(500);
    expect(polls() - before).toBe(1);
    await world.clock.advance(120_000);
    expect(polls() - before).toBe(4);
    expect(shown()).toBe('002 transferring: transferring (being cancelled)');
    world.globus.put(
      aFailedTask('CANCELED', { taskId: taskIdFor(501), label: taskLabel(jobIdOf(1)) }),
    );
    await world.clock.advance(3_600_000);
    tracker.wake();
    await settle();
    expect(shown()).toBe('004 cancelled: cancelled by alice');
  });

  test('while the submission is under way', async () => {
    await started();
    const gate = aGate();
    world.globus.faults.next('submit', { holdAnswer: gate.opened });
    const accepted = request(1);
    await settle();
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    gate.open();
    await accepted;
    await pass(30);
    expect(world.globus.cancelled).toEqual([taskIdFor(501)]);
  });

  test('finalizing: it ends as usual, and the job is removed if requested', async () => {
    world.datasets.faults.always('readAsService', { before: down() });
    await started();
    await request(1);
    world.globus.put(aSucceededTask({ taskId: taskIdFor(501) }));
    await pass(20);
    await tracker.requestEnd(jobIdOf(1), aWish({ remove: true }), CANCEL_ID);
    world.datasets.faults.clear();
    await pass(120);
    expect([world.jobs.stored.size, world.archiveJobs.made.length]).toEqual([0, 1]);
  });

  test('just ended, while its last write is under way: the job is still removed', async () => {
    await started();
    await request(1);
    const gate = aGate();
    await pass(5);
    world.jobs.faults.next('write', { hold: gate.opened });
    world.globus.put(aFailedTask('EXPIRED', { taskId: taskIdFor(501) }));
    await pass(15);
    const ended = tracker.requestEnd(jobIdOf(1), aWish({ remove: true }), CANCEL_ID);
    gate.open();
    await ended;
    await pass(30);
    expect(world.jobs.stored.size).toBe(0);
  });

  test('dataset gone: answered when Globus cancels the task, because SciCat can not store the request', async () => {
    await started();
    await request(1);
    await pass(5);
    world.jobs.withoutDataset.add(jobIdOf(1));
    world.globus.put(
      aTask({ taskId: taskIdFor(501), label: taskLabel(jobIdOf(1)), niceStatus: 'TIMEOUT' }),
    );
    await pass(600);
    const outcome = tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID).then(
      () => 'answered',
      () => 'refused',
    );
    await pass(120);
    expect(await Promise.race([outcome, Promise.resolve('hangs')])).toBe('answered');
    expect(world.globus.cancelled).toContain(taskIdFor(501));
  });

  test('SciCat refuses to store it and Globus can not be reached: SciCat is not asked at every poll', async () => {
    await started();
    await request(1);
    await pass(5);
    world.globus.put(aTask({ taskId: taskIdFor(501), label: taskLabel(jobIdOf(1)) }));
    world.jobs.faults.always('write', { before: rejected(409) });
    world.globus.faults.always('cancel', { before: down('Globus') });
    const before = world.jobs.faults.count('write');
    await expect(tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID)).rejects.toThrow('409');
    await pass(1200);
    // Five refusals, after which the job is retried hourly, and the one that the cancellation asked for.
    expect(world.jobs.faults.count('write') - before).toBeLessThanOrEqual(6);
    world.globus.faults.clear();
    await pass(60);
    expect(world.globus.cancelled).toContain(taskIdFor(501));
  });

  test('a cancellation without effect is repeated after a minute', async () => {
    await started();
    await request(1);
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    await pass(50);
    expect(world.globus.cancelled).toEqual([taskIdFor(501)]);
    await pass(30);
    expect(world.globus.cancelled).toEqual([taskIdFor(501), taskIdFor(501)]);
  });

  test('a task without our label is never cancelled', async () => {
    left(aRunningTransfer());
    world.globus.put(aTask({ label: taskLabel(jobIdOf(2)) }));
    await started();
    await tracker.requestEnd(jobIdOf(1), aWish({ remove: true }), CANCEL_ID);
    await pass(300);
    expect([world.globus.cancelled, shown()?.slice(0, 16)]).toEqual([[], '002 transferring']);
  });

  test('an untracked transfer is an error', async () => {
    await started();
    await expect(tracker.requestEnd(jobIdOf(7), aWish(), CANCEL_ID)).rejects.toThrow(
      JobNotFoundError,
    );
  });

  test('SciCat down: an error, but the request is kept, written later and carried out', async () => {
    await started();
    await request(1);
    await pass(5);
    world.jobs.faults.always('write', { before: down() });
    await expect(tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID)).rejects.toThrow(
      down().message,
    );
    await pass(60);
    expect(world.globus.cancelled).toEqual([]);
    world.jobs.faults.clear();
    await pass(60);
    expect(world.globus.cancelled).toEqual([taskIdFor(501)]);
  });
});

describe('the queue', () => {
  test('full: refused before anything is stored', async () => {
    setUp({ task: { maxConcurrency: 1, queueSize: 2 } });
    await started();
    await Promise.all([1, 2, 3].map(request));
    expect(() => forecast()).toThrow(QueueFullError);
    await tracker.requestEnd(jobIdOf(3), aWish(), CANCEL_ID);
    await pass(10);
    expect(forecast().slot).toBe(false);
  });

  test('places are reserved in a burst, and released when storing fails', async () => {
    setUp({ task: { maxConcurrency: 1, queueSize: 1 } });
    await started();
    const [first, second] = [rig.storing(1), rig.storing(2)];
    expect([first.slot, second.slot]).toEqual([true, false]);
    expect(() => forecast()).toThrow(QueueFullError);
    await first.refused();
    expect(forecast().slot).toBe(true);
  });
});

describe('the part of the queue that one may have', () => {
  const of = (user: string, group: string) => ({ user, group });

  test('a user who fills it is refused, others are not', async () => {
    setUp({ task: { maxConcurrency: 1, maxWaitingPerUser: 2 } });
    await started();
    await Promise.all([1, 2, 3].map(request));
    expect(() => forecast()).toThrow(
      'You already have 2 transfers waiting, and a user may have 2. Please try again later.',
    );
    expect(tracker.forecast('another', of('bob', OWNER.group), FACILITIES).kind).toBe('starts');
  });

  test('a group that fills it is refused, others are not', async () => {
    setUp({ task: { maxConcurrency: 1, maxWaitingPerGroup: 2 } });
    await started();
    await Promise.all([1, 2, 3].map(request));
    expect(() => tracker.forecast('another', of('bob', OWNER.group), FACILITIES)).toThrow(
      "The dataset's owner group already has 2 transfers waiting, and a group may have 2. Please try again later.",
    );
    expect(tracker.forecast('another', of(OWNER.user, 'another group'), FACILITIES).kind).toBe(
      'starts',
    );
  });

  test('is kept in a burst, before the jobs exist', async () => {
    setUp({ task: { maxConcurrency: 1, maxWaitingPerUser: 1 } });
    await started();
    const [runs, waits] = [rig.storing(1), rig.storing(2)];
    expect(() => forecast()).toThrow(QueueFullError);
    await Promise.all([runs.stored(), waits.stored()]);
    expect(() => forecast()).toThrow(QueueFullError);
  });
});

describe('transfers that need someone to act', () => {
  const missing = (number: number, parts = {}): void =>
    world.globus.put(
      aTask({ number, taskId: taskIdFor(500 + number), niceStatus: 'FILE_NOT_FOUND', ...parts }),
    );

  test('ten transfers of files that do not exist do not keep the eleventh waiting', async () => {
    await started();
    await Promise.all(Array.from({ length: 12 }, (_, index) => request(index + 1)));
    expect(tracker.status()).toMatchObject({ inFlight: 10, waiting: 2, withoutSlot: 0 });
    for (let number = 1; number <= 10; number += 1) missing(number);
    await pass(30);
    expect(tracker.status()).toMatchObject({ inFlight: 12, waiting: 0, withoutSlot: 10 });
  });

  test('take a slot again when they get on, so that the next has to wait', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    await started();
    await request(1);
    missing(1);
    await pass(30);
    expect([tracker.status().withoutSlot, forecast().slot]).toEqual([1, true]);
    missing(1, { bytesTransferred: 5 });
    await pass(11);
    expect([tracker.status().withoutSlot, forecast().slot]).toEqual([0, false]);
  });

  test('one user does not use up task.maxPending with them', async () => {
    setUp({ task: { maxConcurrency: 1, maxPending: 6, maxStuckPerUser: 3 } });
    await started();
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(request));
    for (let round = 0; round < 8; round += 1) {
      for (let n = 1; n <= world.globus.submissions.length; n += 1) missing(n);
      await pass(30);
    }
    expect(tracker.status()).toMatchObject({ inFlight: 3, waiting: 5, withoutSlot: 3 });
    expect(tracker.find(jobIdOf(8))?.transfer.status).toMatchObject({
      reason: expect.stringContaining('many transfers of the same user make no progress'),
    });
    expect(forecast()).toMatchObject({
      slot: false,
      waitsFor: expect.stringContaining('many transfers of the same user make no progress'),
    });
    expect(
      tracker.forecast('another', { user: 'bob', group: OWNER.group }, FACILITIES),
    ).toMatchObject({
      slot: true,
    });
    // One of them gets on and ends: the next may begin.
    missing(1, { status: 'SUCCEEDED', niceStatus: undefined });
    await pass(700);
    expect(tracker.status()).toMatchObject({ waiting: 4 });
  });

  test('at most task.maxPending are at Globus, and the next says what it waits for', async () => {
    setUp({ task: { maxConcurrency: 2, maxPending: 3 } });
    await started();
    await Promise.all([1, 2, 3, 4].map(request));
    for (const number of [1, 2]) missing(number);
    await pass(30);
    expect(tracker.status()).toMatchObject({ inFlight: 3, waiting: 1, withoutSlot: 2 });
    expect(forecast()).toMatchObject({
      slot: false,
      waitsFor: expect.stringContaining('some of which need someone to act'),
    });
  });
});

describe('whose turn it is', () => {
  const ofGroup = (number: number, ownerGroup: string, bytes = 1): Transfer => {
    const pid = `20.500.12345/e${number}`;
    world.datasets.datasets.set(pid, aDataset({ pid, ownerGroup }));
    return aTransfer({
      number,
      record: { requestedBy: { username: ownerGroup, ownerGroup }, dataset: { bytes, files: 1 } },
    });
  };
  const asked = (): readonly string[] => world.globus.submissions.map(({ label }) => label);

  test('a group that asks for many does not delay one that asks for one; positions say so', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    for (const number of [1, 2, 3, 4, 5]) left(ofGroup(number, 'flood'));
    left(ofGroup(6, 'quiet'));
    await started();
    await pass(1);
    expect([asked(), tracker.find(jobIdOf(6))?.queuePosition]).toEqual([
      [taskLabel(jobIdOf(1))],
      0,
    ]);
    expect([2, 3, 4, 5].map((n) => tracker.find(jobIdOf(n))?.queuePosition)).toEqual([1, 2, 3, 4]);
    world.globus.put(aSucceededTask({ number: 1, taskId: taskIdFor(501) }));
    await pass(30);
    expect(asked()).toEqual([1, 6].map((number) => taskLabel(jobIdOf(number))));
  });

  test('weights come from the configuration', async () => {
    setUp({ task: { maxConcurrency: 1, shares: { default: 1, favored: 1000 } } });
    for (const number of [1, 2, 3]) left(ofGroup(number, 'others'));
    for (const number of [7, 8, 9]) left(ofGroup(number, 'favored', 2.5e12));
    await started();
    await pass(1);
    expect(asked()).toEqual([taskLabel(jobIdOf(1))]);
    expect([7, 8, 9].map((n) => tracker.find(jobIdOf(n))?.queuePosition)).toEqual([1, 3, 4]);
  });
});

describe('a reserved place', () => {
  test('with a slot keeps the slot when a sweep adopts the job in between', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    await started();
    const first = rig.storing(1);
    tracker.adopt(first.job);
    const gate = aGate();
    world.globus.faults.always('submit', { hold: gate.opened });
    const accepted = first.stored();
    await settle();
    expect([first.slot, forecast().slot]).toEqual([true, false]);
    world.globus.faults.clear();
    gate.open();
    expect(await accepted).toBe('started');
  });

  test('in the queue comes on top of the slots while Globus accepts no submissions', async () => {
    setUp({ task: { maxConcurrency: 3, queueSize: 2 } });
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'Globus is down for maintenance' });
    await started();
    for (const number of [1, 2, 3, 4, 5]) {
      await request(number);
      await pass(5);
    }
    expect(() => forecast()).toThrow(QueueFullError);
    expect(tracker.status().waiting).toBe(5);
  });

  test('says between attempts that it waits for Globus, not for other transfers', async () => {
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'Globus is down for maintenance' });
    await started();
    await request(1);
    for (let number = 2; number < 20; number += 1) {
      await request(number);
      await pass(15);
      expect(shown(number)).toBe('001 transferring: waiting: Globus is down for maintenance');
    }
  });
});

describe('a job that was removed from SciCat', () => {
  test('ends its transfer at Globus, and the slot is free', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    await started();
    await Promise.all([1, 2].map(request));
    await pass(5);
    world.jobs.stored.delete(jobIdOf(1));
    await pass(700);
    expect([world.globus.cancelled, shown(2)]).toEqual([
      [taskIdFor(501)],
      '002 transferring: transferring',
    ]);
  });

  test('takes its file list with it: its user gets the space back', async () => {
    const files = fileListOf([{ path: 'a', isSymlink: false }]);
    await world.spool.put(keyOf(1), files);
    const transfer = aTransfer({ record: { fileList: atOnce(digestFileList(files)) } });
    world.jobs.put(aJob({ record: aRecord({ ...recordOf(transfer) }), createdAt: OLD }));
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'Globus is down for maintenance' });
    await started();
    expect([tracker.status().open, world.spool.lists.size]).toEqual([1, 1]);
    world.jobs.stored.clear();
    await pass(700);
    expect([tracker.status().open, world.spool.lists.size]).toEqual([0, 0]);
  });

  test('during its submission: the resulting task is cancelled, too', async () => {
    await started();
    const gate = aGate();
    world.globus.faults.next('submit', { hold: gate.opened });
    const accepted = request(1);
    await settle();
    world.jobs.stored.clear();
    void askForEqual();
    await settle();
    await pass(60);
    expect(tracker.status().open).toBe(1);
    gate.open();
    await accepted;
    await pass(60);
    expect([world.globus.cancelled, tracker.status().open]).toEqual([[taskIdFor(501)], 0]);
  });

  test('just before its submission: no untracked task is left running', async () => {
    await started();
    const gate = aGate();
    world.spool.faults.next('open', { hold: gate.opened });
    const files = fileListOf([{ path: 'a', isSymlink: false }]);
    const asked = rig.ask({ files: () => Promise.resolve(files) });
    await settle();
    world.jobs.stored.clear();
    void askForEqual(901);
    await settle();
    await pass(10);
    gate.open();
    await asked;
    await pass(60);
    expect([world.globus.cancelled, tracker.status().open]).toEqual([[taskIdFor(501)], 0]);
  });

  test('is no longer written, however long Globus can not be reached to cancel its task', async () => {
    await started();
    await request(1);
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    await pass(5);
    world.globus.faults.always('task', { before: timeout('Globus') });
    world.jobs.stored.clear();
    await rig.sweep();
    const writes = world.jobs.faults.count('write');
    for (let look = 1; look <= 20; look += 1) {
      const progress = { niceStatus: look % 2 === 0 ? 'OK' : 'TIMEOUT', bytesTransferred: look };
      const label = taskLabel(jobIdOf(1));
      world.globus.put(aTask({ taskId: taskIdFor(501), label, ...progress }));
      await pass(10);
    }
    expect([world.jobs.faults.count('write'), world.events.of('job-gone').length]).toEqual([
      writes,
      1,
    ]);
    await expect(tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID)).rejects.toThrow(
      JobNotFoundError,
    );
  });

  test('is no longer written even if a retry was due', async () => {
    await started();
    await request(1);
    await pass(5);
    world.jobs.faults.always('write', { before: down() });
    world.globus.faults.always('task', { before: timeout('Globus') });
    await expect(tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID)).rejects.toThrow(
      down().message,
    );
    world.jobs.stored.clear();
    await rig.sweep();
    const writes = world.jobs.faults.count('write');
    await pass(120);
    expect(world.jobs.faults.count('write')).toBe(writes);
  });

  test('is reported once, and its task cancelled once, however often it is noticed', async () => {
    await started();
    await request(1);
    await pass(5);
    const gate = aGate();
    world.jobs.faults.next('write', { hold: gate.opened });
    const end = tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID).catch((error: unknown) => error);
    await settle();
    world.jobs.stored.clear();
    world.globus.faults.next('task', { before: timeout('Globus') });
    await rig.sweep();
    gate.open();
    expect(await end).toBeInstanceOf(JobNotFoundError);
    await pass(60);
    expect([world.globus.cancelled, tracker.status().open]).toEqual([[taskIdFor(501)], 0]);
    expect(world.events.of('job-gone')).toEqual([{ kind: 'job-gone', jobId: jobIdOf(1) }]);
  });

  test('with an answer lost: its task is found by label and cancelled', async () => {
    await started();
    world.globus.alwaysSubmit('accepted-but-unclear');
    world.globus.faults.always('list', { before: timeout('Globus') });
    const accepted = request(1);
    await pass(10);
    await accepted;
    world.jobs.stored.clear();
    await pass(400);
    world.globus.faults.clear();
    await pass(400);
    expect([world.globus.cancelled, tracker.status().open]).toEqual([[taskIdFor(501)], 0]);
  });
});

describe('stop()', () => {
  test('admits nothing new, lets a submission end, and writes its outcome', async () => {
    await started();
    const gate = aGate();
    world.globus.faults.next('submit', { hold: gate.opened });
    const accepted = request(1);
    await settle();
    const stopped = tracker.stop(15_000);
    expect(() => forecast()).toThrow(NotReadyError);
    await world.clock.advance(1000);
    gate.open();
    await world.clock.advance(2000);
    await Promise.all([stopped, accepted]);
    expect(shown()).toBe('002 transferring: transferring');
  });

  test('during a poll of Globus: nothing is submitted afterwards', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    await started();
    await Promise.all([1, 2].map(request));
    const gate = aGate();
    world.globus.faults.next('list', { holdAnswer: gate.opened });
    world.globus.put(aFailedTask('EXPIRED', { taskId: taskIdFor(501) }));
    await pass(15);
    const stopped = tracker.stop(15_000);
    await world.clock.advance(100);
    gate.open();
    for (let second = 0; second < 20; second += 1) await world.clock.advance(1000);
    await stopped;
    expect(world.globus.submissions.length).toBe(1);
  });

  test('returns by its deadline although nothing can be written', async () => {
    await started();
    await request(1);
    await pass(5);
    world.jobs.faults.always('write', { before: timeout() });
    void tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID).catch(() => undefined);
    await pass(60);
    let returned = false;
    const stopped = tracker.stop(15_000).then(() => (returned = true));
    for (let second = 0; second < 16; second += 1) await world.clock.advance(1000);
    expect(returned).toBe(true);
    await stopped;
  });
});

describe('the answer to a request', () => {
  test('comes after 10 s at the latest, when Globus does not answer', async () => {
    await started();
    const gate = aGate();
    world.globus.faults.next('submit', { hold: gate.opened });
    let answer: string | undefined;
    const answered = request(1).then((kind) => (answer = kind));
    await world.clock.advance(9_999);
    expect(answer).toBeUndefined();
    await world.clock.advance(1);
    expect(answer).toBe('waits');
    gate.open();
    await answered;
  });

  test('says what Globus refused, and names the job', async () => {
    await started();
    world.globus.planSubmit({ kind: 'refused', reason: 'permission denied' });
    await expect(request(1)).rejects.toMatchObject({
      name: TransferRefusedError.name,
      message: 'Permission denied.',
      details: `The transfer is recorded in SciCat as job ${jobIdOf(1)}, which has ended.`,
    });
  });
});

test('submission ids are fetched ahead, so that a request needs no round trip for one', async () => {
  await started();
  await Promise.all([1, 2].map(request));
  expect(world.globus.submissions.map(({ submissionId }) => submissionId)).toEqual([
    uuid('5b5b5b5b', 1),
    uuid('5b5b5b5b', 2),
  ]);
});

describe('events of a transfer', () => {
  const told = () =>
    world.events.all.flatMap((event) =>
      event.kind === 'accepted' || event.kind === 'changed' || event.kind === 'end-requested'
        ? [[event.kind, event.transfer.status.state, event.requestId]]
        : [],
    );

  test('carry the request that created it, and the one that cancels it', async () => {
    await started();
    await request(1);
    await tracker.requestEnd(jobIdOf(1), aWish(), CANCEL_ID);
    world.globus.put(aFailedTask('CANCELED', { taskId: taskIdFor(501) }));
    await pass(15);
    expect(told()).toEqual([
      ['accepted', 'waiting', REQUEST_ID],
      ['changed', 'transferring', REQUEST_ID],
      ['end-requested', 'transferring', CANCEL_ID],
      ['changed', 'cancelled', REQUEST_ID],
    ]);
  });

  test('report new trouble once, not its details at every poll, and the request to give up', async () => {
    setUp({ task: { stallTimeoutSeconds: 100 } });
    await started();
    await request(1);
    await pass(15);
    const denied = { taskId: taskIdFor(501), label: taskLabel(jobIdOf(1)) };
    for (const faults of [1, 2, 3]) {
      world.globus.put(aTask({ ...denied, niceStatus: 'PERMISSION_DENIED', faults }));
      await pass(15);
    }
    await pass(100);
    expect(told()).toEqual([
      ['accepted', 'waiting', REQUEST_ID],
      ['changed', 'transferring', REQUEST_ID],
      ['changed', 'transferring', REQUEST_ID],
      ['end-requested', 'transferring', REQUEST_ID],
    ]);
  });
});
