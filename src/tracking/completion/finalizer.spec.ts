import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aDataset,
  aFailedTask,
  aRunningTransfer,
  aSucceededTask,
  aTask,
  aTransfer,
  jobIdOf,
  keyOf,
  taskIdFor,
  type TransferParts,
  uuid,
} from '../../../test/support/builders.js';
import { UNTOUCHED } from '../../../test/support/fake-scicat.js';
import { aGate } from '../../../test/support/faults.js';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import { doubtful, down, rejected, timeout } from '../../../test/support/upstream-failures.js';
import { settle } from '../../../test/support/virtual-clock.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { taskLabel } from '../../domain/task-label.js';
import type { LifecycleFound } from '../../domain/dataset-lifecycle.js';
import { succeeded, type Transfer, type TransferStatus } from '../../domain/transfer.js';
import { Finalizer } from './finalizer.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';

const PID = '20.500.12345/e1';
const FIRST_ARCHIVE_JOB = uuid('99999999', 0);
let world: TrackingWorld;
let finalizer: Finalizer;
beforeEach(() => {
  world = new TrackingWorld();
  finalizer = new Finalizer(world.deps);
});
afterEach(() => world.end());

function finalizing(
  parts: TransferParts = {},
  status: Partial<Extract<TransferStatus, { state: 'finalizing' }>> = {},
): TrackedTransfer {
  return world.track(
    aTransfer({
      status: {
        state: 'finalizing',
        taskId: taskIdFor(1),
        lifecycleBefore: undefined,
        archiveJobId: undefined,
        ...status,
      },
      ...parts,
    }),
  );
}

/** Lets time pass, with a look at what is due every second. */
async function work(seconds = 1): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await Promise.all(finalizer.startDue());
    await world.clock.advance(1000);
  }
}

const shown = (): string | undefined => world.jobs.shown(jobIdOf(1));

describe('the last steps', () => {
  test('note the lifecycle, mark, archive; the last write is "finished"', async () => {
    const calls: string[] = [];
    const note = (name: string, made: { calls: string[] }): void => {
      const push = made.calls.push.bind(made.calls);
      made.calls.push = (...items: string[]) => {
        calls.push(...items.map((item) => `${name}.${item}`));
        return push(...items);
      };
    };
    note('job', world.jobs.faults);
    note('dataset', world.datasets.faults);
    note('archive', world.archiveJobs.faults);
    finalizing();
    await work();
    expect(calls).toEqual([
      'archive.findByKey',
      'dataset.readAsService',
      'job.write',
      'dataset.readAsService',
      'dataset.markArchivable',
      'archive.create',
      'job.write',
    ]);
    expect(world.jobs.writes.map(({ view }) => view)).toMatchObject([
      { statusCode: '002', jobResultObject: { phase: 'finalizing', lifecycleBefore: UNTOUCHED } },
      { statusCode: '003', jobResultObject: { archiveJobId: FIRST_ARCHIVE_JOB } },
    ]);
    expect(world.archiveJobs.made).toEqual([
      {
        datasetPid: PID,
        ownerUser: 'alice',
        ownerGroup: 'p123',
        contactEmail: 'alice@example.org',
        transferJobId: jobIdOf(1),
        transferKey: keyOf(1),
      },
    ]);
  });

  test('without autoArchive the dataset is marked and not archived', async () => {
    finalizing({ record: { autoArchive: false } });
    await work();
    expect([shown(), world.datasets.marked, world.archiveJobs.faults.calls]).toEqual([
      '003 finished: finished',
      [PID],
      [],
    ]);
  });

  test('a job of the Go version is archived without an owner user', async () => {
    finalizing({
      origin: { kind: 'go-version', ownerGroup: 'p123' },
      key: jobIdOf(1),
    } as Partial<Transfer>);
    await work();
    expect(world.archiveJobs.made).toEqual([
      {
        datasetPid: PID,
        ownerGroup: 'p123',
        transferJobId: jobIdOf(1),
        transferKey: jobIdOf(1),
      },
    ]);
  });

  test('an already archivable dataset is archived without being marked', async () => {
    world.datasets.lifecycles.set(PID, { ...UNTOUCHED, archivable: true });
    finalizing();
    await work();
    expect([shown(), world.datasets.marked, world.archiveJobs.made.length]).toEqual([
      '003 finished: finished',
      [],
      1,
    ]);
  });
});

/** As noted at the request. */
const AT_REQUEST = { ...UNTOUCHED, archiveStatusMessage: 'filesNotYetAvailable' };
const ARCHIVED = {
  archivable: false,
  archiveStatusMessage: 'datasetOnArchiveDisk',
  retrievable: true,
};

describe('a dataset that was archived, or being archived, at the request', () => {
  test.each<[string, boolean, LifecycleFound]>([
    ['with autoArchive', true, ARCHIVED],
    ['without autoArchive', false, ARCHIVED],
    ['while the archiver works', true, { ...UNTOUCHED, archiveStatusMessage: 'started' }],
  ])('is neither marked nor archived again, %s', async (_what, autoArchive, lifecycle) => {
    world.datasets.lifecycles.set(PID, lifecycle);
    finalizing({ record: { autoArchive, finalize: 'already-archived', lifecycle } });
    await work();
    expect([world.datasets.faults.calls, world.archiveJobs.faults.calls]).toEqual([[], []]);
    expect(world.datasets.lifecycles.get(PID)).toEqual(lifecycle);
    expect(shown()).toMatch(
      /^003 finished: finished; the dataset was already archived, or being archived, when the transfer was requested \(archive status "\w+"/,
    );
  });

  test('is not touched either if the archiver has failed in the meantime', async () => {
    world.datasets.lifecycles.set(PID, AT_REQUEST);
    finalizing({ record: { finalize: 'already-archived', lifecycle: ARCHIVED } });
    await work();
    expect([world.datasets.marked, world.archiveJobs.made]).toEqual([[], []]);
  });
});

test('at a destination that does not archive, the dataset is left as it is, and the job says so', async () => {
  world.datasets.lifecycles.set(PID, AT_REQUEST);
  finalizing({ record: { autoArchive: true, finalize: 'none', lifecycle: AT_REQUEST } });
  await work();
  expect([world.datasets.faults.calls, world.archiveJobs.faults.calls, shown()]).toEqual([
    [],
    [],
    '003 finished: finished; the dataset was neither marked as archivable nor archived, as configured for facility "CSCS"',
  ]);
});

describe('the lifecycle that was noted at the request', () => {
  const noted = (status = {}) =>
    finalizing({ record: { finalize: 'archive', lifecycle: AT_REQUEST } }, status);

  test('is compared: a dataset as it was is marked and archived', async () => {
    world.datasets.lifecycles.set(PID, AT_REQUEST);
    noted();
    await work();
    expect([world.datasets.marked, world.archiveJobs.made.length]).toEqual([[PID], 1]);
    expect(world.datasets.faults.count('readAsService')).toBe(1);
  });

  test.each([
    ['the archiver has begun', { ...UNTOUCHED, archiveStatusMessage: 'started' }],
    ['it is archived', ARCHIVED],
    ['another program has marked it', { ...UNTOUCHED, archivable: true }],
  ])('is compared, not the one after the copy: %s in the meantime', async (_what, now) => {
    world.datasets.lifecycles.set(PID, now);
    // What an older process noted in the job does not count.
    noted({ lifecycleBefore: now });
    await work();
    expect([world.datasets.marked, world.datasets.lifecycles.get(PID)]).toEqual([[], now]);
  });

  test.each([
    ['the archiver has begun', { ...UNTOUCHED, archiveStatusMessage: 'started' }],
    ['it is archived', ARCHIVED],
  ])('%s during the copy: no second archive job, and the job says why', async (_what, now) => {
    world.datasets.lifecycles.set(PID, now);
    noted({});
    await work();
    expect(world.archiveJobs.made).toEqual([]);
    expect(shown()).toMatch(
      /^003 finished: finished; the dataset was archived, or being archived, when its files had arrived/,
    );
  });

  test('a job of an earlier version, whose dataset is archived by now, is not archived again', async () => {
    world.datasets.lifecycles.set(PID, ARCHIVED);
    finalizing({}, {});
    await work();
    expect([world.datasets.marked, world.archiveJobs.made.length]).toEqual([[], 0]);
  });
});

describe('resumed after a crash', () => {
  test('before the dataset was marked: runs as usual', async () => {
    finalizing({}, { lifecycleBefore: UNTOUCHED });
    await work();
    expect([shown(), world.datasets.marked, world.archiveJobs.made.length]).toEqual([
      '003 finished: finished',
      [PID],
      1,
    ]);
  });

  test('after it was marked: not marked again', async () => {
    world.datasets.lifecycles.set(PID, { ...UNTOUCHED, archivable: true });
    finalizing({}, { lifecycleBefore: UNTOUCHED });
    await work();
    expect([world.datasets.marked, world.archiveJobs.made.length]).toEqual([[], 1]);
  });

  test('after the archive job was created: only the last write; the dataset is not touched', async () => {
    await world.archiveJobs.create({
      datasetPid: PID,
      ownerGroup: 'p123',
      transferJobId: jobIdOf(1),
      transferKey: keyOf(1),
    });
    world.datasets.lifecycles.set(PID, { ...UNTOUCHED, archiveStatusMessage: 'started' });
    finalizing({}, { lifecycleBefore: UNTOUCHED });
    await work();
    expect([
      shown(),
      world.datasets.faults.calls,
      world.archiveJobs.made.length,
      world.jobs.writes.length,
    ]).toEqual(['003 finished: finished', [], 1, 1]);
  });

  test('another program has started on the dataset: its lifecycle is not touched', async () => {
    world.datasets.lifecycles.set(PID, { ...UNTOUCHED, archiveStatusMessage: 'started' });
    finalizing({}, { lifecycleBefore: UNTOUCHED });
    await work();
    expect(world.datasets.marked).toEqual([]);
  });
});

describe('never a second archive job', () => {
  test.each([
    ['a time-out after storing', timeout()],
    ['a 400 after storing', doubtful()],
  ])('%s', async (_what, after) => {
    world.archiveJobs.faults.next('create', { after });
    finalizing();
    await work(60);
    expect([world.archiveJobs.made.length, shown()]).toEqual([1, '003 finished: finished']);
  });

  test('stored, the answer lost, and SciCat down right after', async () => {
    world.archiveJobs.faults.next('create', { after: timeout() });
    world.archiveJobs.faults.next('findByKey', {}, { before: down() }, { before: down() });
    finalizing();
    await work(60);
    expect([world.archiveJobs.made.length, shown()]).toEqual([1, '003 finished: finished']);
  });

  test('one that turns up while the dataset is being marked is used', async () => {
    const gate = aGate();
    world.datasets.faults.next('markArchivable', { hold: gate.opened });
    finalizing();
    const steps = finalizer.startDue();
    await world.clock.advance(5000);
    const job = { datasetPid: PID, ownerGroup: 'p123', transferJobId: jobIdOf(1) };
    await world.archiveJobs.create({ ...job, transferKey: keyOf(1) });
    gate.open();
    await Promise.all(steps);
    await work();
    expect([world.archiveJobs.made.length, shown()]).toEqual([1, '003 finished: finished']);
  });

  test('one that exists before anything was noted in the job is used', async () => {
    const job = { datasetPid: PID, ownerGroup: 'p123', transferJobId: jobIdOf(1) };
    await world.archiveJobs.create({ ...job, transferKey: keyOf(1) });
    finalizing();
    await work();
    expect([world.archiveJobs.made.length, shown()]).toEqual([1, '003 finished: finished']);
  });

  test('stored despite the last refusal before giving up: found, so the status is not 995', async () => {
    const before = { before: doubtful() };
    world.archiveJobs.faults.next('create', before, before, { after: doubtful() });
    finalizing();
    await work(60);
    expect([world.archiveJobs.made.length, shown()]).toEqual([1, '003 finished: finished']);
  });

  test('marked, the answer lost: not marked again, which would undo the archiver', async () => {
    world.datasets.faults.next('markArchivable', { after: timeout() });
    finalizing();
    await work(60);
    expect([world.datasets.marked, shown()]).toEqual([[PID], '003 finished: finished']);
  });

  test('the dataset is not marked before SciCat shows what was found', async () => {
    world.jobs.faults.always('write', { before: timeout() });
    finalizing();
    await work(120);
    expect(world.datasets.marked).toEqual([]);
    world.jobs.faults.clear();
    await work(120);
    expect([world.datasets.marked, shown()]).toEqual([[PID], '003 finished: finished']);
  });
});

describe('after a restart a job that says "copied" is checked at Globus', () => {
  const nothingDone = () => [
    world.datasets.faults.calls,
    world.archiveJobs.faults.calls,
    world.jobs.faults.count('write'),
  ];

  test.each([
    ['still runs', aTask()],
    ['has failed', aFailedTask('QUOTA_EXCEEDED')],
    ['is of another job', aSucceededTask({ label: taskLabel(jobIdOf(2)) })],
  ])('its task %s: nothing is marked or archived, and an alarm is raised', async (_w, task) => {
    world.globus.put(task);
    const tracked = finalizing({}, { lifecycleBefore: UNTOUCHED });
    await work(600);
    expect([nothingDone(), tracked.transfer.status.state]).toEqual([[[], [], 0], 'finalizing']);
    expect([...world.alarms.active()]).toEqual([
      [
        `task:${jobIdOf(1)}`,
        `Job ${jobIdOf(1)} claims that Globus task ${taskIdFor(1)} has completed, but Globus does not confirm this. Nothing is marked or archived; an operator should check both.`,
      ],
    ]);
    expect(world.globus.faults.count('task')).toBeLessThanOrEqual(11);
  });

  test('continues once Globus has copied everything', async () => {
    world.globus.put(aTask());
    finalizing();
    await work(10);
    world.globus.put(aSucceededTask());
    await work(60);
    expect([shown(), world.archiveJobs.made.length]).toEqual(['003 finished: finished', 1]);
  });

  test('a task that Globus no longer knows does not contradict', async () => {
    finalizing();
    await work();
    expect([shown(), world.globus.looked]).toEqual(['003 finished: finished', [taskIdFor(1)]]);
  });

  test('waits while Globus is unreachable', async () => {
    world.globus.put(aSucceededTask());
    world.globus.faults.always('task', { before: timeout('Globus') });
    finalizing();
    await work(600);
    expect(nothingDone()).toEqual([[], [], 0]);
    world.globus.faults.clear();
    await work(60);
    expect(shown()).toBe('003 finished: finished');
  });

  test('a task that this process saw complete is not checked again', async () => {
    const tracked = world.track(aRunningTransfer());
    world.transfers.update(tracked, (transfer) => succeeded(transfer, transfer.progress));
    await work();
    expect([shown(), world.globus.faults.calls]).toEqual(['003 finished: finished', []]);
  });
});

describe('a job that SciCat refuses to write', () => {
  test.each([
    ['a refusal', rejected(400)],
    ['a 400 that may have been stored', doubtful()],
  ])('temporarily (%s) is waited out and says nothing about the dataset', async (_what, before) => {
    world.jobs.faults.always('write', { before });
    const tracked = finalizing();
    await work(600);
    expect([tracked.transfer.status.state, world.datasets.marked]).toEqual(['finalizing', []]);
    world.jobs.faults.clear();
    await work(120);
    expect([shown(), world.datasets.marked, world.archiveJobs.made.length]).toEqual([
      '003 finished: finished',
      [PID],
      1,
    ]);
  });

  test('because its dataset is gone: the transfer ends, although the job can not show it', async () => {
    const tracked = finalizing();
    world.jobs.withoutDataset.add(jobIdOf(1));
    world.datasets.readAsService = (pid) =>
      Promise.resolve(world.jobs.faults.count('write') === 0 ? aDataset({ pid }) : undefined);
    await work(60);
    expect([tracked.transfer.status, world.archiveJobs.made]).toMatchObject([
      {
        state: 'finished',
        shortfall: { kind: 'not-marked', error: 'the dataset is no longer in SciCat' },
      },
      [],
    ]);
  });
});

test('nothing is done for a job that was removed from SciCat', async () => {
  world.transfers.setGone(finalizing());
  await work(60);
  expect([world.datasets.faults.calls, world.archiveJobs.faults.calls]).toEqual([[], []]);
});

describe('a permanent refusal by SciCat', () => {
  test('997: marking, after three refusals', async () => {
    world.datasets.faults.always('markArchivable', { before: rejected(403) });
    finalizing();
    await work(60);
    expect([
      shown(),
      world.datasets.faults.count('markArchivable'),
      world.archiveJobs.made.length,
    ]).toEqual(["997 finished: completed but can't mark dataset as archivable", 3, 0]);
  });

  test('997: a lifecycle that may not be read', async () => {
    world.datasets.faults.always('readAsService', { before: rejected(403) });
    finalizing();
    await work(60);
    expect(shown()).toBe("997 finished: completed but can't mark dataset as archivable");
  });

  test('997: a dataset that is gone', async () => {
    world.datasets.lifecycles.set(PID, undefined);
    finalizing();
    await work();
    expect(world.jobs.writes.at(-1)?.view).toMatchObject({
      statusCode: '997',
      jobResultObject: { status: 'finished', error: 'the dataset is no longer in SciCat' },
    });
  });

  test.each([
    ['403', rejected(403)],
    ['400', doubtful()],
  ])('995: the archive job, refused with %s three times', async (_status, before) => {
    world.archiveJobs.faults.always('create', { before });
    finalizing();
    await work(60);
    expect([shown(), world.archiveJobs.faults.count('create'), world.datasets.marked]).toEqual([
      "995 finished: completed but can't create the archive job",
      3,
      [PID],
    ]);
  });

  test.each([
    [
      'a user',
      {},
      rejected(403),
      "SciCat does not let the service's account create an archive job for the user alice or the group p123 (status 403); the dataset must be archived by hand",
    ],
    [
      'an adopted job of the Go version, which names no user',
      { origin: { kind: 'go-version', ownerGroup: 'p7' }, key: jobIdOf(1) },
      rejected(403),
      "SciCat does not let the service's account create an archive job for the group p7 alone (status 403); the dataset must be archived by hand",
    ],
    [
      'a dataset that SciCat objects to',
      {},
      doubtful(),
      /^SciCat did not accept .* \(status 400\)$/,
    ],
  ] as const)('995 says why (%s)', async (_what, parts, before, why) => {
    world.archiveJobs.faults.always('create', { before });
    finalizing(parts);
    await work(60);
    expect(world.jobs.writes.at(-1)?.view.jobResultObject.error).toEqual(
      typeof why === 'string' ? why : expect.stringMatching(why),
    );
  });

  test('two refusals before a success do not count', async () => {
    world.archiveJobs.faults.next('create', { before: rejected(403) }, { before: rejected(403) });
    finalizing();
    await work(60);
    expect([shown(), world.archiveJobs.made.length]).toEqual(['003 finished: finished', 1]);
  });

  test('an outage is not a refusal: one refusal after it does not give up', async () => {
    world.datasets.faults.next(
      'markArchivable',
      ...Array.from({ length: 5 }, () => ({ before: timeout() })),
      { before: rejected(403) },
    );
    finalizing();
    await work(600);
    expect(shown()).toBe('003 finished: finished');
  });
});

describe('an outage is waited out', () => {
  test.each(['readAsService', 'markArchivable'] as const)('of %s, for a day', async (call) => {
    world.datasets.faults.always(call, { before: down() });
    const tracked = finalizing();
    await world.clock.advance(0);
    for (let hour = 0; hour < 24; hour += 1) {
      await Promise.all(finalizer.startDue());
      await world.clock.advance(3_600_000);
    }
    expect(tracked.transfer.status.state).toBe('finalizing');
    world.datasets.faults.clear();
    await work(1);
    expect(shown()).toBe('003 finished: finished');
  });

  test('and does not delay other transfers', async () => {
    world.datasets.faults.next('readAsService', { before: down() });
    finalizing();
    finalizing({ number: 2 });
    await Promise.all(finalizer.startDue());
    await settle();
    expect(world.jobs.shown(jobIdOf(2))).toBe('003 finished: finished');
  });

  test('an internal error raises an alarm and is retried; the transfer is not lost', async () => {
    world.datasets.faults.next('readAsService', { before: new TypeError('a mistake') });
    finalizing();
    await work(1);
    expect([...world.alarms.active()]).toEqual([
      [`internal:${jobIdOf(1)}`, expect.not.stringContaining('a mistake')],
    ]);
    await work(10);
    expect(shown()).toBe('003 finished: finished');
  });
});

describe('a transfer that is no longer allowed when its files have arrived', () => {
  test.each([
    [
      'the dataset belongs to another group now',
      { ownerGroup: 'p999' },
      'the dataset belongs to group "p999" now; when the transfer was requested, it belonged to "p123"',
    ],
    [
      'the dataset has another source folder now',
      { sourceFolder: '/data/other' },
      'the dataset\'s source folder is "/data/other" now, which is not "/data/run1" in the collection of facility "PSI", as it was when the transfer was requested',
    ],
  ])('%s: failed with the reason, neither marked nor archived', async (_what, now, reason) => {
    world.datasets.datasets.set(PID, aDataset({ pid: PID, ...now }));
    const progress = { ...aTransfer().progress, filesTransferred: 10, bytesTransferred: 1000 };
    finalizing({ progress });
    await work(60);
    expect([world.datasets.marked, world.archiveJobs.made]).toEqual([[], []]);
    expect(shown()).toBe(
      `998 failed: all files were copied, but the dataset was neither marked as archivable nor archived, because ${reason}`,
    );
    expect(world.events.of('audited')).toMatchObject([{ action: 'deny', reason }]);
    // What has arrived is not taken back.
    expect(world.jobs.stored.get(jobIdOf(1))?.result).toMatchObject({
      filesTransferred: 10,
      filesTotal: 10,
    });
  });

  test('its source folder has become too long to be used: failed too, also with a record of an old version', async () => {
    const tooLong = new InvalidRequestError('its sourceFolder has more than 4096 characters');
    for (const number of [1, 2]) {
      world.datasets.faults.always('readAsService', { before: tooLong });
      finalizing({ number, record: number === 1 ? {} : { lifecycle: UNTOUCHED } });
    }
    await work(60);
    for (const number of [1, 2]) {
      expect(world.jobs.shown(jobIdOf(number))).toContain('its sourceFolder has more than');
    }
  });
});
