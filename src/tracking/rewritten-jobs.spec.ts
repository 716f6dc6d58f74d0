import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aFailedTask,
  aJob,
  aRunningTransfer,
  aSucceededTask,
  aTask,
  aTransfer,
  aWish,
  FACILITIES,
  jobIdOf,
  OWNER,
  REQUEST_ID,
  START,
  taskIdFor,
  uuid,
} from '../../test/support/builders.js';
import { OLD } from '../../test/support/tracker-rig.js';
import { TrackingWorld } from '../../test/support/tracking-world.js';
import { down } from '../../test/support/upstream-failures.js';
import { settle } from '../../test/support/virtual-clock.js';
import { fingerprint } from '../domain/fingerprint.js';
import type { TransferJobDocument } from '../domain/job-reading.js';
import { cancelled, type Transfer, withEndRequest } from '../domain/transfer.js';
import { NotReadyError } from '../errors/request.errors.js';
import type { Tracker } from './tracker.js';

const DAY = 24 * 60 * 60_000;
const UNKNOWN = uuid('eeeeeeee', 404);
const STRANGERS = taskIdFor(77);

let world: TrackingWorld;
let tracker: Tracker;
beforeEach(() => {
  world = new TrackingWorld();
  // The data folder is older than all jobs.
  world.history.since = OLD - DAY;
  tracker = world.tracker();
});
afterEach(async () => {
  await stop();
  await world.end();
});

async function stop(): Promise<void> {
  const stopped = tracker.stop(1000);
  for (let second = 0; second < 5; second += 1) await world.clock.advance(1000);
  await stopped;
}

async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 5) {
    tracker.wake();
    await world.clock.advance(5000);
  }
}

/** The process starts, and has time for everything that does not depend on a task. */
async function start(seconds = 180): Promise<void> {
  tracker.start();
  await pass(seconds);
}

async function restart(seconds?: number): Promise<void> {
  await stop();
  tracker = world.tracker();
  await start(seconds);
}

const left = (transfer: Transfer): void => world.putShown({ ...transfer, requestedAt: OLD });
const shown = (number = 1): string | undefined => world.jobs.shown(jobIdOf(number));
const state = (number = 1): string | undefined =>
  tracker.find(jobIdOf(number))?.transfer.status.state;

/** What somebody writes into a job who may update it in SciCat, but is not the service. */
function rewrite(
  result: unknown,
  { number = 1, ...parts }: Partial<TransferJobDocument> & { readonly number?: number } = {},
): void {
  const job = world.jobs.stored.get(jobIdOf(number));
  if (job === undefined) throw new Error('no job');
  world.jobs.put({ ...job, ...parts, result, updatedBy: 'mallory' });
}

const REOPENED = { status: 'transferring', phase: 'waiting', globusTaskId: '' };

async function cancel(number = 1): Promise<void> {
  const ended = tracker.requestEnd(jobIdOf(number), aWish(), REQUEST_ID);
  ended.catch(() => undefined);
  await pass(15);
  await ended;
}

describe('a cancelled transfer is not carried out again, whatever its job says', () => {
  test('because it was rewritten to look open, and the process restarts', async () => {
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'Globus is busy' });
    left(aTransfer());
    await start();
    await cancel();
    expect(shown()).toMatch(/^004 cancelled: cancelled by alice/);
    rewrite(REOPENED);
    world.globus.submissions.length = 0;
    world.globus.alwaysSubmit(undefined);
    await restart();
    expect([world.globus.submissions, shown()]).toEqual([
      [],
      '004 cancelled: cancelled by alice, before anything was copied',
    ]);
  });

  test('nor because it was rewritten between the answer to the DELETE and its end', async () => {
    world.globus.alwaysSubmit('accepted-but-unclear');
    left(aTransfer());
    // Globus may have it, so its end has to wait.
    world.globus.faults.always('list', { before: down('Globus') });
    await start(5);
    await cancel();
    expect(state()).toBe('waiting');
    await stop();
    rewrite(REOPENED);
    world.globus.faults.clear();
    world.globus.alwaysSubmit(undefined);
    tracker = world.tracker();
    await start(400);
    expect([world.globus.submissions, shown()]).toEqual([
      [],
      '004 cancelled: cancelled by alice, before anything was copied',
    ]);
  });

  test('nor while the process lives on, an hour later', async () => {
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'Globus is busy' });
    left(aTransfer());
    await start();
    await cancel();
    world.globus.submissions.length = 0;
    world.globus.alwaysSubmit(undefined);
    await pass(2 * 3600);
    rewrite(REOPENED);
    await pass(900);
    expect([world.globus.submissions, shown()]).toEqual([
      [],
      '004 cancelled: cancelled by alice, before anything was copied',
    ]);
  });

  test('nor because a copy that ran when it was cancelled has gone from Globus', async () => {
    left(aRunningTransfer());
    world.globus.put(aTask());
    await start();
    await cancel();
    world.globus.put(aFailedTask('CANCELED'));
    await pass(60);
    expect(shown()).toBe('004 cancelled: cancelled by alice');
    world.globus.tasks.clear();
    rewrite(null);
    await restart();
    expect([world.globus.submissions, shown()]).toEqual([[], '004 cancelled: cancelled by alice']);
  });

  test('without a memory of it: it is left alone, and an operator is told', async () => {
    world.history.since = START;
    left(cancelled(withEndRequest(aTransfer(), aWish()), 'by alice'));
    rewrite(REOPENED);
    await start();
    expect([world.globus.submissions, world.jobs.writes, state()]).toEqual([[], [], undefined]);
    expect(world.alarms.active().get('scicat-rewritten')).toContain(jobIdOf(1));
    // Its owner cancels it, and then nothing is unclear any more.
    const job = world.jobs.stored.get(jobIdOf(1));
    if (job === undefined) throw new Error('no job');
    expect(tracker.adopt(job)?.jobId).toBe(jobIdOf(1));
    await cancel();
    await pass(600);
    expect(shown()).toBe('004 cancelled: cancelled by alice, before anything was copied');
    expect(world.alarms.isRaised('scicat-rewritten')).toBe(false);
  });
});

describe('a dataset that was never copied is not archived', () => {
  const FINALIZING = { status: 'transferring', phase: 'finalizing', globusTaskId: UNKNOWN };

  test('because its job says that an unknown task has copied it: it is copied, and then archived', async () => {
    left(aTransfer());
    rewrite(FINALIZING);
    await start();
    expect([world.datasets.marked, world.archiveJobs.made]).toEqual([[], []]);
    expect(world.globus.submissions).toHaveLength(1);
    const [task] = world.globus.tasks.values();
    world.globus.put(aSucceededTask({ ...task, status: 'SUCCEEDED', completedAt: START }));
    await pass(60);
    expect([world.archiveJobs.made.length, shown()]).toEqual([1, '003 finished: finished']);
  });

  test('because its job names the task of another transfer, which was complete', async () => {
    left(aTransfer());
    world.globus.put(aSucceededTask({ number: 77, label: 'SciCat transfer of another user' }));
    rewrite({ ...FINALIZING, globusTaskId: STRANGERS });
    await start();
    expect([world.datasets.marked, world.archiveJobs.made]).toEqual([[], []]);
    expect(world.globus.submissions).toHaveLength(1);
  });

  test('and the word of the service itself holds, though Globus has forgotten the task', async () => {
    left(
      aTransfer({
        status: {
          state: 'finalizing',
          taskId: taskIdFor(1),
          lifecycleBefore: undefined,
          archiveJobId: undefined,
        },
      }),
    );
    await start();
    expect([world.archiveJobs.made.length, shown()]).toEqual([1, '003 finished: finished']);
  });
});

describe('no slot is held', () => {
  test.each([
    ['a task that does not exist', UNKNOWN],
    ['the running task of somebody else', STRANGERS],
  ])('by %s in a rewritten job', async (_what, globusTaskId) => {
    world = new TrackingWorld({ task: { maxConcurrency: 2 } });
    world.history.since = OLD - DAY;
    tracker = world.tracker();
    world.globus.put(aTask({ number: 77, label: 'SciCat transfer of another user' }));
    for (const number of [1, 2]) {
      left(aTransfer({ number }));
      rewrite({ status: 'transferring', phase: 'transferring', globusTaskId }, { number });
    }
    await start(15);
    expect(tracker.status()).toMatchObject({ inFlight: 0, waiting: 2 });
    // While they are checked, others go.
    left(aTransfer({ number: 3 }));
    await pass(400);
    expect([1, 2].map(state)).toEqual(['transferring', 'transferring']);
    expect(world.globus.cancelled).toEqual([]);
    expect(world.globus.submissions.map(({ label }) => label).sort()).toEqual(
      [1, 2].map((number) => `SciCat transfer ${jobIdOf(number)}`),
    );
  });
});

describe('a running transfer is not lost by a forged end just before a restart', () => {
  test.each(['finished', 'failed', 'cancelled'])('%s', async (status) => {
    left(aRunningTransfer());
    world.globus.put(aTask());
    await start();
    await stop();
    rewrite({ status, phase: status, globusTaskId: taskIdFor(1) });
    tracker = world.tracker();
    await start(30);
    expect([state(), shown()]).toEqual(['transferring', '002 transferring: transferring']);
    world.globus.put(aSucceededTask());
    await pass(60);
    expect([world.archiveJobs.made.length, shown()]).toEqual([1, '003 finished: finished']);
    expect(world.globus.submissions).toEqual([]);
  });

  test('nor is one whose task has failed meanwhile left with what somebody says of it', async () => {
    left(aRunningTransfer());
    world.globus.put(aFailedTask('EXPIRED'));
    rewrite({ status: 'failed', phase: 'failed' }, { statusMessage: 'forged' });
    await start();
    expect(shown()).toMatch(/^998 failed: Globus gave up at the task's deadline/);
  });

  test('nor a waiting one, of which Globus knows nothing yet', async () => {
    left(aTransfer());
    rewrite({ status: 'finished', phase: 'finished', globusTaskId: UNKNOWN });
    await start();
    expect([state(), world.globus.submissions.length]).toEqual(['transferring', 1]);
  });

  test('nor one whose files have arrived, but that is not archived yet', async () => {
    left(aRunningTransfer());
    world.globus.put(aSucceededTask());
    rewrite({ status: 'finished', phase: 'finished', globusTaskId: taskIdFor(1) });
    await start();
    expect([world.archiveJobs.made.length, shown()]).toEqual([1, '003 finished: finished']);
  });

  test('it is not submitted again before a request of the dead process can not arrive any more', async () => {
    left(aTransfer());
    // The id under which it was submitted is gone with the result.
    rewrite({});
    await start(100);
    expect(world.globus.submissions).toEqual([]);
    world.globus.put(aTask());
    await pass(60);
    expect([state(), world.globus.submissions]).toEqual(['transferring', []]);
  });

  test('nor are many of them, of which only some are checked at a time', async () => {
    world = new TrackingWorld({ task: { maxConcurrency: 50 } });
    world.history.since = OLD - DAY;
    tracker = world.tracker();
    const numbers = Array.from({ length: 30 }, (_, index) => index + 1);
    for (const number of numbers) {
      left(aTransfer({ number }));
      rewrite({}, { number });
    }
    await start(100);
    expect([world.globus.submissions, world.jobs.writes]).toEqual([[], []]);
    await pass(120);
    expect(world.globus.submissions).toHaveLength(30);
  });

  test('until Globus answers, an equal request gets neither its job nor a new one', async () => {
    const transfer = aRunningTransfer();
    left(transfer);
    rewrite({ status: 'finished', phase: 'finished', globusTaskId: taskIdFor(1) });
    world.globus.faults.always('list', { before: down('Globus') });
    await start(30);
    if (transfer.origin.kind !== 'recorded') throw new Error('no record');
    const asked = {
      fingerprint: fingerprint(transfer.origin.record),
      owner: OWNER,
      facilities: FACILITIES,
      requestId: REQUEST_ID,
      store: () => Promise.reject(new Error('a second job')),
    };
    await expect(tracker.admit(asked)).rejects.toBeInstanceOf(NotReadyError);
    expect(() => tracker.forecast(asked.fingerprint, OWNER, FACILITIES)).toThrow(NotReadyError);
    expect(world.jobs.writes).toEqual([]);
    world.globus.faults.clear();
    world.globus.put(aTask());
    await pass(120);
    expect(await tracker.admit(asked)).toEqual({ kind: 'repeats', jobId: jobIdOf(1) });
  });
});

describe("a stranger's task is not cancelled through a job of the Go version", () => {
  const goJob = (parts: Partial<TransferJobDocument> = {}): void => {
    world.jobs.put(
      aJob({
        globusTransfer: undefined,
        createdAt: OLD,
        updatedAt: OLD,
        result: { status: 'transferring', globusTaskId: taskIdFor(1) },
        ...parts,
      }),
    );
  };
  const goTask = (parts: Partial<ReturnType<typeof aTask>> = {}): void => {
    world.globus.put(aTask({ label: undefined, requestedAt: OLD - 2000, ...parts }));
  };

  test('not if another account has put it there', async () => {
    goTask();
    goJob({ updatedBy: 'mallory' });
    await start(30);
    const job = world.jobs.stored.get(jobIdOf(1));
    if (job === undefined) throw new Error('no job');
    expect([state(), tracker.adopt(job)]).toEqual([undefined, undefined]);
    world.jobs.stored.clear();
    await pass(900);
    expect(world.globus.cancelled).toEqual([]);
  });

  test.each<[string, Partial<ReturnType<typeof aTask>>]>([
    ['from another collection', { sourceCollection: uuid('abababab', 1) }],
    ['to another collection', { destinationCollection: uuid('abababab', 1) }],
    ['between collections that Globus does not name', { sourceCollection: undefined }],
    ['an hour before the job', { requestedAt: OLD - 60 * 60_000 }],
    ['an hour after the job', { requestedAt: OLD + 60 * 60_000 }],
    ['at a time that Globus does not tell', { requestedAt: undefined }],
    ['with the label of another transfer', { label: `SciCat transfer ${jobIdOf(2)}` }],
  ])('nor a task %s', async (_what, parts) => {
    goTask(parts);
    goJob();
    await start(30);
    await cancel();
    await pass(120);
    expect([world.globus.cancelled, world.alarms.isRaised(`task:${jobIdOf(1)}`)]).toEqual([
      [],
      true,
    ]);
  });

  test('but its own is', async () => {
    goTask();
    goJob();
    await start(30);
    await cancel();
    expect(world.globus.cancelled).toEqual([taskIdFor(1)]);
  });
});

describe('an operator who writes into a job by hand breaks nothing', () => {
  const byHand = (number = 1): void => {
    const { result } = world.jobs.stored.get(jobIdOf(number)) ?? {};
    rewrite(result, { number, statusMessage: 'looked at by Anna' });
  };

  test('a running transfer goes on, and Globus is asked for its task', async () => {
    left(aRunningTransfer());
    world.globus.put(aTask());
    byHand();
    await start(30);
    expect([state(), shown()]).toEqual(['transferring', '002 transferring: transferring']);
    expect(world.events.of('adopted')).toMatchObject([{ writtenBy: 'mallory' }]);
  });

  test('a waiting transfer waits on, and is submitted once', async () => {
    left(aTransfer());
    byHand();
    await start();
    expect([state(), world.globus.submissions.length]).toEqual(['transferring', 1]);
  });

  test.each([
    ['finished', aSucceededTask()],
    ['failed', aFailedTask('EXPIRED')],
  ])('a transfer that has %s stays as it is, and no e-mail is sent', async (_what, task) => {
    left(aRunningTransfer());
    world.globus.put(aTask());
    await start(30);
    world.globus.put(task);
    await pass(60);
    const ended = shown()?.split(':')[0];
    byHand();
    const before = world.jobs.writes.length;
    // Remembered or not.
    for (const forgets of [false, true]) {
      if (forgets) {
        // The data folder was lost.
        world.history.ends.clear();
        world.history.since = world.clock.now();
      }
      await restart();
      expect([world.jobs.writes.length, state()]).toEqual([before, undefined]);
    }
    expect(shown()).toBe(`${ended ?? ''}: looked at by Anna`);
    expect([world.archiveJobs.made.length, world.globus.submissions.length]).toEqual([
      task.status === 'SUCCEEDED' ? 1 : 0,
      0,
    ]);
  });

  test('an old transfer that Globus has forgotten stays as it is', async () => {
    world.history.since = START;
    left(cancelled(withEndRequest(aTransfer(), aWish()), 'by alice'));
    byHand();
    await start();
    expect([world.jobs.writes, state(), world.globus.submissions]).toEqual([[], undefined, []]);
    expect([...world.alarms.active().keys()]).toEqual([]);
  });

  test('a transfer that cannot be checked because of its Globus client id waits, as before', async () => {
    left(aTransfer({ record: { globusClientId: uuid('c2c2c2c2', 1) } }));
    byHand();
    await start();
    expect([state(), world.alarms.isRaised('globus-client-id')]).toEqual(['waiting', true]);
    await settle();
  });
});
