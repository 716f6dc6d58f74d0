import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aJob,
  aRecord,
  aRunningTransfer,
  jobIdOf,
  keyOf,
  START,
  taskIdFor,
} from '../../../test/support/builders.js';
import { fileListOf } from '../../../test/support/file-lists.js';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import {
  accountRefused,
  doubtful,
  down,
  timeout,
} from '../../../test/support/upstream-failures.js';
import type { TransferJobDocument } from '../../domain/job-reading.js';
import { failed } from '../../domain/transfer.js';
import { Sweep, type SweepResult } from './sweep.js';

const MINUTE = 60_000;
let world: TrackingWorld;
let sweep: Sweep;
let gone: string[];
beforeEach(() => {
  world = new TrackingWorld();
  gone = [];
  sweep = new Sweep(world.deps, ({ jobId }) => gone.push(jobId));
});
afterEach(() => world.end());

const followed = (): readonly string[] => [...world.transfers.all()].map(({ jobId }) => jobId);
const aged = (minutes: number): Partial<TransferJobDocument> => ({
  createdAt: START - minutes * MINUTE,
  updatedAt: START - minutes * MINUTE,
});
/** Many jobs are taken up in steps. */
async function recovered(): Promise<SweepResult> {
  const [result] = await Promise.all([sweep.recover(), world.clock.advance(0)]);
  return result;
}
function neverFollowed(): never {
  throw new Error('The transfer is not followed.');
}
const goJob = (number: number, parts: Partial<TransferJobDocument> = {}): TransferJobDocument =>
  aJob({
    number,
    globusTransfer: undefined,
    result: { globusTaskId: taskIdFor(number), status: 'transferring' },
    ...aged(60),
    ...parts,
  });

describe('at start', () => {
  test('every open job of ours is taken up, over all pages', async () => {
    world.jobs.put(...Array.from({ length: 2200 }, (_, n) => aJob({ number: n + 1 })));
    expect(await recovered()).toMatchObject({ open: 2200, adopted: 2200 });
    expect([followed().length, world.jobs.faults.count('listOpen')]).toEqual([2200, 3]);
  });

  test('SciCat makes the next page while this one is taken up', async () => {
    world.jobs.put(...Array.from({ length: 2200 }, (_, n) => aJob({ number: n + 1 })));
    const listOpen = world.jobs.listOpen.bind(world.jobs);
    const takenUp: number[] = [];
    world.jobs.listOpen = (after, limit) => {
      takenUp.push(followed().length);
      return listOpen(after, limit);
    };
    await recovered();
    expect(takenUp).toEqual([0, 0, 1000]);
  });

  test('a probe is answered while a page is taken up', async () => {
    world.jobs.put(...Array.from({ length: 450 }, (_, n) => aJob({ number: n + 1 })));
    const seen = new Set<number>();
    let recovering = true;
    const look = (): void => {
      seen.add(followed().length);
      if (recovering) setImmediate(look);
    };
    look();
    await recovered();
    recovering = false;
    expect([...seen].filter((count) => count > 0 && count < 450)).toEqual([200, 400]);
  });

  test.each([
    ['of a moment ago too: its process is gone', 0],
    ["from the future too: SciCat's clock may be ahead", -5],
  ])('a job %s', async (_what, minutes) => {
    world.jobs.put(aJob({ ...aged(minutes) }));
    expect(await sweep.recover()).toMatchObject({ open: 1, adopted: 1 });
  });

  test('an unreadable page is an error, not the end of the list', async () => {
    world.jobs.put(...Array.from({ length: 1600 }, (_, n) => aJob({ number: n + 1 })));
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

  test('one that nothing was written into yet: its owner is shown that it waits', async () => {
    world.jobs.put(aJob({ number: 1, ...aged(60) }));
    await sweep.recover();
    await world.clock.advance(1000);
    expect(world.jobs.shown(jobIdOf(1))).toBe(
      '001 transferring: waiting: taken up again after a restart of the service',
    );
  });

  test('and one that SciCat shows as it is, is not written again (no e-mail at every restart)', async () => {
    world.putShown(aRunningTransfer());
    await sweep.recover();
    await world.writer.confirmed(world.transfers.get(jobIdOf(1)) ?? neverFollowed());
    expect(world.jobs.faults.calls).not.toContain('write');
  });

  test('malformed and lost ones are reported once and hold up nobody', async () => {
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

  test.each([
    ['a few seconds from the future is as young: a clock may be a little behind', -0.1, []],
    ['far from the future is taken up: that clock is wrong', -5, [jobIdOf(1)]],
  ])('a job %s', async (_what, minutes, taken) => {
    world.jobs.put(aJob({ ...aged(minutes) }));
    await sweep.run();
    expect(followed()).toEqual(taken);
  });

  test('one job that SciCat refuses to show does not keep the others from being taken up', async () => {
    world.jobs.put(aJob({ number: 1, ...aged(5) }), aJob({ number: 2, ...aged(5) }));
    world.jobs.faults.next('read', { before: doubtful() });
    await sweep.run();
    expect(followed()).toEqual([jobIdOf(2)]);
  });

  describe('SciCat fails over single jobs', () => {
    /** Jobs that nobody follows, of which SciCat fails to show the first ones. */
    function jobs(count: number, unreadable: number, error: Error = timeout()): void {
      world.jobs.put(
        ...Array.from({ length: count }, (_, n) => aJob({ number: n + 1, ...aged(5) })),
      );
      world.jobs.faults.next(
        'read',
        ...Array.from({ length: unreadable }, () => ({ before: error })),
      );
    }

    test('the others are looked at all the same, and the sweep is to be repeated soon', async () => {
      world.follow(aRunningTransfer({ number: 9 }));
      jobs(6, 4);
      world.jobs.stored.delete(jobIdOf(9));
      await world.spool.put(keyOf(7), fileListOf([]));
      await world.clock.advance(8 * 24 * 60 * MINUTE);
      await expect(sweep.run()).rejects.toThrow(timeout().message);
      expect([followed(), gone, world.spool.lists.size]).toEqual([
        [9, 5, 6].map(jobIdOf),
        [jobIdOf(9)],
        0,
      ]);
    });

    test('nor is one that is gone overlooked because another can not be read', async () => {
      for (const number of [1, 2]) world.follow(aRunningTransfer({ number }));
      world.jobs.stored.delete(jobIdOf(2));
      world.jobs.listOpenIds = () => Promise.resolve([]);
      world.jobs.faults.next('read', { before: timeout() });
      await expect(sweep.run()).rejects.toThrow(timeout().message);
      expect(gone).toEqual([jobIdOf(2)]);
    });

    test('five in a row are no odd jobs, SciCat is away: the rest waits for the next sweep', async () => {
      jobs(20, 20);
      await expect(sweep.run()).rejects.toThrow(timeout().message);
      expect(world.jobs.faults.count('read')).toBe(5);
    });

    test('but not when others could be read in between', async () => {
      jobs(12, 0);
      const fails = { before: timeout() };
      world.jobs.faults.next('read', fails, fails, {}, fails, fails, {}, fails, fails);
      await expect(sweep.run()).rejects.toThrow(timeout().message);
      expect(followed().length).toBe(6);
    });

    test('an account without rights can not read any of them: one try', async () => {
      jobs(20, 20, accountRefused());
      await expect(sweep.run()).rejects.toThrow(accountRefused().message);
      expect(world.jobs.faults.count('read')).toBe(1);
    });
  });

  test('an end that SciCat has lost is written again', async () => {
    const tracked = world.follow(aRunningTransfer());
    world.transfers.update(tracked, (t) => failed(t, 'deadline'));
    world.transfers.drop(tracked);
    await sweep.run();
    await world.clock.advance(1000);
    expect(world.jobs.shown(jobIdOf(1))).toBe('998 failed: deadline');
  });

  test('one that ended while the list was read is not written again (no second e-mail)', async () => {
    const tracked = world.follow(aRunningTransfer());
    world.jobs.listOpenIds = () => {
      const ids = [jobIdOf(1)];
      world.transfers.update(tracked, (t) => failed(t, 'deadline'));
      world.putShown(tracked.transfer);
      world.transfers.drop(tracked);
      return Promise.resolve(ids);
    };
    await sweep.run();
    await world.clock.advance(MINUTE);
    expect(world.jobs.writes).toEqual([]);
  });

  test('an end that somebody else wrote into a running job is corrected: only Globus ends it', async () => {
    const tracked = world.follow(aRunningTransfer());
    world.putShown(tracked.transfer);
    world.writer.markSynced(tracked);
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

  test('and is not asked for again, however long its task takes to end', async () => {
    world.transfers.setGone(world.follow(aRunningTransfer()));
    world.jobs.stored.clear();
    await sweep.run();
    expect([gone, world.jobs.faults.count('read')]).toEqual([[], 0]);
  });

  test('an empty list ends nothing: the account may just have lost its rights', async () => {
    world.follow(aRunningTransfer());
    world.jobs.listOpenIds = () => Promise.resolve([]);
    world.jobs.faults.always('read', { before: down() });
    await expect(sweep.run()).rejects.toThrow(down().message);
    expect([gone, followed()]).toEqual([[], [jobIdOf(1)]]);
  });
});

describe('an empty list is believed only where it can be true', () => {
  const looks = [
    ['at start', () => sweep.recover()],
    ['every few minutes', () => sweep.run()],
  ] as const;

  test.each(looks)('%s: no job was ever known', async (_when, look) => {
    expect(await look()).toEqual({ open: 0, adopted: 0 });
    expect(world.jobs.faults.calls).not.toContain('read');
  });

  test.each(looks)('%s: a job of before can be read', async (_when, look) => {
    world.history.known = jobIdOf(1);
    world.jobs.put(aJob({ result: { status: 'finished' } }));
    expect(await look()).toEqual({ open: 0, adopted: 0 });
    expect(world.history.known).toBe(jobIdOf(1));
  });

  test.each(looks)(
    '%s: that job is certainly gone; the next one is known then',
    async (_w, look) => {
      world.history.known = jobIdOf(1);
      expect(await look()).toEqual({ open: 0, adopted: 0 });
      expect(world.history.known).toBeUndefined();
      sweep.adopt(aJob({ number: 2 }));
      expect(world.history.known).toBe(jobIdOf(2));
    },
  );

  test.each(looks)('%s: not where the account may not read it: an error', async (_when, look) => {
    world.history.known = jobIdOf(1);
    world.jobs.faults.always('read', { before: accountRefused() });
    await expect(look()).rejects.toThrow(accountRefused().message);
    expect(world.history.known).toBe(jobIdOf(1));
  });

  test('nor is anything removed from the spool then, however old', async () => {
    await world.spool.put(keyOf(1), fileListOf([]));
    await world.clock.advance(30 * 24 * 60 * MINUTE);
    await sweep.run();
    expect(world.spool.lists.size).toBe(1);
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
    const tracked = world.transfers.get(jobIdOf(1));
    expect(tracked?.transfer.endRequested).toMatchObject({ reason: 'user', remove: false });
    expect(tracked?.transfer.status).toMatchObject({ state: 'waiting', submission: 'not-sent' });
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

  test('is looked for until SciCat has answered: it may have been stored and be away since', async () => {
    const disowned = sweep.disown(keyOf(1));
    world.jobs.faults.always('findByKey', { before: down() });
    await world.clock.advance(30 * MINUTE);
    world.jobs.put({ ...late(), ...aged(3) });
    await sweep.run();
    expect(followed()).toEqual([]);
    world.jobs.faults.clear();
    await world.clock.advance(5 * MINUTE);
    await disowned;
    expect(world.transfers.get(jobIdOf(1))?.transfer.endRequested?.reason).toBe('user');
  });

  test('is not called "never sent" when it had been taken up before: Globus may have it', async () => {
    const disowned = sweep.disown(keyOf(1));
    world.jobs.put(late());
    sweep.adopt(late());
    await world.clock.advance(5_000);
    await disowned;
    expect(world.transfers.get(jobIdOf(1))?.transfer).toMatchObject({
      endRequested: { reason: 'user' },
      status: { submission: 'unconfirmed' },
    });
  });

  test('and has ended when it is found, is left as it is', async () => {
    const disowned = sweep.disown(keyOf(1));
    world.jobs.put({ ...late(), result: { status: 'cancelled' } });
    await world.clock.advance(5_000);
    await disowned;
    expect([followed(), world.clock.pending]).toEqual([[], 0]);
  });
});

describe('the spool', () => {
  const DAYS = 24 * 60 * MINUTE;

  test('keeps lists of followed and young transfers and of open jobs; the rest goes after days', async () => {
    for (const number of [1, 2, 3]) await world.spool.put(keyOf(number), fileListOf([]));
    world.follow(aRunningTransfer({ number: 1 }));
    world.jobs.put({
      ...aJob({ number: 2, ...aged(0) }),
      globusTransfer: { sealed: 'unreadable', key: keyOf(2) },
    });
    await sweep.run();
    expect(world.spool.lists.size).toBe(3);
    await world.clock.advance(8 * DAYS);
    await world.spool.put(keyOf(4), fileListOf([]));
    await sweep.run();
    expect([...world.spool.lists.keys()]).toEqual([1, 2, 4].map(keyOf));
  });
});
