import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aFacility,
  aFailedTask,
  aRunningTransfer,
  aSucceededTask,
  aTask,
  aTransfer,
  aWish,
  type ConfigParts,
  jobIdOf,
  taskIdFor,
} from '../../test/support/builders.js';
import { UNTOUCHED } from '../../test/support/fake-scicat.js';
import { TrackerRig } from '../../test/support/tracker-rig.js';
import type { TrackingWorld } from '../../test/support/tracking-world.js';
import { down, rejected } from '../../test/support/upstream-failures.js';
import { taskLabel } from '../domain/task-label.js';
import type { TransferStatus } from '../domain/transfer.js';
import type { Tracker } from './tracker.js';

// SciCat refuses every change to the job of a dataset that was deleted.
const GONE = 'the dataset was deleted in SciCat before Globus had started to copy';
const HOUR = 3600;
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

const statusOf = (number = 1): TransferStatus | undefined =>
  tracker.find(jobIdOf(number))?.transfer.status;
const asked = (): readonly string[] => world.globus.submissions.map(({ label }) => label);
/** Ends a transfer as `DELETE` does. @returns what became of the answer so far */
function end(number = 1, remove = false): { readonly of: string } {
  const answer = { of: 'pending' };
  tracker.requestEnd(jobIdOf(number), aWish({ remove }), 'request-2').then(
    () => (answer.of = 'answered'),
    (error: unknown) => (answer.of = (error as Error).message),
  );
  return answer;
}
const finalizing: TransferStatus = {
  state: 'finalizing',
  taskId: taskIdFor(1),
  lifecycleBefore: undefined,
  archiveJobId: undefined,
};

describe('a transfer that waits while its dataset is deleted', () => {
  test('in the queue: it ends with a reason when its job is written next, not when it is its turn', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    await rig.started();
    await Promise.all([1, 2].map((number) => rig.request(number)));
    world.deleteDataset(2);
    await rig.pass(5);
    const tracked = tracker.find(jobIdOf(2));
    expect(tracked?.transfer.status.state).toBe('waiting');
    // Whatever makes the service write the job.
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'maintenance' });
    world.globus.put(aSucceededTask({ taskId: taskIdFor(501), label: taskLabel(jobIdOf(1)) }));
    await rig.pass(120);
    expect(statusOf(2)).toMatchObject({ state: 'failed', error: GONE });
  });

  test('because its facility was removed: it ends all the same', async () => {
    setUp({ facilities: [aFacility('PSI')] });
    rig.left(aTransfer());
    world.deleteDataset(1);
    await rig.started();
    await rig.pass(180);
    expect([statusOf(), asked()]).toMatchObject([{ state: 'failed', error: GONE }, []]);
  });

  test.each([
    ['with a submission id in its job', aTransfer()],
    ['without one', aTransfer({ submissionId: undefined })],
  ])('and the service restarts (%s): nothing is copied, it ends', async (_what, left) => {
    rig.left(left);
    world.deleteDataset(1);
    await rig.started();
    await rig.pass(60);
    // The process before this one may have submitted it, so Globus is watched for two minutes.
    expect(statusOf()).toMatchObject({ state: 'waiting', reason: expect.stringContaining(GONE) });
    await rig.pass(120);
    expect([statusOf(), asked()]).toMatchObject([{ state: 'failed', error: GONE }, []]);
  });

  test('and the service restarts: a task that Globus has of it is tracked to its end', async () => {
    rig.left(aTransfer());
    world.deleteDataset(1);
    world.globus.put(aTask());
    await rig.started();
    expect(statusOf()?.state).toBe('transferring');
    world.globus.put(aSucceededTask());
    await rig.pass(60);
    expect(statusOf()).toMatchObject({
      state: 'finished',
      shortfall: { error: 'the dataset is no longer in SciCat' },
    });
  });

  test('after an attempt that Globus did not take: it is not submitted again', async () => {
    world.globus.planSubmit({ kind: 'conflict', reason: 'identical paths' });
    await rig.started();
    await rig.request(1);
    world.datasets.lifecycles.set('20.500.12345/e1', undefined);
    await rig.pass(120);
    expect([asked().length, statusOf()]).toMatchObject([1, undefined]);
    expect(rig.shown()).toBe(`998 failed: ${GONE}`);
  });

  test('ended like this it holds up nothing: no slot, no place, no equal request', async () => {
    setUp({ task: { maxConcurrency: 1, queueSize: 1 } });
    rig.left(aTransfer());
    world.deleteDataset(1);
    await rig.started();
    await rig.pass(180);
    expect(tracker.status()).toMatchObject({ waiting: 0, inFlight: 0, finalizing: 0, open: 1 });
    expect(await rig.request(2)).toBe('started');
  });
});

describe('a transfer that Globus runs while its dataset is deleted', () => {
  test('is tracked to its end, which says that the dataset is gone', async () => {
    rig.left(aRunningTransfer());
    world.globus.put(aTask());
    await rig.started();
    world.deleteDataset(1);
    await rig.pass(60);
    expect(statusOf()?.state).toBe('transferring');
    world.globus.put(aSucceededTask());
    await rig.pass(60);
    expect(statusOf()).toMatchObject({
      state: 'finished',
      shortfall: { kind: 'not-marked', error: 'the dataset is no longer in SciCat' },
    });
    expect([world.datasets.marked, world.archiveJobs.made]).toEqual([[], []]);
  });

  test.each([
    ['succeeded', aSucceededTask(), 'finished'],
    ['failed', aFailedTask('EXPIRED'), 'failed'],
  ])('and the service restarts after it has %s: it ends once more', async (_what, task, state) => {
    rig.left(aRunningTransfer());
    world.deleteDataset(1);
    world.globus.put(task);
    await rig.started();
    await rig.pass(60);
    expect(statusOf()?.state).toBe(state);
  });

  test('and the service restarts while it was finalizing: it ends, although the updater may not read datasets', async () => {
    rig.left(aTransfer({ status: { ...finalizing, lifecycleBefore: UNTOUCHED } }));
    world.globus.put(aSucceededTask());
    world.deleteDataset(1);
    world.datasets.faults.always('readAsService', { before: rejected(403) });
    await rig.started();
    await rig.pass(60);
    expect(statusOf()).toMatchObject({ state: 'finished', shortfall: { kind: 'not-marked' } });
  });

  test('its job is written once an hour, however often Globus shows progress', async () => {
    rig.left(aRunningTransfer());
    world.globus.put(aTask());
    await rig.started();
    world.deleteDataset(1);
    for (let minute = 0; minute < 60; minute += 1) {
      world.globus.put(aTask({ bytesTransferred: minute * 10, niceStatus: `TROUBLE_${minute}` }));
      await rig.pass(60);
    }
    expect(world.jobs.faults.count('write')).toBeLessThanOrEqual(2);
  });
});

describe('DELETE of a transfer whose dataset was deleted', () => {
  test('in the queue: answered, cancelled; after a restart nothing is copied either', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    await rig.started();
    await Promise.all([1, 2].map((number) => rig.request(number)));
    world.deleteDataset(2);
    const answer = end(2);
    await rig.pass(5);
    expect([answer.of, statusOf(2)]).toEqual([
      'answered',
      { state: 'cancelled', taskId: '', by: 'by alice, before anything was copied' },
    ]);
  });

  test('at Globus: answered when Globus cancels its task, since SciCat can not remember the request', async () => {
    rig.left(aRunningTransfer());
    world.globus.put(aTask());
    await rig.started();
    world.deleteDataset(1);
    const answer = end();
    await rig.pass(5);
    expect([answer.of, world.globus.cancelled]).toEqual(['answered', [taskIdFor(1)]]);
    world.globus.put(aFailedTask('CANCELED'));
    await rig.pass(30);
    expect(statusOf()).toMatchObject({ state: 'cancelled', by: 'by alice' });
  });

  test('at Globus, which can not be reached: an error, no flood of writes, and cancelled later', async () => {
    rig.left(aRunningTransfer());
    world.globus.put(aTask());
    await rig.started();
    world.deleteDataset(1);
    world.globus.faults.always('cancel', { before: down('Globus') });
    const before = world.jobs.faults.count('write');
    const answer = end();
    await rig.pass(600);
    expect(answer.of).toMatch(/^The dataset of this transfer was deleted .* check the transfer/);
    expect([world.globus.cancelled, world.jobs.faults.count('write') - before]).toEqual([[], 1]);
    world.globus.faults.clear();
    await rig.pass(60);
    expect(world.globus.cancelled).toEqual([taskIdFor(1)]);
  });

  test('during its last steps: answered, and it ends as usual', async () => {
    rig.left(aTransfer({ status: finalizing }));
    world.globus.put(aSucceededTask());
    world.deleteDataset(1);
    world.archiveJobs.faults.always('findByKey', { before: down() });
    await rig.started();
    const answer = end();
    await rig.pass(5);
    expect(answer.of).toBe('answered');
    world.archiveJobs.faults.clear();
    await rig.pass(60);
    expect(statusOf()?.state).toBe('finished');
  });

  test.each(['waiting', 'transferring', 'ended'])(
    '%s, with delete=true: the job is removed at once',
    async (state) => {
      setUp({ task: { maxConcurrency: 1 } });
      if (state === 'waiting') rig.left(aRunningTransfer({ number: 2 }));
      world.globus.put(aTask(), aTask({ number: 2 }));
      await rig.started();
      if (state === 'waiting') await rig.request(1);
      else {
        rig.left(aRunningTransfer());
        await rig.sweep();
      }
      world.deleteDataset(1);
      if (state === 'ended') {
        world.globus.put(aFailedTask('EXPIRED'));
        await rig.pass(30);
      }
      const answer = end(1, true);
      await rig.pass(5);
      if (state === 'transferring') world.globus.put(aFailedTask('CANCELED'));
      await rig.pass(30);
      expect([answer.of, world.jobs.stored.has(jobIdOf(1)), statusOf()]).toEqual([
        'answered',
        false,
        undefined,
      ]);
    },
  );
});

test('a sweep that finds such an open job again ends nothing twice and forgets nothing', async () => {
  rig.left(aRunningTransfer());
  world.globus.put(aSucceededTask());
  world.deleteDataset(1);
  await rig.started();
  for (let sweep = 0; sweep < 5; sweep += 1) await rig.sweep();
  expect([statusOf()?.state, tracker.status().parkedJobs]).toEqual(['finished', 1]);
  // An administrator creates the dataset again: the job shows the end within an hour.
  world.jobs.withoutDataset.clear();
  await rig.pass(HOUR + 60);
  expect([rig.shown(), tracker.status().open]).toEqual([
    "997 finished: completed but can't mark dataset as archivable",
    0,
  ]);
});
