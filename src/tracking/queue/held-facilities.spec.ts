import { afterEach, describe, expect, test } from '@jest/globals';
import {
  aFacility,
  aHold,
  aPathTemplate,
  aRecord,
  aRunningTransfer,
  aTask,
  aTransfer,
  FACILITIES,
  jobIdOf,
  OWNER,
  REQUEST_ID,
  START,
} from '../../../test/support/builders.js';
import { TrackerRig } from '../../../test/support/tracker-rig.js';
import type { TrackingWorld } from '../../../test/support/tracking-world.js';
import { down } from '../../../test/support/upstream-failures.js';
import { settle } from '../../../test/support/virtual-clock.js';
import type { FacilityHold } from '../../domain/facility-hold.js';
import { taskLabel } from '../../domain/task-label.js';
import { SpoolUnavailableError } from '../../errors/request.errors.js';
import { HeldFacilities } from './held-facilities.js';

let rig: TrackerRig;
afterEach(() => rig.end());

const HOUR = 3_600_000;
const HELD = 'facility PSI is held: maintenance of the storage';
const SLOT = 'the service runs at most 1 transfer at a time, and this one waits for a free slot';
const ELSEWHERE = {
  source: { ...aRecord().source, facility: 'ESRF', path: '/esrf' },
  destination: { ...aRecord().destination, facility: 'ILL', path: '/ill' },
};
const FOUR = [
  aFacility('PSI'),
  aFacility('CSCS'),
  aFacility('ESRF', {
    collection: ELSEWHERE.source.collection,
    sourcePath: aPathTemplate(ELSEWHERE.source.path),
  }),
  aFacility('ILL'),
];

const hold = (parts: Partial<FacilityHold> = {}): Promise<void> =>
  rig.world.holds.place(aHold(parts), REQUEST_ID);
const release = (facility = 'PSI') => rig.world.holds.release(facility, 'olivia', REQUEST_ID);
const UNCONFIRMED = { state: 'waiting', reason: '', submission: 'unconfirmed' } as const;
const elsewhere = () =>
  rig.tracker.forecast('equal to nothing', OWNER, { source: 'ESRF', destination: 'ILL' });
const asked = (): readonly string[] => rig.world.globus.submissions.map(({ label }) => label);
const labels = (...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => taskLabel(jobIdOf(number)));

describe('a held facility', () => {
  test('new transfers are accepted, wait with the message, and go when it is released', async () => {
    rig = new TrackerRig();
    await rig.started();
    await hold();
    expect(rig.tracker.forecast('equal to nothing', OWNER, FACILITIES)).toEqual({
      kind: 'starts',
      slot: false,
      waitsFor: HELD,
    });
    expect(await rig.request(1)).toBe('waits');
    await rig.pass(3600);
    expect(rig.shown()).toContain(`waiting: ${HELD}`);
    expect([asked(), rig.tracker.status().waiting]).toEqual([[], 1]);

    expect(await release()).toEqual(aHold());
    // Without waiting for a poll.
    await settle();
    expect(asked()).toEqual(labels(1));
  });

  test.each(['PSI', 'CSCS'])('%s of both sides counts', async (facility) => {
    rig = new TrackerRig();
    await rig.started();
    await hold({ facility });
    expect(await rig.request(1)).toBe('waits');
  });

  test('transfers that wait already say so too, at once, also those that are not due', async () => {
    rig = new TrackerRig({ task: { maxConcurrency: 1 } });
    await rig.started();
    await rig.request(1);
    await rig.request(2);
    await hold();
    await rig.world.clock.advance(1000);
    expect(rig.shown(2)).toContain(HELD);
    await release();
    await rig.world.clock.advance(1000);
    expect(rig.shown(2)).toContain(SLOT);
  });

  test('what Globus runs goes on to its end, and what it runs beside it is not held up', async () => {
    rig = new TrackerRig({ facilities: FOUR });
    await rig.started();
    await rig.request(1);
    await hold();
    const tracked = rig.tracker.find(jobIdOf(1));
    expect(tracked?.transfer.status.state).toBe('transferring');
    rig.left(aTransfer({ number: 5, record: ELSEWHERE }));
    await rig.pass(900);
    expect(rig.tracker.find(jobIdOf(1))?.transfer.status.state).toBe('transferring');
    expect(asked()).toEqual(labels(1, 5));
  });

  test('held transfers take no slot from others, and a newcomer need not wait behind them', async () => {
    rig = new TrackerRig({ task: { maxConcurrency: 1 }, facilities: FOUR });
    await rig.started();
    await hold();
    await rig.request(1);
    await rig.pass(30);
    expect(elsewhere()).toEqual({ kind: 'starts', slot: true, waitsFor: '' });
    // Nor a submission id: how long Globus honours an unused one is unknown.
    expect(rig.tracker.find(jobIdOf(1))?.transfer.submissionId).toBeUndefined();
  });

  test('transfers of held facilities come last in the queue that is shown, until they are released', async () => {
    rig = new TrackerRig({ task: { maxConcurrency: 1 }, facilities: FOUR });
    rig.left(aRunningTransfer({ number: 9 }));
    await rig.started();
    for (const number of [1, 2]) await rig.request(number);
    rig.world.putShown(aTransfer({ number: 5, record: ELSEWHERE }));
    await rig.sweep();
    await rig.sweep();
    const places = () => [1, 2, 5].map((n) => rig.tracker.find(jobIdOf(n))?.queuePosition);
    const before = places();
    await hold();
    expect(places()).toEqual([1, 2, 0]);
    await release();
    expect([places(), before.toSorted()]).toEqual([before, [0, 1, 2]]);
  });

  test('a transfer being stored when the hold begins is not submitted, and gives its slot back', async () => {
    rig = new TrackerRig({ task: { maxConcurrency: 1 }, facilities: FOUR });
    await rig.started();
    const storing = rig.storing(1);
    expect(storing.slot).toBe(true);
    await settle();
    await hold();
    expect(await storing.stored()).toBe('waits');
    await settle();
    expect([asked(), elsewhere()]).toEqual([[], { kind: 'starts', slot: true, waitsFor: '' }]);
    expect(rig.tracker.find(jobIdOf(1))?.transfer.status).toMatchObject({ reason: HELD });
    // Although its next step would not be due for seconds.
    await release();
    await settle();
    expect(asked()).toEqual(labels(1));
  });

  test('a transfer being stored when the hold ends does not go on saying that it is held', async () => {
    rig = new TrackerRig({ task: { maxConcurrency: 1 } });
    await rig.started();
    await rig.request(1);
    await hold();
    const storing = rig.storing(2);
    await settle();
    await release();
    await rig.pass(5);
    expect(await storing.stored()).toBe('waits');
    await rig.pass(30);
    expect(rig.shown(2)).toContain(SLOT);
  });

  test('after a restart, what Globus has is found and tracked, and the rest waits without a slot', async () => {
    rig = new TrackerRig({ task: { maxConcurrency: 2 }, facilities: FOUR });
    for (const number of [1, 2]) rig.left(aTransfer({ number, status: UNCONFIRMED }));
    rig.world.globus.put(aTask({ label: taskLabel(jobIdOf(1)) }));
    await hold();
    await rig.started();
    await rig.pass(5);
    // It is searched at Globus before anybody can be sure, and then others may have its slot.
    expect(elsewhere()).toMatchObject({ slot: true });
    await rig.pass(900);
    expect(rig.tracker.find(jobIdOf(1))?.transfer.status.state).toBe('transferring');
    expect(rig.shown(2)).toContain(HELD);
    expect([asked(), rig.tracker.status()]).toEqual([
      [],
      expect.objectContaining({ waiting: 1, inFlight: 1 }),
    ]);
    await release();
    await settle();
    expect(asked()).toEqual(labels(2));
  });

  test('the message stays, whatever else the transfer waits for', async () => {
    rig = new TrackerRig();
    rig.left(aTransfer({ status: UNCONFIRMED }));
    rig.world.globus.client = 'another client';
    await hold();
    await rig.started();
    await rig.pass(60);
    const before = rig.world.jobs.writes.length;
    await rig.pass(3600);
    expect(rig.shown()).toContain(HELD);
    expect(rig.world.jobs.writes.length - before).toBe(0);
  });

  test('a job that was removed is not written to', async () => {
    rig = new TrackerRig();
    rig.left(aTransfer({ status: UNCONFIRMED }));
    await hold({ facility: 'CSCS' });
    await rig.started();
    await rig.pass(30);
    rig.world.jobs.stored.clear();
    // So that it remains to be made sure that Globus does not have it.
    rig.world.globus.faults.always('list', { before: down('Globus') });
    await rig.sweep();
    await settle();
    expect(rig.world.events.of('job-gone')).toHaveLength(1);
    const before = rig.world.jobs.faults.count('write');
    await hold();
    await rig.pass(30);
    expect([rig.tracker.status().open, rig.world.jobs.faults.count('write') - before]).toEqual([
      1, 0,
    ]);
  });

  test('a cancelled transfer ends although its facility is held', async () => {
    rig = new TrackerRig();
    await rig.started();
    await hold();
    await rig.request(1);
    const end = { reason: 'user', by: 'alice', at: 'now', remove: false } as const;
    await rig.tracker.requestEnd(jobIdOf(1), end, REQUEST_ID);
    await rig.pass(10);
    expect(rig.shown()).toContain('cancelled by alice');
  });

  test('is released for all at once, in fair order', async () => {
    rig = new TrackerRig({ task: { maxConcurrency: 2 } });
    await rig.started();
    await hold();
    for (const number of [1, 2, 3]) {
      await rig.request(number);
      await rig.world.clock.advance(1000);
    }
    await release();
    await settle();
    expect(asked()).toEqual(labels(1, 2));
    expect(rig.tracker.find(jobIdOf(3))?.transfer.status).toMatchObject({
      reason: expect.stringContaining('at most 2 transfers'),
    });
  });
});

describe('the end of a hold', () => {
  test('comes by itself, and wakes the tracker', async () => {
    rig = new TrackerRig({ task: { pollIntervalSeconds: 86_400 } });
    await rig.started();
    await hold({ until: rig.world.clock.now() + 30 * HOUR });
    await rig.request(1);
    await rig.world.clock.advance(30 * HOUR - 1);
    expect([asked(), rig.world.holds.inForce().length]).toEqual([[], 1]);
    await rig.world.clock.advance(2);
    expect([asked(), rig.world.holds.inForce()]).toEqual([labels(1), []]);
    expect(rig.world.events.of('facility-released')).toEqual([
      { kind: 'facility-released', hold: expect.objectContaining({ facility: 'PSI' }) },
    ]);
    expect(rig.world.holdStore.stored).toEqual({ kind: 'read', holds: [] });
  });

  test('a second hold replaces the first, with its end', async () => {
    rig = new TrackerRig();
    await rig.started();
    await hold({ until: rig.world.clock.now() + HOUR });
    await rig.request(1);
    await hold({ message: 'it takes longer' });
    await rig.pass(2 * 3600);
    expect(rig.shown()).toContain('waiting: facility PSI is held: it takes longer');
    expect(rig.world.holds.inForce()).toEqual([aHold({ message: 'it takes longer' })]);
  });

  test('releasing what is not held changes nothing', async () => {
    rig = new TrackerRig();
    expect(await release()).toBeUndefined();
    expect(rig.world.events.of('facility-released')).toEqual([]);
  });
});

describe('holds and the disk', () => {
  const reopened = (world: TrackingWorld): Promise<HeldFacilities> => {
    const { holdStore: store, events, alarms, clock } = world;
    return HeldFacilities.open({ store, events, alarms, clock });
  };

  test('survive a restart, except for those that have ended', async () => {
    rig = new TrackerRig();
    const { clock } = rig.world;
    await hold();
    await hold({ facility: 'CSCS', until: clock.now() + HOUR });
    expect((await reopened(rig.world)).inForce()).toHaveLength(2);
    rig.world.holds.onApplicationShutdown();
    await clock.advance(HOUR);
    const again = await reopened(rig.world);
    expect(again.inForce()).toEqual([aHold()]);
  });

  test('what can not be stored does not happen', async () => {
    rig = new TrackerRig();
    rig.world.holdStore.refusal = new SpoolUnavailableError('The disk is full.');
    await expect(hold()).rejects.toThrow('The disk is full.');
    expect(rig.world.holds.inForce()).toEqual([]);
    rig.world.holdStore.refusal = undefined;
    await hold();
    rig.world.holdStore.refusal = new SpoolUnavailableError('The disk is full.');
    await expect(release()).rejects.toThrow('The disk is full.');
    expect(rig.world.holds.inForce()).toEqual([aHold()]);
    expect(rig.world.events.of('facility-released')).toEqual([]);
  });

  test('changes at the same time are all kept', async () => {
    rig = new TrackerRig();
    await Promise.all([
      hold(),
      hold({ facility: 'CSCS' }),
      release('CSCS'),
      hold({ facility: 'X' }),
    ]);
    expect((await reopened(rig.world)).inForce().map(({ facility }) => facility)).toEqual([
      'PSI',
      'X',
    ]);
  });

  test('an unreadable file is an alarm until a hold is placed or released', async () => {
    rig = new TrackerRig();
    const { world } = rig;
    world.holdStore.stored = { kind: 'unreadable', reason: 'The file is damaged.' };
    const holds = await reopened(world);
    expect([holds.inForce(), [...world.alarms.active()]]).toEqual([
      [],
      [['facility-holds', 'The file is damaged.']],
    ]);
    await holds.place(aHold({ since: START }), REQUEST_ID);
    expect([...world.alarms.active()]).toEqual([]);
    holds.onApplicationShutdown();
  });

  test('an outage of Globus does not hide the message', async () => {
    rig = new TrackerRig();
    await rig.started();
    await hold();
    await rig.request(1);
    rig.world.globus.faults.always('list', { before: down('Globus') });
    await rig.pass(300);
    expect(rig.shown()).toContain(HELD);
  });
});
