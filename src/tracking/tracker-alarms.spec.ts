import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aFailedTask,
  aRunningTransfer,
  aSucceededTask,
  aTask,
  jobIdOf,
  REQUEST_ID,
  taskIdFor,
} from '../../test/support/builders.js';
import { TrackerRig } from '../../test/support/tracker-rig.js';
import type { TrackingWorld } from '../../test/support/tracking-world.js';
import { accountRefused, down } from '../../test/support/upstream-failures.js';
import { UpstreamSetupError } from '../errors/upstream.errors.js';
import { taskLabel } from '../domain/task-label.js';

let rig: TrackerRig;
let world: TrackingWorld;
beforeEach(() => {
  rig = new TrackerRig();
  ({ world } = rig);
});
afterEach(() => rig.end());

const standing = (): readonly string[] => [...world.alarms.active().keys()];
/** How often an alarm was raised, and how often taken back. */
const said = (name: string): readonly [number, number] => [
  world.events.of('alarm').filter(({ alarm }) => alarm === name).length,
  world.events.of('alarm-cleared').filter(({ alarm }) => alarm === name).length,
];
/** A running transfer whose numbers grow, so that its job is written at every poll. */
async function copying(looks: number): Promise<void> {
  for (let look = 1; look <= looks; look += 1) {
    world.globus.put(aTask({ bytesTransferred: look }));
    await rig.pass(10);
  }
}

test('no space for file lists: one alarm until there is some, even before SciCat is read', async () => {
  world.jobs.faults.always('listOpen', { before: down() });
  world.spool.trouble = 'The disk is full.';
  await rig.started();
  expect(world.alarms.active().get('spool')).toBe('The disk is full.');
  world.jobs.faults.clear();
  await rig.pass(60);
  expect([said('spool'), standing()]).toEqual([[1, 0], ['spool']]);
  world.spool.trouble = undefined;
  await rig.pass(10);
  expect([said('spool'), standing()]).toEqual([[1, 1], []]);
});

describe("rights that the service's SciCat account lacks", () => {
  beforeEach(async () => {
    rig.left(aRunningTransfer());
    world.globus.put(aTask());
    await rig.started();
  });

  test('reading jobs: one alarm, which successful writes do not clear', async () => {
    world.jobs.faults.always('listOpenIds', { before: accountRefused() });
    await copying(120);
    expect(world.jobs.writes.length).toBeGreaterThan(100);
    expect([said('scicat-account'), standing()]).toEqual([[1, 0], ['scicat-account']]);
    world.jobs.faults.clear();
    await rig.pass(60);
    expect(standing()).toEqual([]);
  });

  test('writing jobs: one alarm, which a successful sweep does not clear', async () => {
    world.jobs.faults.always('write', { before: accountRefused() });
    await copying(120);
    expect(world.events.of('swept').length).toBeGreaterThan(3);
    expect([said('scicat-account-write'), standing()]).toEqual([[1, 0], ['scicat-account-write']]);
    world.jobs.faults.clear();
    await copying(10);
    expect(standing()).toEqual([]);
  });

  describe('removing jobs', () => {
    beforeEach(async () => {
      await rig.request(2);
      world.jobs.faults.always('remove', { before: accountRefused() });
      const task = { taskId: taskIdFor(501), label: taskLabel(jobIdOf(2)) };
      const end = { reason: 'user', by: 'alice', at: '', remove: true } as const;
      await rig.tracker.requestEnd(jobIdOf(2), end, REQUEST_ID);
      world.globus.put(aFailedTask('CANCELED', task));
      await copying(120);
    });

    test('one alarm, cleared by the first successful removal but not by writes', async () => {
      expect([said('scicat-account-remove'), standing()]).toEqual([
        [1, 0],
        ['scicat-account-remove'],
      ]);
      world.jobs.faults.clear();
      await copying(360);
      expect([world.jobs.stored.has(jobIdOf(2)), standing()]).toEqual([false, []]);
    });

    test('cleared also when the job was removed by other means', async () => {
      world.jobs.stored.delete(jobIdOf(2));
      await copying(60);
      expect(standing()).toEqual([]);
    });
  });

  test('creating jobs: the alarm stays until a job is created, whatever is read and written', async () => {
    rig.tracker.reportJobCreation({
      kind: 'not-permitted',
      reason: 'no right to create',
      obstacle: 'permission',
    });
    await copying(120);
    expect([said('scicat-account-create'), [...world.alarms.active()]]).toEqual([
      [1, 0],
      [['scicat-account-create', 'no right to create']],
    ]);
    await rig.ask();
    expect(standing()).toEqual([]);
  });

  test('a missing job type: the alarm has a name of its own, and stays until a job is created', async () => {
    rig.tracker.reportJobCreation({
      kind: 'not-permitted',
      reason: 'no such job type',
      obstacle: 'setup',
    });
    await copying(120);
    expect([...world.alarms.active()]).toEqual([['scicat-setup:create', 'no such job type']]);
    await rig.ask();
    expect(standing()).toEqual([]);
  });

  test.each(['write', 'listOpenIds'] as const)(
    'a SciCat that is set up wrongly, noticed by %s: not the account is to blame',
    async (call) => {
      const wrong = new UpstreamSetupError('SciCat', 'SciCat does not have the job type.');
      world.jobs.faults.always(call, { before: wrong });
      await copying(310);
      const alarm = call === 'write' ? 'scicat-setup:write' : 'scicat-setup:list';
      expect([...world.alarms.active()]).toEqual([[alarm, wrong.message]]);
      world.jobs.faults.clear(call);
      await copying(700);
      expect(standing()).toEqual([]);
    },
  );

  test('logging in: says nothing about rights, and is cleared by the next successful sweep', async () => {
    rig.tracker.reportJobCreation({
      kind: 'not-permitted',
      reason: 'wrong password',
      obstacle: 'login',
    });
    expect([...world.alarms.active()]).toEqual([['scicat-account', 'wrong password']]);
    await rig.pass(310);
    expect(standing()).toEqual([]);
  });

  test('an outage raises none of these', async () => {
    for (const call of ['listOpenIds', 'write'] as const)
      world.jobs.faults.always(call, { before: down() });
    await copying(120);
    expect(standing()).toEqual([]);
  });
});

describe("Globus refuses the service's account, then accepts it again", () => {
  beforeEach(async () => {
    await rig.started();
    world.globus.faults.always('list', { before: accountRefused('Globus') });
    world.globus.alwaysSubmit({ kind: 'account-refused', reason: 'bad secret' });
    await rig.request(1);
    const end = { reason: 'user', by: 'alice', at: '', remove: false } as const;
    await rig.tracker.requestEnd(jobIdOf(1), end, REQUEST_ID);
    await rig.pass(60);
    expect([rig.tracker.status().open, standing()]).toEqual([0, ['globus-account']]);
  });

  test('without transfers: checked every few minutes, not at every poll', async () => {
    const looks = world.globus.faults.count('list');
    await rig.pass(1200);
    expect([world.globus.faults.count('list') - looks, standing()]).toEqual([
      4,
      ['globus-account'],
    ]);
    expect(world.events.of('observed')).toEqual([]);
    world.globus.faults.clear();
    await rig.pass(310);
    expect(standing()).toEqual([]);
    const good = world.globus.faults.count('list');
    await rig.pass(1200);
    expect(world.globus.faults.count('list')).toBe(good);
  });
});

describe('an alarm about one transfer ends with it', () => {
  test('refused scopes that are no longer needed', async () => {
    world.globus.alwaysSubmit({ kind: 'scopes-refused', reason: 'no scope' });
    await rig.started();
    await rig.request(1);
    expect(standing()).toEqual(['globus-scopes:PSI:CSCS']);
    const end = { reason: 'user', by: 'alice', at: '', remove: false } as const;
    await rig.tracker.requestEnd(jobIdOf(1), end, REQUEST_ID);
    await rig.pass(60);
    expect([rig.tracker.status().open, standing()]).toEqual([0, []]);
  });

  test('a task with another label, and an internal error', async () => {
    rig.left(aRunningTransfer());
    world.globus.put(aTask({ label: taskLabel(jobIdOf(7)) }));
    await rig.started();
    world.alarms.raise(`internal:${jobIdOf(1)}`, 'TypeError');
    expect(standing()).toEqual([`task:${jobIdOf(1)}`, `internal:${jobIdOf(1)}`]);
    world.globus.put(aSucceededTask({ taskId: taskIdFor(1) }));
    await rig.pass(60);
    expect([rig.shown(), standing()]).toEqual(['003 finished: finished', []]);
  });
});
