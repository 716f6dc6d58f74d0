import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aDataset,
  aFacility,
  aJob,
  aRecord,
  aSucceededTask,
  aTask,
  aTransfer,
  type ConfigParts,
  jobIdOf,
  keyOf,
  REQUEST_ID,
  taskIdFor,
  type TransferParts,
  uuid,
} from '../../../test/support/builders.js';
import { aGate } from '../../../test/support/faults.js';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import {
  accountRefused,
  down,
  rejected,
  timeout,
} from '../../../test/support/upstream-failures.js';
import { atOnce, entriesOf } from '../../../test/support/fake-file-list-store.js';
import { settle } from '../../../test/support/virtual-clock.js';
import { digestFileList } from '../../file-lists/digest-file-list.js';
import { field } from '../../domain/untyped.js';
import { readJob } from '../../domain/job-reading.js';
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

const track = (parts: TransferParts = {}): TrackedTransfer => world.track(aTransfer(parts));
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
  test('submits the oldest first, at most maxConcurrency, and the next when one has ended', async () => {
    setUp({ task: { maxConcurrency: 2 } });
    const opens = [4, 2, 3, 1].map((number) => track({ number }));
    await work(5);
    expect([asked(), world.transfers.slotsInUse]).toEqual([labels(1, 2), 2]);
    const first = opens[3];
    if (first !== undefined) world.transfers.drop(first);
    await work(5);
    expect(asked()).toEqual(labels(1, 2, 3));
  });

  test('keeps the slots reserved for requests being stored', async () => {
    setUp({ task: { maxConcurrency: 2 } });
    track({ number: 1 });
    track({ number: 2 });
    world.slots.reserve();
    void dispatcher.dispatch();
    await settle();
    expect(asked()).toEqual(labels(1));
  });

  test('a transfer that can not be submitted does not delay those behind it', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.planSubmit({ kind: 'conflict', reason: 'identical paths' });
    track({ number: 1 });
    track({ number: 2 });
    await work(5);
    expect(asked()).toEqual(labels(1, 2));
    expect(world.jobs.shown(jobIdOf(1))).toBe('001 transferring: waiting: identical paths');
  });

  test('a removed facility: its transfers wait and say why, others are submitted', async () => {
    setUp({ facilities: [aFacility('PSI'), aFacility('CSCS')] });
    const { source, destination } = (() => {
      const { origin } = aTransfer();
      if (origin.kind !== 'recorded') throw new Error('no record');
      return origin.record;
    })();
    track({ number: 1, record: { source: { ...source, facility: 'GONE' } } });
    track({ number: 2, record: { destination: { ...destination, facility: 'GONE' } } });
    track({ number: 3 });
    await work(5);
    expect([asked(), world.jobs.shown(jobIdOf(1)), world.jobs.shown(jobIdOf(2))]).toEqual([
      labels(3),
      '001 transferring: waiting: facility GONE is no longer configured',
      '001 transferring: waiting: facility GONE is no longer configured',
    ]);
  });

  test('a removed facility, after a restart: its transfer is searched at Globus, not submitted, and holds no slot', async () => {
    setUp({ facilities: [aFacility('PSI'), aFacility('CSCS')], task: { maxConcurrency: 1 } });
    const { origin } = aTransfer();
    if (origin.kind !== 'recorded') throw new Error('no record');
    const source = { ...origin.record.source, facility: 'GONE' };
    const tracked = track({ number: 1, status: UNKNOWN, record: { source } });
    track({ number: 2 });
    await work(5);
    expect([asked(), world.jobs.shown(jobIdOf(1))]).toEqual([
      labels(2),
      '001 transferring: waiting: facility GONE is no longer configured',
    ]);
    await work(600);
    expect([asked(), tracked.transfer.status.state]).toEqual([labels(2), 'waiting']);
  });

  test('a removed facility does not hide a task that Globus already has', async () => {
    setUp({ facilities: [aFacility('PSI')] });
    world.globus.put(aSucceededTask());
    const tracked = track({ status: UNKNOWN });
    await work(5);
    expect([tracked.transfer.status, asked()]).toEqual([
      { state: 'transferring', taskId: taskIdFor(1), trouble: undefined },
      [],
    ]);
  });
});

describe('the number of files of a list, after a crash before the first write to its job', () => {
  const leftUnwritten = async (): Promise<TrackedTransfer> => {
    const paths = ['nothing', 'raw', 'raw/1.h5', 'raw/deep', 'raw/deep/2.h5'];
    const files = fileListOf(paths.map((path) => ({ path, isSymlink: false })));
    const fileList = atOnce(digestFileList(files));
    const record = aRecord({ fileList, dataset: { bytes: 9, files: 9 } });
    await world.spool.put(record.key, files);
    const read = readJob(aJob({ record, result: {} }), true);
    if (read.kind !== 'open') throw new Error('not open');
    return world.track(read.transfer);
  };

  test('is not known as long as it waits, and then without the folders that only contain others', async () => {
    const tracked = await leftUnwritten();
    expect(tracked.transfer.progress.filesTotal).toBe(0);
    await work();
    expect(tracked.transfer.progress.filesTotal).toBe(3);
    expect(field(world.jobs.stored.get(jobIdOf(1))?.result, 'filesTotal')).toBe(3);
  });

  test('is not guessed if Globus has the transfer already, which counts the files itself', async () => {
    world.globus.put(aTask());
    const tracked = await leftUnwritten();
    await work();
    const { status, progress } = tracked.transfer;
    expect([status.state, progress.filesTotal]).toEqual(['transferring', 0]);
  });
});

describe('answers of Globus', () => {
  test('accepted: the task id is in SciCat at once', async () => {
    track();
    await work();
    expect(field(world.jobs.stored.get(jobIdOf(1))?.result, 'globusTaskId')).toBe(taskIdFor(501));
    expect(world.jobs.shown(jobIdOf(1))).toBe('002 transferring: transferring');
  });

  test('refused: failed, with the reason', async () => {
    world.globus.planSubmit({ kind: 'refused', reason: 'permission denied (request id 7)' });
    const tracked = track();
    expect(await dispatcher.dispatchOne(tracked)).toEqual({
      kind: 'refused',
      reason: 'permission denied (request id 7)',
    });
    await settle();
    expect(world.jobs.shown(jobIdOf(1))).toBe('998 failed: permission denied (request id 7)');
  });

  test('unclear: the slot is kept and the same submission id is reused until the answer is clear', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.planSubmit(
      'accepted-but-unclear',
      { kind: 'unclear', reason: 'time-out' },
      { kind: 'unclear', reason: 'time-out' },
    );
    world.globus.faults.always('list', { before: timeout('Globus') });
    track({ number: 1 });
    track({ number: 2 });
    await work(60);
    expect([asked(), world.transfers.slotsInUse]).toEqual([labels(1), 1]);
    world.globus.faults.clear();
    await work(120);
    expect([world.globus.tasks.size, new Set(asked()).size]).toEqual([1, 1]);
    expect(world.jobs.shown(jobIdOf(1))).toBe('002 transferring: transferring');
  });

  test('unclear and never arrived: submitted again with the same id, one task', async () => {
    world.globus.planSubmit(
      { kind: 'unclear', reason: 'reset' },
      { kind: 'unclear', reason: 'reset' },
    );
    track();
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
    track();
    await work(60);
    const ids = world.globus.submissions.map(({ submissionId }) => submissionId);
    expect(ids).toEqual([uuid('cccccccc', 1), uuid('5b5b5b5b', 1)]);
    expect(durable).toEqual([undefined, uuid('5b5b5b5b', 1)]);
  });

  test('conflict: our own task is recognized by its label, another one is waited for', async () => {
    world.globus.put(aTask({ number: 1 }));
    world.globus.alwaysSubmit({ kind: 'conflict', reason: 'identical paths' });
    const [ours, other] = [track({ number: 1 }), track({ number: 2 })];
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

  test('refused after a lost answer: the label is searched before the refusal counts', async () => {
    world.globus.planSubmit('accepted-but-unclear', { kind: 'refused', reason: 'no' });
    world.globus.faults.next('list', { before: timeout('Globus') });
    const tracked = track();
    await work(60);
    expect(tracked.transfer.status.state).toBe('transferring');
  });

  test('refused while an earlier request may still arrive: not failed, and tracked if it arrives', async () => {
    world.globus.planSubmit({ kind: 'unclear', reason: 'reset' });
    world.globus.alwaysSubmit({ kind: 'refused', reason: 'no' });
    const tracked = track();
    await work(60);
    expect(tracked.transfer.status.state).toBe('waiting');
    world.globus.put(aTask());
    await work(60);
    expect(tracked.transfer.status).toMatchObject({ state: 'transferring', taskId: taskIdFor(1) });
  });

  test('refused when no earlier request can still arrive: failed', async () => {
    world.globus.planSubmit({ kind: 'unclear', reason: 'reset' });
    world.globus.alwaysSubmit({ kind: 'refused', reason: 'no' });
    const tracked = track();
    await work(200);
    expect(tracked.transfer.status).toMatchObject({ state: 'failed', error: 'no' });
  });

  test('conflict while an earlier request may still arrive: the slot is kept', async () => {
    world.globus.planSubmit({ kind: 'unclear', reason: 'reset' });
    world.globus.alwaysSubmit({ kind: 'conflict', reason: 'identical paths' });
    const tracked = track();
    await work(30);
    expect([tracked.transfer.status, tracked.holdsSlot]).toMatchObject([
      { submission: 'unconfirmed' },
      true,
    ]);
  });

  test('a task with another label is not ours, whatever the query was', async () => {
    world.globus.list = () =>
      Promise.resolve({ tasks: [aTask({ label: taskLabel(jobIdOf(11)) })], complete: true });
    const tracked = track({ status: UNKNOWN });
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
    const tracked = track({ status: UNKNOWN });
    await work();
    expect(tracked.transfer.status).toMatchObject({ taskId: taskIdFor(9) });
    expect(asked()).toEqual([]);
  });

  test('scopes refused: the transfer waits with an alarm, others go on', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.planSubmit({ kind: 'scopes-refused', reason: 'no scope for PSI' });
    track({ number: 1 });
    track({ number: 2 });
    await work(5);
    expect(asked()).toEqual(labels(1, 2));
    expect(world.jobs.shown(jobIdOf(1))).toBe('001 transferring: waiting: no scope for PSI');
  });

  test('account refused: an alarm, all transfers wait, none fails', async () => {
    world.globus.alwaysSubmit({ kind: 'account-refused', reason: 'bad secret' });
    const opens = [1, 2, 3].map((number) => track({ number }));
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

describe('an unanswered attempt followed by one that was certainly not accepted', () => {
  test.each([
    ['Globus is busy', { kind: 'busy', reason: 'maintenance' }],
    ['it refuses the scopes', { kind: 'scopes-refused', reason: 'no scope' }],
    ['it refuses the account', { kind: 'account-refused', reason: 'bad secret' }],
  ] as const)('%s: the first may still have it, so the slot is kept', async (_what, plan) => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.planSubmit('accepted-but-unclear', plan);
    world.globus.faults.always('list', { before: timeout('Globus') });
    const tracked = track();
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

  test('are granted again: the first accepted submission clears the alarm', async () => {
    world.globus.planSubmit(REFUSED, REFUSED);
    track({ number: 1 });
    track({ number: 2 });
    await work(5);
    expect([...world.alarms.active()]).toEqual([[ALARM, 'no scope']]);
    await work(60);
    expect(world.alarms.active().size).toBe(0);
  });

  test('were granted meanwhile: an earlier refusal does not keep a later alarm alive', async () => {
    world.globus.planSubmit(REFUSED);
    track({ number: 1 });
    await work(60);
    expect(world.alarms.active().size).toBe(0);
    world.globus.alwaysSubmit(REFUSED);
    const later = track({ number: 2 });
    await work(5);
    expect([...world.alarms.active().keys()]).toEqual([ALARM]);
    world.transfers.drop(later);
    dispatcher.forget(later);
    expect(world.alarms.active().size).toBe(0);
  });

  test('are no longer needed: the end of the last transfer clears the alarm', async () => {
    world.globus.alwaysSubmit(REFUSED);
    const opens = [1, 2].map((number) => track({ number }));
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

describe('while Globus accepts no submissions', () => {
  beforeEach(() => {
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'maintenance', retryAfterSeconds: 100 });
  });

  test('all wait as long as Globus asks for, hold no slot, and new requests get none', async () => {
    for (const number of [1, 2, 3, 4, 5]) track({ number });
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

  test('the pause is capped, however long Globus asks for', async () => {
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'maintenance', retryAfterSeconds: 31e6 });
    track();
    await work(1);
    const tries = asked().length;
    world.globus.alwaysSubmit(undefined);
    await work(14 * 60);
    expect(asked().length).toBe(tries);
    await work(2 * 60);
    expect(asked().length).toBe(tries + 1);
  });

  test('jobs say so between attempts, too, until a submission is accepted', async () => {
    const gate = aGate();
    const tracked = track();
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

  test('a new request gets no slot even when the queue is empty, but is submitted from the queue', async () => {
    const tracked = track();
    void dispatcher.dispatch();
    await settle();
    world.transfers.drop(tracked);
    expect(dispatcher.hasSlotForNewcomer()).toBe(false);
    await world.clock.advance(150_000);
    expect(dispatcher.hasSlotForNewcomer()).toBe(false);
  });

  test('a task that turns up shows that Globus is back and ends the pause', async () => {
    track({ number: 1 });
    void dispatcher.dispatch();
    await settle();
    const unclear = track({ number: 2, status: UNKNOWN });
    expect(dispatcher.waitsForGlobus).toBe('maintenance');
    dispatcher.start(unclear, taskIdFor(2));
    expect([dispatcher.waitsForGlobus, dispatcher.hasSlotForNewcomer()]).toStrictEqual([
      undefined,
      true,
    ]);
  });

  test('afterwards one transfer goes first, however often the tracker is woken', async () => {
    for (const number of [1, 2, 3, 4, 5]) track({ number });
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
    track({ submissionId: undefined });
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

  test('without an id it waits, and those behind it are submitted', async () => {
    world.globus.faults.next('newSubmissionId', { before: timeout('Globus') });
    track({ number: 1, submissionId: undefined });
    track({ number: 2 });
    await work(1);
    expect(asked()).toEqual(labels(2));
    await work(60);
    expect(asked()).toEqual(labels(2, 1));
  });

  test('credentials refused while fetching an id pause all submissions', async () => {
    world.globus.faults.next('newSubmissionId', { before: accountRefused('Globus') });
    track({ submissionId: undefined });
    await work(1);
    expect([...world.alarms.active().keys()]).toEqual(['globus-account']);
    expect(world.transfers.slotsInUse).toBe(0);
  });
});

describe('a transfer whose end was requested', () => {
  test('ends at once when it was never submitted, without a call to Globus', async () => {
    const tracked = track();
    wantEnd(tracked);
    await work();
    expect([world.jobs.shown(jobIdOf(1)), asked()]).toEqual([
      '004 cancelled: cancelled by alice, before anything was copied',
      [],
    ]);
  });

  test('also while Globus is down or all slots are taken', async () => {
    setUp({ task: { maxConcurrency: 1 } });
    world.globus.alwaysSubmit({ kind: 'busy', reason: 'maintenance', retryAfterSeconds: 1000 });
    track({ number: 1 });
    await work(5);
    const tracked = track({ number: 2 });
    wantEnd(tracked);
    await work(2);
    expect(tracked.transfer.status.state).toBe('cancelled');
  });

  test('before reconciliation ends only when Globus certainly does not have it', async () => {
    const opens = [track({ number: 1 }), track({ number: 2, status: UNKNOWN })];
    opens.forEach(wantEnd);
    const wanted = world.track(aTransfer({ number: 3 }), true);
    await Promise.all(dispatcher.endUnsent());
    expect([...opens, wanted].map(({ transfer }) => transfer.status.state)).toEqual([
      'cancelled',
      'waiting',
      'waiting',
    ]);
    expect(world.globus.faults.calls).toEqual([]);
  });

  test('is first searched by its label when Globus may have it', async () => {
    world.globus.put(aTask());
    const tracked = track({ status: UNKNOWN });
    wantEnd(tracked);
    await work();
    expect(tracked.transfer.status.state).toBe('transferring');
  });

  test('ends only when no request can still arrive, and is never submitted again', async () => {
    const tracked = track({ status: UNKNOWN });
    wantEnd(tracked);
    await work(100);
    expect(tracked.transfer.status.state).toBe('waiting');
    await work(60);
    expect([tracked.transfer.status.state, asked()]).toEqual(['cancelled', []]);
  });

  test('requested while its id is fetched, and Globus may have it: searched, not submitted', async () => {
    const gate = aGate();
    world.globus.faults.next('newSubmissionId', { hold: gate.opened });
    const tracked = track({ status: UNKNOWN, submissionId: undefined });
    void dispatcher.dispatch();
    await settle();
    wantEnd(tracked);
    gate.open();
    await work(100);
    expect([tracked.transfer.status.state, asked()]).toEqual(['waiting', []]);
    await work(60);
    expect([tracked.transfer.status.state, asked()]).toEqual(['cancelled', []]);
  });

  test('requested while its id is fetched: not submitted', async () => {
    const gate = aGate();
    world.globus.faults.next('newSubmissionId', { hold: gate.opened });
    const tracked = track({ submissionId: undefined });
    void dispatcher.dispatch();
    await settle();
    wantEnd(tracked);
    gate.open();
    await work(2);
    expect([tracked.transfer.status.state, asked()]).toEqual(['cancelled', []]);
  });
});

describe('a transfer whose job was removed from SciCat', () => {
  test('is neither submitted nor cancelled by the dispatcher', async () => {
    const opens = [
      track({ number: 1 }),
      track({ number: 2, status: UNKNOWN }),
      track({ number: 3 }),
    ];
    for (const tracked of opens) world.transfers.setGone(tracked);
    wantEnd(opens[2] ?? track());
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

describe('a new request', () => {
  test('gets no slot while a waiting transfer may go first', async () => {
    setUp({ task: { maxConcurrency: 2 } });
    expect(dispatcher.hasSlotForNewcomer()).toBe(true);
    track({ number: 1 });
    expect(dispatcher.hasSlotForNewcomer()).toBe(false);
    await work(1);
    expect([
      dispatcher.hasSlotForNewcomer(),
      (world.slots.reserve(), dispatcher.hasSlotForNewcomer()),
    ]).toEqual([true, false]);
  });

  test('shows that it waits after a second when Globus is slow', async () => {
    const gate = aGate();
    world.globus.faults.next('submit', { hold: gate.opened });
    track();
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
  test('transfers of another client id are not submitted under this one; an alarm says what to do', async () => {
    const tracked = track({ status: UNKNOWN, record: { globusClientId: 'former-client' } });
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

  test('are read from the store', async () => {
    await world.spool.put(keyOf(1), fileListOf(files));
    track({ record });
    await work();
    expect(await entriesOf(world.globus.submissions[0]?.files)).toEqual(files);
  });

  test('lost: rebuilt from SciCat, including links', async () => {
    world.datasets.paths.set('20.500.12345/e1', ['b', 'a']);
    track({ record });
    await work();
    expect(await entriesOf(world.globus.submissions[0]?.files)).toEqual(files);
  });

  test('a stored list that differs from the requested one: rebuilt, not used', async () => {
    await world.spool.put(keyOf(1), fileListOf(files.slice(0, 1)));
    world.datasets.paths.set('20.500.12345/e1', ['b', 'a']);
    track({ record });
    await work();
    expect(await entriesOf(world.globus.submissions[0]?.files)).toEqual(files);
  });

  test('lost and not rebuildable: failed; never the whole folder or other files', async () => {
    world.datasets.paths.set('20.500.12345/e1', ['a', 'c']);
    track({ record });
    await work();
    expect([asked(), world.jobs.shown(jobIdOf(1))]).toEqual([
      [],
      '998 failed: the list of files to copy was lost, and the files that SciCat lists for the dataset are not the requested ones; please request the transfer again',
    ]);
  });

  test.each([
    [
      'SciCat does not show it to the service (two accounts)',
      () => world.datasets.hidden.add('20.500.12345/e1'),
      "the list of files to copy was lost, and SciCat does not let the service see the dataset's files, so it could not be rebuilt; please request the transfer again",
    ],
    [
      'SciCat has none',
      () => undefined,
      'the list of files to copy was lost, and SciCat has no list of the dataset’s files from which it could be rebuilt; please request the transfer again',
    ],
    [
      'the dataset was deleted',
      () => world.deleteDataset(1),
      'the dataset was deleted in SciCat before Globus had started to copy',
    ],
  ])('lost, and %s: ends at once with this reason', async (_what, given, reason) => {
    given();
    const tracked = track({ record });
    await work();
    expect([tracked.transfer.status, asked()]).toMatchObject([
      { state: 'failed', error: reason.replace('’', "'") },
      [],
    ]);
  });

  test('lost, with more links than its job could note: ends at once, for SciCat knows no links', async () => {
    world.datasets.paths.set('20.500.12345/e1', ['a', 'b']);
    const symlinks = { count: 1, sha256: 'ab'.repeat(32) };
    const { count, sha256 } = record.fileList;
    track({ record: { version: 3, fileList: { count, sha256, symlinks } } });
    await work();
    expect([asked(), world.jobs.shown(jobIdOf(1)), world.datasets.faults.count('files')]).toEqual([
      [],
      '998 failed: the list of files to copy was lost, and it had symbolic links in too many places for its job to say which they are; please request the transfer again',
      0,
    ]);
  });

  test('a stored list with other links than the requested one is not used', async () => {
    await world.spool.put(
      keyOf(1),
      fileListOf(files.map(({ path }) => ({ path, isSymlink: false }))),
    );
    world.datasets.paths.set('20.500.12345/e1', ['b', 'a']);
    track({ record });
    await work();
    expect(await entriesOf(world.globus.submissions[0]?.files)).toEqual(files);
  });

  test('lost and hidden while an earlier request may still arrive: the job says so at once', async () => {
    world.datasets.hidden.add('20.500.12345/e1');
    const tracked = track({ record, status: UNKNOWN });
    await work();
    expect(world.jobs.shown(jobIdOf(1))).toBe(
      "001 transferring: waiting: the list of files to copy was lost, and SciCat does not let the service see the dataset's files, so it could not be rebuilt; please request the transfer again (the service first makes sure that Globus does not have it)",
    );
    await work(100);
    // Hundreds of thousands of files need not be read again, and each write may send an e-mail.
    expect([world.datasets.faults.count('files'), world.jobs.writes.length]).toEqual([1, 1]);
    await work(60);
    expect([tracked.transfer.status.state, asked()]).toEqual(['failed', []]);
  });

  test('lost and not rebuildable while an earlier request may still arrive: failed only afterwards', async () => {
    world.datasets.paths.set('20.500.12345/e1', ['a', 'c']);
    const tracked = track({ record, status: UNKNOWN });
    await work(100);
    expect(tracked.transfer.status.state).toBe('waiting');
    await work(60);
    expect([tracked.transfer.status.state, asked()]).toEqual(['failed', []]);
  });

  test('wait while SciCat is unreachable', async () => {
    world.datasets.paths.set('20.500.12345/e1', ['a', 'b']);
    world.datasets.faults.next('files', { before: timeout() });
    const tracked = track({ record });
    await work(1);
    expect(tracked.transfer.status.state).toBe('waiting');
    await work(30);
    expect(tracked.transfer.status.state).toBe('transferring');
  });

  test('lost, but Globus has the task: found by its label, not failed', async () => {
    world.globus.put(aTask());
    const tracked = track({ record, status: UNKNOWN });
    await work();
    expect(tracked.transfer.status.state).toBe('transferring');
  });
});

test('an internal error raises an alarm and is retried; the transfer is not lost', async () => {
  world.globus.faults.next('list', { before: new TypeError('a mistake') });
  const tracked = track({ status: UNKNOWN });
  await work(1);
  expect([...world.alarms.active()]).toEqual([
    [`internal:${jobIdOf(1)}`, expect.not.stringContaining('a mistake')],
  ]);
  await work(30);
  expect(tracked.transfer.status.state).toBe('transferring');
});

test('a transfer is submitted once, however many calls are concurrent', async () => {
  const tracked = track();
  const gate = aGate();
  world.globus.faults.next('submit', { hold: gate.opened });
  const results = Promise.all([dispatcher.dispatchOne(tracked), dispatcher.dispatchOne(tracked)]);
  gate.open();
  expect(await results).toEqual([{ kind: 'started' }, { kind: 'waits' }]);
  expect(asked().length).toBe(1);
});

describe('asked again before Globus gets a transfer', () => {
  const PID = '20.500.12345/e1';
  const belongsToOthers = (): void => {
    world.datasets.datasets.set(PID, aDataset({ pid: PID, ownerGroup: 'p999' }));
  };

  test('a dataset that belongs to another group since: failed with the reason, never submitted', async () => {
    belongsToOthers();
    track();
    await work(5);
    expect([asked(), world.jobs.shown(jobIdOf(1))]).toEqual([
      [],
      '998 failed: the transfer is no longer allowed, because the dataset belongs to group "p999" now; when the transfer was requested, it belonged to "p123"',
    ]);
    expect(world.events.of('audited')).toMatchObject([{ action: 'deny' }]);
  });

  test('one whose request has just asked is not asked again', async () => {
    belongsToOthers();
    const tracked = world.transfers.add(aTransfer(), { holdsSlot: true, requestId: REQUEST_ID });
    await dispatcher.dispatchOne(tracked);
    expect([asked(), world.datasets.faults.calls]).toEqual([labels(1), []]);
  });

  test('after a minute in the queue it is asked again, also without a restart', async () => {
    const tracked = world.transfers.add(aTransfer(), { holdsSlot: true, requestId: REQUEST_ID });
    await world.clock.advance(61_000);
    belongsToOthers();
    expect(await dispatcher.dispatchOne(tracked)).toMatchObject({ kind: 'refused' });
    expect(asked()).toEqual([]);
  });

  test('attempts in quick succession ask once', async () => {
    world.globus.planSubmit(
      { kind: 'unclear', reason: 'reset' },
      { kind: 'unclear', reason: 'reset' },
    );
    track();
    await work(40);
    expect([asked().length, world.datasets.faults.count('readAsService')]).toEqual([3, 1]);
  });

  test('what the service may not read, it does not judge', async () => {
    world.datasets.faults.always('readAsService', { before: rejected(403) });
    track();
    await work(5);
    expect(asked()).toEqual(labels(1));
  });

  test('while SciCat is down it waits', async () => {
    world.datasets.faults.always('readAsService', { before: down() });
    const tracked = track();
    await work(5);
    expect([asked(), tracked.transfer.status.state]).toEqual([[], 'waiting']);
    world.datasets.faults.clear();
    await work(60);
    expect(asked()).toEqual(labels(1));
  });

  test('one that Globus may have already is searched there, and followed if it has', async () => {
    belongsToOthers();
    world.globus.put(aTask());
    const tracked = track({ status: UNKNOWN });
    await work(5);
    expect(tracked.transfer.status.state).toBe('transferring');
  });
});
