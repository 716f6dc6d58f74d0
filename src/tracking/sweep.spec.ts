import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aJob,
  aRecord,
  aRunningTransfer,
  jobIdOf,
  keyOf,
  START,
  taskIdFor,
} from '../../test/support/builders.js';
import { TrackingWorld } from '../../test/support/tracking-world.js';
import { doubtful, down } from '../../test/support/upstream-failures.js';
import type { TransferJobDocument } from '../transfers/domain/job-document.js';
import { failed } from '../transfers/domain/transfer.js';
import { Sweep } from './sweep.js';

const MINUTE = 60_000;
let world: TrackingWorld;
let sweep: Sweep;
let gone: string[];
beforeEach(() => {
  world = new TrackingWorld();
  const { transfers, writer, jobs, spool, history, clock, events, signal } = world;
  sweep = new Sweep({ transfers, writer, jobs, spool, history, clock, events, signal });
  gone = [];
  sweep.onGone = (open) => gone.push(open.jobId);
});
afterEach(() => world.end());

const followed = (): readonly string[] => [...world.transfers.all()].map(({ jobId }) => jobId);
const aged = (minutes: number): Partial<TransferJobDocument> => ({
  createdAt: START - minutes * MINUTE,
  updatedAt: START - minutes * MINUTE,
});
const goJob = (number: number, parts: Partial<TransferJobDocument> = {}): TransferJobDocument =>
  aJob({
    number,
    globusTransfer: undefined,
    result: { globusTaskId: taskIdFor(number), status: 'transferring' },
    ...aged(60),
    ...parts,
  });

describe('K5: at start', () => {
  test('every open job of ours is taken up, over all pages', async () => {
    world.jobs.put(...Array.from({ length: 1200 }, (_, n) => aJob({ number: n + 1 })));
    expect(await sweep.recover()).toMatchObject({ open: 1200, adopted: 1200 });
    expect([followed().length, world.jobs.faults.count('listOpen')]).toEqual([1200, 3]);
  });

  test.each([
    ['of a moment ago too: its process is gone', 0],
    ["from the future too: SciCat's clock may be ahead", -5],
  ])('a job %s', async (_what, minutes) => {
    world.jobs.put(aJob({ ...aged(minutes) }));
    expect(await sweep.recover()).toMatchObject({ open: 1, adopted: 1 });
  });

  test('an unreadable page is an error, not the end of the list', async () => {
    world.jobs.put(...Array.from({ length: 600 }, (_, n) => aJob({ number: n + 1 })));
    world.jobs.faults.next('listOpen', {}, { before: down() });
    await expect(sweep.recover()).rejects.toThrow(down().message);
  });

  test('ended jobs and those of others are left alone, with whatever record', async () => {
    world.jobs.put(
      aJob({ number: 1, result: { status: 'finished' } }),
      aJob({ number: 2, createdBy: 'mallory' }),
      aJob({ number: 3, type: 'archive' }),
    );
    expect(await sweep.recover()).toMatchObject({ open: 0, adopted: 0 });
    expect(sweep.adopt(aJob({ number: 2, createdBy: 'mallory' }))).toBeUndefined();
    expect(sweep.adopt(aJob({ number: 3, type: 'archive' }))).toBeUndefined();
    expect(followed()).toEqual([]);
  });

  test('jobs of an earlier name of the account are ours', async () => {
    world.jobs.accounts = ['globus-proxy', 'former'];
    world.jobs.put(aJob({ createdBy: 'former' }));
    expect(await sweep.recover()).toMatchObject({ open: 1, adopted: 1 });
  });

  test('W13: malformed and lost ones are reported once and hold up nobody', async () => {
    world.jobs.put(
      aJob({ number: 1, datasetPids: [] }),
      aJob({ number: 2, globusTransfer: { sealed: 'x' } }),
      goJob(3, { result: { status: 'transferring' } }),
      aJob({ number: 4 }),
    );
    await sweep.recover();
    await sweep.run();
    await sweep.run();
    expect(followed()).toEqual([jobIdOf(4)]);
    expect(world.events.of('job-ignored').map(({ jobId }) => jobId)).toEqual(
      [1, 2, 3].map(jobIdOf),
    );
  });
});

describe('jobs of the Go version', () => {
  test('are left to its process until they were untouched for 15 minutes', async () => {
    world.jobs.put(goJob(1, { updatedAt: START - 14 * MINUTE }), goJob(2, aged(15)));
    await sweep.recover();
    expect(followed()).toEqual([jobIdOf(2)]);
    await world.clock.advance(MINUTE);
    await sweep.run();
    expect(followed()).toEqual([jobIdOf(2), jobIdOf(1)]);
  });
});

describe('every few minutes', () => {
  test('a job older than two minutes that nobody follows is taken up, a younger one is not', async () => {
    world.jobs.put(aJob({ number: 1, ...aged(2) }), aJob({ number: 2, ...aged(1) }));
    expect(await sweep.run()).toMatchObject({ open: 2, adopted: 1 });
    expect(followed()).toEqual([jobIdOf(1)]);
  });

  test('one job that can not be read does not keep the others from being taken up', async () => {
    world.jobs.put(aJob({ number: 1, ...aged(5) }), aJob({ number: 2, ...aged(5) }));
    world.jobs.faults.next('read', { before: doubtful() });
    await sweep.run();
    expect(followed()).toEqual([jobIdOf(2)]);
  });

  test('an end that SciCat has lost is written again', async () => {
    const open = world.follow(aRunningTransfer());
    world.transfers.update(open, (t) => failed(t, 'deadline'));
    world.transfers.drop(open);
    await sweep.run();
    await world.clock.advance(1000);
    expect(world.jobs.shown(jobIdOf(1))).toBe('998 failed: deadline');
  });

  test('one that ended while the list was read is not written again (no second e-mail)', async () => {
    const open = world.follow(aRunningTransfer());
    world.jobs.listOpenIds = () => {
      const ids = [jobIdOf(1)];
      world.transfers.update(open, (t) => failed(t, 'deadline'));
      world.putShown(open.transfer);
      world.transfers.drop(open);
      return Promise.resolve(ids);
    };
    await sweep.run();
    await world.clock.advance(MINUTE);
    expect(world.jobs.writes).toEqual([]);
  });

  test('an end that somebody else wrote into a running job is corrected: only Globus ends it', async () => {
    const open = world.follow(aRunningTransfer());
    world.putShown(open.transfer);
    world.writer.inStep(open);
    const job = world.jobs.stored.get(jobIdOf(1));
    if (job === undefined) throw new Error('no job');
    world.jobs.put({ ...job, result: { ...(job.result as object), status: 'finished' } });
    await sweep.run();
    await world.clock.advance(1000);
    expect([followed(), world.jobs.shown(jobIdOf(1))]).toEqual([
      [jobIdOf(1)],
      '002 transferring: transferring',
    ]);
  });

  test('a followed job that is gone is told; one that the list forgot is not', async () => {
    world.follow(aRunningTransfer({ number: 1 }));
    world.follow(aRunningTransfer({ number: 2 }));
    world.jobs.stored.delete(jobIdOf(1));
    world.jobs.listOpenIds = () => Promise.resolve([]);
    await sweep.run();
    expect(gone).toEqual([jobIdOf(1)]);
  });

  test('an empty list ends nothing: the account may just have lost its rights', async () => {
    world.follow(aRunningTransfer());
    world.jobs.listOpenIds = () => Promise.resolve([]);
    world.jobs.faults.always('read', { before: down() });
    await expect(sweep.run()).rejects.toThrow(down().message);
    expect([gone, followed()]).toEqual([[], [jobIdOf(1)]]);
  });
});

describe('a job that was refused to its caller', () => {
  const late = (): TransferJobDocument => {
    const job = aJob({ record: aRecord({ submissionId: 'used-by-nobody' }) });
    return { ...job, globusTransfer: { ...(job.globusTransfer as object), key: keyOf(1) } };
  };

  test('and turns up after all, is cancelled, not carried out', async () => {
    const disowned = sweep.disown(keyOf(1));
    await world.clock.advance(10_000);
    world.jobs.put(late());
    await world.clock.advance(60_000);
    await disowned;
    const open = world.transfers.get(jobIdOf(1));
    expect(open?.transfer.endRequested).toMatchObject({ reason: 'user', remove: false });
    expect(open?.transfer.status).toMatchObject({ state: 'waiting', handover: 'none' });
  });

  test('is not taken up by a sweep in between', async () => {
    const disowned = sweep.disown(keyOf(1));
    world.jobs.put({ ...late(), ...aged(3) });
    await sweep.run();
    expect(followed()).toEqual([]);
    await world.clock.advance(5_000);
    await disowned;
    expect(followed()).toEqual([jobIdOf(1)]);
  });

  test('and never turns up, is looked for some minutes only', async () => {
    const disowned = sweep.disown(keyOf(1));
    await world.clock.advance(10 * MINUTE);
    await disowned;
    expect([world.jobs.faults.count('findByKey'), world.clock.pending]).toEqual([5, 0]);
  });
});

describe('the spool', () => {
  const DAYS = 24 * 60 * MINUTE;

  test('keeps lists of followed and young transfers and of open jobs; the rest goes after days', async () => {
    for (const number of [1, 2, 3]) await world.spool.put(keyOf(number), []);
    world.follow(aRunningTransfer({ number: 1 }));
    world.jobs.put({
      ...aJob({ number: 2, ...aged(0) }),
      globusTransfer: { sealed: 'unreadable', key: keyOf(2) },
    });
    await sweep.run();
    expect(world.spool.lists.size).toBe(3);
    await world.clock.advance(8 * DAYS);
    await world.spool.put(keyOf(4), []);
    await sweep.run();
    expect([...world.spool.lists.keys()]).toEqual([1, 2, 4].map(keyOf));
  });
});
