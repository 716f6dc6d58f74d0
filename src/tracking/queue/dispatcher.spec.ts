import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aFacility,
  aSucceededTask,
  aTask,
  aTransfer,
  type ConfigParts,
  jobIdOf,
  keyOf,
  taskIdFor,
  type TransferParts,
  uuid,
} from '../../../test/support/builders.js';
import { aGate } from '../../../test/support/faults.js';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import { accountRefused, down, timeout } from '../../../test/support/upstream-failures.js';
import { atOnce, entriesOf } from '../../../test/support/fake-file-list-store.js';
import { settle } from '../../../test/support/virtual-clock.js';
import { digestFileList } from '../../file-lists/digest-file-list.js';
import { field } from '../../domain/untyped.js';
import { taskLabel } from '../../domain/task-label.js';
import { withEndRequest } from '../../domain/transfer.js';
import { Dispatcher } from './dispatcher.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import { fileListOf } from '../../../test/support/file-lists.js';

let world: TrackingWorld;
let dispatcher: Dispatcher;
beforeEach(() => {
  setUp();
});
afterEach(() => world.end());

function setUp(config: ConfigParts = {}): void {
  world = new TrackingWorld(config);
  dispatcher = new Dispatcher(world.deps);
}

const follow = (parts: TransferParts = {}): TrackedTransfer => world.follow(aTransfer(parts));
const UNKNOWN = {
  state: 'waiting',
  reason: 'before the crash',
  submission: 'unconfirmed',
} as const;
const wantEnd = (tracked: TrackedTransfer): void => {
  world.transfers.update(tracked, (t) =>
    withEndRequest(t, { reason: 'user', by: 'alice', at: 'now', remove: false }),
  );
};
/** Lets time pass, with a look at what may go every second. */
async function work(seconds = 1): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    void dispatcher.dispatch();
    await world.clock.advance(1000);
  }
}
/** Jobs in the order in which Globus was asked for them. */
const asked = (): readonly string[] => world.globus.submissions.map(({ label }) => label);
const labels = (...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => taskLabel(jobIdOf(number)));

describe('the queue', () => {
  test('oldest first, never more than maxConcurrency, and the next when one has ended', async () => {
    setUp({ task: { maxConcurrency: 2 } });
    const opens = [4, 2, 3, 1].map((number) => follow({ number }));
    await work(5);
    expect([asked(), world.transfers.slotsInUse]).toEqual([labels(1, 2), 2]);
    const first = opens[3];
    if (first !== undefined) world.transfers.drop(first);
    await work(5);
    expect(asked()).toEqual(labels(1, 2, 3));
  });

  test('slots promised to requests that are being stored are not given away', async () => {
    setUp({ task: { maxConcurrency: 2 } });
    follow({ number: 1 });
    follow({ number: 2 });
    world.slots.reserve();
    void dispatcher.dispatch();
    await settle();
    expect(asked()).toEqual(labels(1));
  });

  test('one that can not go does not hold up those behind it', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.planSubmit({ kind: 'conflict', reason: 'identical paths' });
    follow({ number: 1 });
    follow({ number: 2 });
    await work(5);
    expect(asked()).toEqual(labels(1, 2));
    expect(world.jobs.shown(jobIdOf(1))).toBe('001 transferring: waiting: identical paths');
  });

  test('a withdrawn facility: its transfers wait and say why, the others go', async () => {
    setUp({ facilities: [aFacility('PSI'), aFacility('CSCS')] });
    const { source, destination } = (() => {
      const { origin } = aTransfer();
      if (origin.kind !== 'recorded') throw new Error('no record');
      return origin.record;
    })();
    follow({ number: 1, record: { source: { ...source, facility: 'GONE' } } });
    follow({ number: 2, record: { destination: { ...destination, facility: 'GONE' } } });
    follow({ number: 3 });
    await work(5);
    expect([asked(), world.jobs.shown(jobIdOf(1)), world.jobs.shown(jobIdOf(2))]).toEqual([
      labels(3),
      '001 transferring: waiting: facility GONE is no longer configured',
      '001 transferring: waiting: facility GONE is no longer configured',
    ]);
  });

  test('a withdrawn facility, after a restart: looked for, never submitted, and no slot is kept for it', async () => {
    setUp({ facilities: [aFacility('PSI'), aFacility('CSCS')], task: { maxConcurrency: 1 } });
    const { origin } = aTransfer();
    if (origin.kind !== 'recorded') throw new Error('no record');
    const source = { ...origin.record.source, facility: 'GONE' };
    const tracked = follow({ number: 1, status: UNKNOWN, record: { source } });
    follow({ number: 2 });
    await work(5);
    expect([asked(), world.jobs.shown(jobIdOf(1))]).toEqual([
      labels(2),
      '001 transferring: waiting: facility GONE is no longer configured',
    ]);
    await work(600);
    expect([asked(), tracked.transfer.status.state]).toEqual([labels(2), 'waiting']);
  });

  test('a withdrawn facility does not hide what Globus has already', async () => {
    setUp({ facilities: [aFacility('PSI')] });
    world.globus.put(aSucceededTask());
    const tracked = follow({ status: UNKNOWN });
    await work(5);
    expect([tracked.transfer.status, asked()]).toEqual([
      { state: 'transferring', taskId: taskIdFor(1), trouble: undefined },
      [],
    ]);
  });
});

describe('what Globus says', () => {
  test('accepted: the task id is in SciCat at once', async () => {
    follow();
    await work();
    expect(field(world.jobs.stored.get(jobIdOf(1))?.result, 'globusTaskId')).toBe(taskIdFor(501));
    expect(world.jobs.shown(jobIdOf(1))).toBe('002 transferring: transferring');
  });

  test('refused: failed, with the reason', async () => {
    world.globus.planSubmit({ kind: 'refused', reason: 'permission denied (request id 7)' });
    const tracked = follow();
    expect(await dispatcher.dispatchOne(tracked)).toEqual({
      kind: 'refused',
      reason: 'permission denied (request id 7)',
    });
    await settle();
    expect(world.jobs.shown(jobIdOf(1))).toBe('998 failed: permission denied (request id 7)');
  });

  test('unclear: the slot is kept and the same submission id is used until it is clear', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.planSubmit(
      'accepted-but-unclear',
      { kind: 'unclear', reason: 'time-out' },
      { kind: 'unclear', reason: 'time-out' },
    );
    world.globus.faults.always('list', { before: timeout('Globus') });
    follow({ number: 1 });
    follow({ number: 2 });
    await work(60);
    expect([asked(), world.transfers.slotsInUse]).toEqual([labels(1), 1]);
    world.globus.faults.clear();
    await work(120);
    expect([world.globus.tasks.size, new Set(asked()).size]).toEqual([1, 1]);
    expect(world.jobs.shown(jobIdOf(1))).toBe('002 transferring: transferring');
  });

  test('unclear and never arrived: asked again with the same id, one task', async () => {
    world.globus.planSubmit(
      { kind: 'unclear', reason: 'reset' },
      { kind: 'unclear', reason: 'reset' },
    );
    follow();
    await work(60);
    const ids = new Set(world.globus.submissions.map(({ submissionId }) => submissionId));
    expect([...ids]).toEqual([uuid('cccccccc', 1)]);
    expect([asked().length, world.globus.tasks.size]).toEqual([3, 1]);
  });

  test('submission id refused: the new one is in SciCat before it is used', async () => {
    world.globus.planSubmit({ kind: 'submission-id-refused', reason: 'expired' });
    world.jobs.faults.next('write', { before: down() }, { before: down() }, { before: down() });
    const durable: unknown[] = [];
    const submit = world.globus.submit.bind(world.globus);
    world.globus.submit = (request) => {
      durable.push(field(world.jobs.stored.get(jobIdOf(1))?.result, 'submissionId'));
      return submit(request);
    };
    follow();
    await work(60);
    const ids = world.globus.submissions.map(({ submissionId }) => submissionId);
    expect(ids).toEqual([uuid('cccccccc', 1), uuid('5b5b5b5b', 1)]);
    expect(durable).toEqual([undefined, uuid('5b5b5b5b', 1)]);
  });

  test('conflict: our own task by its label is taken, somebody else waited for', async () => {
    world.globus.put(aTask({ number: 1 }));
    world.globus.alwaysSubmit({ kind: 'conflict', reason: 'identical paths' });
    const [ours, other] = [follow({ number: 1 }), follow({ number: 2 })];
    await work(5);
    expect([ours.transfer.status, other.transfer.status, other.holdsSlot]).toEqual([
      { state: 'transferring', taskId: taskIdFor(1), trouble: undefined },
      { state: 'waiting', reason: 'identical paths', submission: 'not-sent' },
      false,
    ]);
    world.globus.alwaysSubmit(undefined);
    await work(60);
    expect(other.transfer.status.state).toBe('transferring');
  });

  test('refused after an answer was lost: the label is looked for before it counts', async () => {
    world.globus.planSubmit('accepted-but-unclear', { kind: 'refused', reason: 'no' });
    world.globus.faults.next('list', { before: timeout('Globus') });
    const tracked = follow();
    await work(60);
    expect(tracked.transfer.status.state).toBe('transferring');
  });

  test('refused while an earlier request may still arrive: not failed; when it arrives, followed', async () => {
    world.globus.planSubmit({ kind: 'unclear', reason: 'reset' });
    world.globus.alwaysSubmit({ kind: 'refused', reason: 'no' });
    const tracked = follow();
    await work(60);
    expect(tracked.transfer.status.state).toBe('waiting');
    world.globus.put(aTask());
    await work(60);
    expect(tracked.transfer.status).toMatchObject({ state: 'transferring', taskId: taskIdFor(1) });
  });

  test('refused, and no earlier request can arrive any more: failed', async () => {
    world.globus.planSubmit({ kind: 'unclear', reason: 'reset' });
    world.globus.alwaysSubmit({ kind: 'refused', reason: 'no' });
    const tracked = follow();
    await work(200);
    expect(tracked.transfer.status).toMatchObject({ state: 'failed', error: 'no' });
  });

  test('conflict while an earlier request may still arrive: the slot is kept', async () => {
    world.globus.planSubmit({ kind: 'unclear', reason: 'reset' });
    world.globus.alwaysSubmit({ kind: 'conflict', reason: 'identical paths' });
    const tracked = follow();
    await work(30);
    expect([tracked.transfer.status, tracked.holdsSlot]).toMatchObject([
      { submission: 'unconfirmed' },
      true,
    ]);
  });

  test('a task that Globus shows under another label is not ours, whatever was asked for', async () => {
    world.globus.list = () =>
      Promise.resolve({ tasks: [aTask({ label: taskLabel(jobIdOf(11)) })], complete: true });
    const tracked = follow({ status: UNKNOWN });
    await work();
    expect(tracked.transfer.status).toMatchObject({
      state: 'transferring',
      taskId: taskIdFor(501),
    });
  });

  test('a running task with our label wins over one that has ended', async () => {
    world.globus.put(
      aSucceededTask({ number: 8, label: taskLabel(jobIdOf(1)) }),
      aTask({ number: 9, label: taskLabel(jobIdOf(1)) }),
    );
    const tracked = follow({ status: UNKNOWN });
    await work();
    expect(tracked.transfer.status).toMatchObject({ taskId: taskIdFor(9) });
    expect(asked()).toEqual([]);
  });

  test('scopes refused: this one waits with an alarm, others go on', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.planSubmit({ kind: 'scopes-refused', reason: 'no scope for PSI' });
    follow({ number: 1 });
    follow({ number: 2 });
    await work(5);
    expect(asked()).toEqual(labels(1, 2));
    expect(world.jobs.shown(jobIdOf(1))).toBe('001 transferring: waiting: no scope for PSI');
  });

  test('account refused: an alarm, everybody waits, nobody fails', async () => {
    world.globus.alwaysSubmit({ kind: 'account-refused', reason: 'bad secret' });
    const opens = [1, 2, 3].map((number) => follow({ number }));
    await work(30);
    expect(opens.map(({ transfer }) => transfer.status.state)).toEqual([
      'waiting',
      'waiting',
      'waiting',
    ]);
    expect([...world.alarms.active()]).toEqual([['globus-account', 'bad secret']]);
    world.globus.alwaysSubmit(undefined);
    await work(120);
    expect([
      opens.map(({ transfer }) => transfer.status.state),
      world.alarms.active().size,
    ]).toEqual([['transferring', 'transferring', 'transferring'], 0]);
  });
});

describe('an attempt without an answer, and then one that was certainly not taken', () => {
  test.each([
    ['Globus is busy', { kind: 'busy', reason: 'maintenance' }],
    ['it refuses the scopes', { kind: 'scopes-refused', reason: 'no scope' }],
    ['it refuses the account', { kind: 'account-refused', reason: 'bad secret' }],
  ] as const)('%s: the first may still have it, so the slot is kept', async (_what, plan) => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.planSubmit('accepted-but-unclear', plan);
    world.globus.faults.always('list', { before: timeout('Globus') });
    const tracked = follow();
    await work(1);
    world.globus.faults.clear();
    world.globus.list = () => Promise.resolve({ tasks: [], complete: true });
    await work(3);
    expect(asked()).toEqual(labels(1, 1));
    expect([tracked.transfer.status, tracked.holdsSlot]).toMatchObject([
      { submission: 'unconfirmed' },
      true,
    ]);
  });
});

describe('the scopes of a pair of facilities', () => {
  const ALARM = 'globus-scopes:PSI:CSCS';
  const REFUSED = { kind: 'scopes-refused', reason: 'no scope' } as const;

  test('are granted again: the alarm goes with the first that goes through', async () => {
    world.globus.planSubmit(REFUSED, REFUSED);
    follow({ number: 1 });
    follow({ number: 2 });
    await work(5);
    expect([...world.alarms.active()]).toEqual([[ALARM, 'no scope']]);
    await work(60);
    expect(world.alarms.active().size).toBe(0);
  });

  test('were granted once: who was refused before that keeps no later alarm alive', async () => {
    world.globus.planSubmit(REFUSED);
    follow({ number: 1 });
    await work(60);
    expect(world.alarms.active().size).toBe(0);
    world.globus.alwaysSubmit(REFUSED);
    const later = follow({ number: 2 });
    await work(5);
    expect([...world.alarms.active().keys()]).toEqual([ALARM]);
    world.transfers.drop(later);
    dispatcher.forget(later);
    expect(world.alarms.active().size).toBe(0);
  });

  test('nobody needs any more: the alarm goes with the last that wanted them', async () => {
    world.globus.alwaysSubmit(REFUSED);
    const opens = [1, 2].map((number) => follow({ number }));
    await work(5);
    for (const [left, tracked] of opens.entries()) {
      expect([...world.alarms.active().keys()]).toEqual([ALARM]);
      world.transfers.drop(tracked);
      dispatcher.forget(tracked);
      if (left === 0) dispatcher.forget(tracked);
    }
    expect(world.alarms.active().size).toBe(0);
  });
});

describe('while Globus takes nothing', () => {
  beforeEach(() => {
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'maintenance', retryAfterSeconds: 100 });
  });

  test('all wait as long as Globus says, nobody keeps a slot, and newcomers get none', async () => {
    for (const number of [1, 2, 3, 4, 5]) follow({ number });
    void dispatcher.dispatch();
    await settle();
    const tries = asked().length;
    await work(90);
    expect([asked().length, world.transfers.slotsInUse]).toEqual([tries, 0]);
    expect([dispatcher.waitsForGlobus, dispatcher.hasSlotForNewcomer()]).toEqual([
      'maintenance',
      false,
    ]);
  });

  test('but not for a year, however long Globus asks for: it may have been mended sooner', async () => {
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'maintenance', retryAfterSeconds: 31e6 });
    follow();
    await work(1);
    const tries = asked().length;
    world.globus.alwaysSubmit(undefined);
    await work(14 * 60);
    expect(asked().length).toBe(tries);
    await work(2 * 60);
    expect(asked().length).toBe(tries + 1);
  });

  test('it is said to be waited for also between two tries, until one has gone through', async () => {
    const gate = aGate();
    const tracked = follow();
    void dispatcher.dispatch();
    await world.clock.advance(150_000);
    expect(dispatcher.waitsForGlobus).toBe('maintenance');
    expect(dispatcher.hasSlotForNewcomer()).toBe(false);
    world.globus.alwaysSubmit(undefined);
    world.globus.faults.next('submit', { hold: gate.opened });
    void dispatcher.dispatch();
    await settle();
    expect(dispatcher.waitsForGlobus).toBe('maintenance');
    gate.open();
    await settle();
    expect([tracked.transfer.status.state, dispatcher.waitsForGlobus]).toStrictEqual([
      'transferring',
      undefined,
    ]);
  });

  test('a newcomer gets no slot, also when nobody waits any more: it tries as one of the queue', async () => {
    const tracked = follow();
    void dispatcher.dispatch();
    await settle();
    world.transfers.drop(tracked);
    expect(dispatcher.hasSlotForNewcomer()).toBe(false);
    await world.clock.advance(150_000);
    expect(dispatcher.hasSlotForNewcomer()).toBe(false);
  });

  test('a task that turns up shows that it is back: the pause is over for all', async () => {
    follow({ number: 1 });
    void dispatcher.dispatch();
    await settle();
    const unclear = follow({ number: 2, status: UNKNOWN });
    expect(dispatcher.waitsForGlobus).toBe('maintenance');
    dispatcher.start(unclear, taskIdFor(2));
    expect([dispatcher.waitsForGlobus, dispatcher.hasSlotForNewcomer()]).toStrictEqual([
      undefined,
      true,
    ]);
  });

  test('afterwards one goes first, however often the tracker is woken meanwhile', async () => {
    for (const number of [1, 2, 3, 4, 5]) follow({ number });
    void dispatcher.dispatch();
    await settle();
    const tries = asked().length;
    const gate = aGate();
    world.globus.alwaysSubmit(undefined);
    world.globus.faults.next('submit', { holdAnswer: gate.opened });
    await work(200);
    expect(asked().length - tries).toBe(1);
    gate.open();
    await work(5);
    expect(asked().length - tries).toBe(5);
  });
});

describe('no submit before SciCat holds the submission id', () => {
  test('a fresh id is written first', async () => {
    world.jobs.faults.always('write', { before: timeout() });
    follow({ submissionId: undefined });
    await work(300);
    expect(asked()).toEqual([]);
    world.jobs.faults.clear();
    await work(120);
    expect(asked()).toEqual(labels(1));
    const [first] = world.jobs.writes;
    expect(first?.view.jobResultObject.submissionId).toBe(
      world.globus.submissions[0]?.submissionId,
    );
  });

  test('no id to be had: it waits, and others behind it go', async () => {
    world.globus.faults.next('newSubmissionId', { before: timeout('Globus') });
    follow({ number: 1, submissionId: undefined });
    follow({ number: 2 });
    await work(1);
    expect(asked()).toEqual(labels(2));
    await work(60);
    expect(asked()).toEqual(labels(2, 1));
  });

  test('refused credentials on the way to an id pause all', async () => {
    world.globus.faults.next('newSubmissionId', { before: accountRefused('Globus') });
    follow({ submissionId: undefined });
    await work(1);
    expect([...world.alarms.active().keys()]).toEqual(['globus-account']);
    expect(world.transfers.slotsInUse).toBe(0);
  });
});

describe('a transfer whose end is wanted', () => {
  test('one that was never handed over ends at once, and Globus hears nothing', async () => {
    const tracked = follow();
    wantEnd(tracked);
    await work();
    expect([world.jobs.shown(jobIdOf(1)), asked()]).toEqual([
      '004 cancelled: cancelled by alice, before anything was copied',
      [],
    ]);
  });

  test('also while Globus is away or full', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'maintenance', retryAfterSeconds: 1000 });
    follow({ number: 1 });
    await work(5);
    const tracked = follow({ number: 2 });
    wantEnd(tracked);
    await work(2);
    expect(tracked.transfer.status.state).toBe('cancelled');
  });

  test('before Globus was asked what it has: only what it certainly has not ends', async () => {
    const opens = [follow({ number: 1 }), follow({ number: 2, status: UNKNOWN })];
    opens.forEach(wantEnd);
    const wanted = world.follow(aTransfer({ number: 3 }), true);
    await Promise.all(dispatcher.endUnsent());
    expect([...opens, wanted].map(({ transfer }) => transfer.status.state)).toEqual([
      'cancelled',
      'waiting',
      'waiting',
    ]);
    expect(world.globus.faults.calls).toEqual([]);
  });

  test('one that Globus may have is looked for by its label first', async () => {
    world.globus.put(aTask());
    const tracked = follow({ status: UNKNOWN });
    wantEnd(tracked);
    await work();
    expect(tracked.transfer.status.state).toBe('transferring');
  });

  test('and ends only when no request can still arrive; it is never submitted again', async () => {
    const tracked = follow({ status: UNKNOWN });
    wantEnd(tracked);
    await work(100);
    expect(tracked.transfer.status.state).toBe('waiting');
    await work(60);
    expect([tracked.transfer.status.state, asked()]).toEqual(['cancelled', []]);
  });

  test('wanted while the id is fetched, of one that Globus may have: looked for, not submitted', async () => {
    const gate = aGate();
    world.globus.faults.next('newSubmissionId', { hold: gate.opened });
    const tracked = follow({ status: UNKNOWN, submissionId: undefined });
    void dispatcher.dispatch();
    await settle();
    wantEnd(tracked);
    gate.open();
    await work(100);
    expect([tracked.transfer.status.state, asked()]).toEqual(['waiting', []]);
    await work(60);
    expect([tracked.transfer.status.state, asked()]).toEqual(['cancelled', []]);
  });

  test('wanted while the id is fetched: not submitted any more', async () => {
    const gate = aGate();
    world.globus.faults.next('newSubmissionId', { hold: gate.opened });
    const tracked = follow({ submissionId: undefined });
    void dispatcher.dispatch();
    await settle();
    wantEnd(tracked);
    gate.open();
    await work(2);
    expect([tracked.transfer.status.state, asked()]).toEqual(['cancelled', []]);
  });
});

describe('a transfer whose job is gone from SciCat', () => {
  test('is neither handed over nor cancelled here: nobody wants it, and nobody is told', async () => {
    const opens = [
      follow({ number: 1 }),
      follow({ number: 2, status: UNKNOWN }),
      follow({ number: 3 }),
    ];
    for (const tracked of opens) world.transfers.setGone(tracked);
    wantEnd(opens[2] ?? follow());
    const [unclear] = opens.slice(1);
    if (unclear !== undefined) world.transfers.setSlot(unclear, true);
    await Promise.all(dispatcher.endUnsent());
    await work(60);
    expect([world.globus.faults.calls, world.jobs.faults.calls]).toEqual([[], []]);
    expect(opens.map(({ transfer }) => transfer.status.state)).toEqual([
      'waiting',
      'waiting',
      'waiting',
    ]);
  });
});

describe('who has just come', () => {
  test('gets no slot while another one waits that may go: the queue is in order', async () => {
    setUp({ task: { maxConcurrency: 2 } });
    expect(dispatcher.hasSlotForNewcomer()).toBe(true);
    follow({ number: 1 });
    expect(dispatcher.hasSlotForNewcomer()).toBe(false);
    await work(1);
    expect([
      dispatcher.hasSlotForNewcomer(),
      (world.slots.reserve(), dispatcher.hasSlotForNewcomer()),
    ]).toEqual([true, false]);
  });

  test('is shown that it waits after a second, when Globus takes its time', async () => {
    const gate = aGate();
    world.globus.faults.next('submit', { hold: gate.opened });
    follow();
    void dispatcher.dispatch();
    await world.clock.advance(999);
    expect(world.jobs.writes).toEqual([]);
    await world.clock.advance(1);
    expect(world.jobs.shown(jobIdOf(1))).toBe(
      '001 transferring: waiting: being submitted to Globus',
    );
    gate.open();
    await settle();
    expect(world.jobs.shown(jobIdOf(1))).toBe('002 transferring: transferring');
  });
});

describe('another Globus client id', () => {
  test('what was asked for under it is not submitted under this one; an alarm says what to do', async () => {
    const tracked = follow({ status: UNKNOWN, record: { globusClientId: 'former-client' } });
    await work(60);
    expect([asked(), tracked.transfer.status.state, tracked.holdsSlot]).toEqual([
      [],
      'waiting',
      false,
    ]);
    expect([...world.alarms.active()]).toEqual([
      [
        'globus-client-id',
        'Transfers of Globus client former-client are waiting: run the service with that client id until they have ended.',
      ],
    ]);
  });
});

describe('file lists', () => {
  const files = [
    { path: 'a', isSymlink: false },
    { path: 'b', isSymlink: true },
  ];
  const record = { fileList: atOnce(digestFileList(fileListOf(files))) };

  test('are taken from the spool', async () => {
    await world.spool.put(keyOf(1), fileListOf(files));
    follow({ record });
    await work();
    expect(await entriesOf(world.globus.submissions[0]?.files)).toEqual(files);
  });

  test('lost from the spool: rebuilt from SciCat, links and all', async () => {
    world.datasets.paths.set('20.500.12345/e1', ['b', 'a']);
    follow({ record });
    await work();
    expect(await entriesOf(world.globus.submissions[0]?.files)).toEqual(files);
  });

  test('another list than the one asked for in the spool: rebuilt, not believed', async () => {
    await world.spool.put(keyOf(1), fileListOf(files.slice(0, 1)));
    world.datasets.paths.set('20.500.12345/e1', ['b', 'a']);
    follow({ record });
    await work();
    expect(await entriesOf(world.globus.submissions[0]?.files)).toEqual(files);
  });

  test('lost for good: failed, never the whole folder or other files', async () => {
    world.datasets.paths.set('20.500.12345/e1', ['a', 'c']);
    follow({ record });
    await work();
    expect([asked(), world.jobs.shown(jobIdOf(1))]).toEqual([
      [],
      '998 failed: the list of files to copy was lost and could not be rebuilt from SciCat; please request the transfer again',
    ]);
  });

  test('lost for good, but an earlier request may still arrive: failed only afterwards', async () => {
    world.datasets.paths.set('20.500.12345/e1', ['a', 'c']);
    const tracked = follow({ record, status: UNKNOWN });
    await work(100);
    expect(tracked.transfer.status.state).toBe('waiting');
    await work(60);
    expect([tracked.transfer.status.state, asked()]).toEqual(['failed', []]);
  });

  test('while SciCat can not be asked it waits', async () => {
    world.datasets.paths.set('20.500.12345/e1', ['a', 'b']);
    world.datasets.faults.next('filePaths', { before: timeout() });
    const tracked = follow({ record });
    await work(1);
    expect(tracked.transfer.status.state).toBe('waiting');
    await work(30);
    expect(tracked.transfer.status.state).toBe('transferring');
  });

  test('lost, but Globus has the task: found by its label, not failed', async () => {
    world.globus.put(aTask());
    const tracked = follow({ record, status: UNKNOWN });
    await work();
    expect(tracked.transfer.status.state).toBe('transferring');
  });
});

test('an error of our own is an alarm and a repeat; the transfer is not lost', async () => {
  world.globus.faults.next('list', { before: new TypeError('a mistake') });
  const tracked = follow({ status: UNKNOWN });
  await work(1);
  expect([...world.alarms.active()]).toEqual([[`internal:${jobIdOf(1)}`, 'TypeError: a mistake']]);
  await work(30);
  expect(tracked.transfer.status.state).toBe('transferring');
});

test('a transfer is handed over once, however often it is asked for at the same time', async () => {
  const tracked = follow();
  const gate = aGate();
  world.globus.faults.next('submit', { hold: gate.opened });
  const results = Promise.all([dispatcher.dispatchOne(tracked), dispatcher.dispatchOne(tracked)]);
  gate.open();
  expect(await results).toEqual([{ kind: 'started' }, { kind: 'waits' }]);
  expect(asked().length).toBe(1);
});
