import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { aSucceededTask, jobIdOf, keyOf, REQUEST_ID } from '../../test/support/builders.js';
import { aGate } from '../../test/support/faults.js';
import { TrackerRig } from '../../test/support/tracker-rig.js';
import type { TrackingWorld } from '../../test/support/tracking-world.js';
import { down, timeout } from '../../test/support/upstream-failures.js';
import { settle } from '../../test/support/virtual-clock.js';

/** Jobs that requests make have numbers from here. */
const FIRST = jobIdOf(901);
const SECOND = jobIdOf(902);
let rig: TrackerRig;
let world: TrackingWorld;
beforeEach(async () => {
  rig = new TrackerRig();
  ({ world } = rig);
  await rig.started();
});
afterEach(() => rig.end());

/** Every task that Globus runs comes to a good end. */
function copyAll(): void {
  const tasks = [...world.globus.tasks.values()];
  world.globus.put(...tasks.map(({ taskId, label }) => aSucceededTask({ taskId, label })));
}
const statuses = (...jobIds: readonly string[]): readonly (string | undefined)[] =>
  jobIds.map((jobId) => world.jobs.shown(jobId)?.split(':')[0]);

describe('a job that was removed in SciCat does not answer an equal request', () => {
  test('before a sweep notices: the request gets a new job, and the old task ends', async () => {
    expect(await rig.ask()).toBe(FIRST);
    await rig.pass(10);
    world.jobs.stored.delete(FIRST);
    expect(await rig.ask()).toBe(SECOND);
    await rig.pass(60);
    expect([statuses(FIRST, SECOND), world.globus.cancelled.length]).toEqual([
      [undefined, '002 transferring'],
      1,
    ]);
  });

  test('after a sweep, while Globus can not be reached to cancel the old task', async () => {
    await rig.ask();
    await rig.pass(10);
    for (const call of ['list', 'task'] as const)
      world.globus.faults.always(call, { before: timeout('Globus') });
    world.jobs.stored.delete(FIRST);
    await rig.pass(700);
    expect(world.events.of('job-gone').map(({ jobId }) => jobId)).toEqual([FIRST]);
    expect(await rig.ask()).toBe(SECOND);
  });

  test('while SciCat can not say whether it exists, the request fails', async () => {
    await rig.ask();
    world.jobs.faults.next('read', { before: down() });
    await expect(rig.ask()).rejects.toThrow(down().message);
    expect(await rig.ask()).toBe(FIRST);
    expect(world.jobs.stored.size).toBe(1);
  });
});

describe('an equal request that comes while the first is being stored', () => {
  /** Both ask before SciCat has answered the first, and Globus is slow then. */
  async function askedTwice() {
    const [created, submitted] = [aGate(), aGate()];
    world.jobs.faults.next('create', { holdAnswer: created.opened });
    world.globus.faults.next('submit', { hold: submitted.opened });
    const answers = [rig.ask(), rig.ask()];
    await settle();
    created.open();
    await settle();
    return {
      answered: async () => {
        submitted.open();
        await rig.pass(15);
        return Promise.all(answers);
      },
    };
  }

  test('shares its job', async () => {
    const { answered } = await askedTwice();
    expect(await answered()).toEqual([FIRST, FIRST]);
  });

  test('gets its own job when the end of the first was requested meanwhile', async () => {
    const { answered } = await askedTwice();
    const request = { reason: 'user', by: 'alice', at: '', remove: false } as const;
    await rig.tracker.requestEnd(FIRST, request, REQUEST_ID);
    expect(await answered()).toEqual([FIRST, SECOND]);
  });

  test('gets its own job when the job of the first was removed meanwhile', async () => {
    const { answered } = await askedTwice();
    world.jobs.stored.clear();
    const third = rig.ask();
    await settle();
    expect(await answered()).toEqual([FIRST, SECOND]);
    expect(await third).toBe(SECOND);
  });

  test('gets its own job when the first was removed during a slow submission', async () => {
    const gate = aGate();
    world.globus.faults.next('submit', { hold: gate.opened });
    const first = rig.ask();
    await settle();
    world.jobs.stored.clear();
    const second = rig.ask();
    gate.open();
    await rig.pass(15);
    expect([await first, await second]).toEqual([FIRST, SECOND]);
  });
});

describe('a request answered with an error although SciCat stored its job', () => {
  /** SciCat stores the job, but its answer is lost, and it is away for so long from then on. */
  async function askedInVain(awaySeconds: number): Promise<void> {
    world.jobs.faults.next('create', { after: timeout() });
    for (const call of ['findByKey', 'listOpenIds', 'read', 'write'] as const)
      world.jobs.faults.always(call, { before: down() });
    const told = rig.ask().then(
      () => 'accepted',
      (error: unknown) => (error as Error).name,
    );
    await rig.pass(awaySeconds);
    expect(await told).toBe('UpstreamUnavailableError');
    world.jobs.faults.clear();
  }

  test('with SciCat down for ten minutes: only the retried request is carried out', async () => {
    await askedInVain(600);
    expect(await rig.ask()).toBe(SECOND);
    await rig.pass(600);
    copyAll();
    await rig.pass(60);
    expect([
      world.globus.tasks.size,
      world.archiveJobs.made.map(({ transferJobId }) => transferJobId),
    ]).toEqual([1, [SECOND]]);
    expect(statuses(FIRST, SECOND)).toEqual(['004 cancelled', '003 finished']);
  });

  test('is found however long SciCat was down, and then forgotten', async () => {
    await askedInVain(3 * 3600);
    await rig.pass(600);
    expect(world.jobs.shown(FIRST)).toMatch(/^004 cancelled: cancelled by the service, because/);
    const looks = world.jobs.faults.count('findByKey');
    await rig.pass(3600);
    expect(world.jobs.faults.count('findByKey')).toBe(looks);
  });
});

test('a disowned job that was adopted and submitted before counts as possibly sent', async () => {
  const { job, refused } = rig.storing(1);
  await refused();
  world.globus.alwaysSubmit('accepted-but-unclear');
  rig.tracker.adopt(job);
  await rig.pass(5);
  world.globus.faults.always('list', { before: timeout('Globus') });
  rig.tracker.reportJobCreation({ kind: 'disowned', key: keyOf(1) });
  await rig.pass(60);
  expect(rig.tracker.find(jobIdOf(1))?.transfer.status).toMatchObject({
    submission: 'unconfirmed',
  });
  world.globus.faults.clear();
  await rig.pass(120);
  expect([...world.globus.tasks.keys()]).toEqual([...new Set(world.globus.cancelled)]);
  expect(world.globus.tasks.size).toBe(1);
});
