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
import { atOnce } from '../../../test/support/fake-file-list-store.js';
import { fileListOf } from '../../../test/support/file-lists.js';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import {
  accountRefused,
  doubtful,
  down,
  timeout,
  unreadable,
} from '../../../test/support/upstream-failures.js';
import type { TransferJobDocument } from '../../domain/job-reading.js';
import { failed } from '../../domain/transfer.js';
import { field } from '../../domain/untyped.js';
import { digestFileList } from '../../file-lists/digest-file-list.js';
import { Sweep, type SweepResult } from './sweep.js';

const MINUTE = 60_000;
let world: TrackingWorld;
let sweep: Sweep;
let gone: string[];
/** Jobs that were taken up without believing them. */
let doubted: string[];
beforeEach(() => {
  world = new TrackingWorld();
  gone = [];
  doubted = [];
  sweep = new Sweep(world.deps, ({ jobId }) => gone.push(jobId), {
    add: ({ jobId }) => doubted.push(jobId),
  });
});
afterEach(() => world.end());

const trackedIds = (): readonly string[] => [...world.transfers.all()].map(({ jobId }) => jobId);
const aged = (minutes: number): Partial<TransferJobDocument> => ({
  createdAt: START - minutes * MINUTE,
  updatedAt: START - minutes * MINUTE,
});
/** Many jobs are taken up in steps. */
async function recovered(): Promise<SweepResult> {
  const [result] = await Promise.all([sweep.recover(), world.clock.advance(0)]);
  return result;
}
function neverTracked(): never {
  throw new Error('The transfer is not tracked.');
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
  test('adopts every open job of ours, over all pages', async () => {
    world.jobs.put(...Array.from({ length: 2200 }, (_, n) => aJob({ number: n + 1 })));
    expect(await recovered()).toMatchObject({ open: 2200, adopted: 2200 });
    expect([trackedIds().length, world.jobs.faults.count('listOpen')]).toEqual([2200, 4]);
  });

  test('a restart takes up all of 2,502 open jobs, even if SciCat returns fewer at once than asked', async () => {
    world.jobs.put(...Array.from({ length: 2502 }, (_, n) => aJob({ number: n + 1 })));
    const listOpen = world.jobs.listOpen.bind(world.jobs);
    world.jobs.listOpen = (after) => listOpen(after, 100);
    expect(await recovered()).toEqual({ open: 2502, adopted: 2502 });
    expect(trackedIds()).toHaveLength(2502);
  });

  test('a sweep sees all of them as well', async () => {
    const ids = Array.from({ length: 250 }, (_, n) => aJob({ number: n + 1, ...aged(10) }));
    world.jobs.put(...ids);
    const listOpenIds = world.jobs.listOpenIds.bind(world.jobs);
    world.jobs.listOpenIds = (after) => listOpenIds(after, 100);
    expect(await sweep.run()).toEqual({ open: 250, adopted: 250 });
  });

  test('SciCat prepares the next page while this one is adopted', async () => {
    world.jobs.put(...Array.from({ length: 2200 }, (_, n) => aJob({ number: n + 1 })));
    const listOpen = world.jobs.listOpen.bind(world.jobs);
    const takenUp: number[] = [];
    world.jobs.listOpen = (after, limit) => {
      takenUp.push(trackedIds().length);
      return listOpen(after, limit);
    };
    await recovered();
    expect(takenUp).toEqual([0, 0, 1000, 2200]);
  });

  test('a health probe is answered while a page is adopted', async () => {
    world.jobs.put(...Array.from({ length: 450 }, (_, n) => aJob({ number: n + 1 })));
    const seen = new Set<number>();
    let recovering = true;
    const look = (): void => {
      seen.add(trackedIds().length);
      if (recovering) setImmediate(look);
    };
    look();
    await recovered();
    recovering = false;
    expect([...seen].filter((count) => count > 0 && count < 450)).toEqual([200, 400]);
  });

  test.each([
    ['of a moment ago is adopted: its process is gone', 0],
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

  test('ignores ended jobs and those of other accounts, whatever their record', async () => {
    world.jobs.put(
      aJob({ number: 1, result: { status: 'finished' } }),
      aJob({ number: 2, createdBy: 'mallory' }),
      aJob({ number: 3, type: 'archive' }),
    );
    expect(await sweep.recover()).toMatchObject({ open: 0, adopted: 0 });
    expect(sweep.adopt(aJob({ number: 2, createdBy: 'mallory' }))).toBeUndefined();
    expect(sweep.adopt(aJob({ number: 3, type: 'archive' }))).toBeUndefined();
    expect(trackedIds()).toEqual([]);
  });

  test('jobs of an earlier account name are ours', async () => {
    world.jobs.accounts = ['globus-proxy', 'former'];
    world.jobs.put(aJob({ createdBy: 'former' }));
    expect(await sweep.recover()).toMatchObject({ open: 1, adopted: 1 });
  });

  test('a job that was never written shows that it waits', async () => {
    world.jobs.put(aJob({ number: 1, ...aged(60) }));
    await sweep.recover();
    await world.clock.advance(1000);
    expect(world.jobs.shown(jobIdOf(1))).toBe(
      '001 transferring: waiting: resumed after a restart of the service',
    );
  });

  describe('a job with a file list that was never written', () => {
    const paths = ['nothing', 'raw', 'raw/1.h5', 'raw/deep', 'raw/deep/2.h5'];
    const files = fileListOf(paths.map((path) => ({ path, isSymlink: false })));
    const fileList = atOnce(digestFileList(files));
    const amounts = async (): Promise<unknown> => {
      world.jobs.put(aJob({ number: 1, record: aRecord({ fileList }), ...aged(60) }));
      await sweep.recover();
      await world.clock.advance(1000);
      const shown = world.jobs.stored.get(jobIdOf(1))?.result;
      return [field(shown, 'phase'), field(shown, 'filesTotal'), field(shown, 'bytesTotal')];
    };

    test('shows its files while it waits, not its folders, and no size', async () => {
      await world.spool.put(keyOf(1), files);
      expect(await amounts()).toEqual(['waiting', 3, undefined]);
      expect(world.jobs.writes).toHaveLength(1);
    });

    test('shows that it waits, although its list is lost or another one', async () => {
      await world.spool.put(keyOf(1), fileListOf([{ path: 'raw', isSymlink: false }]));
      expect(await amounts()).toEqual(['waiting', 0, undefined]);
    });

    test('shows that it waits, although its list can not be read', async () => {
      world.spool.faults.always('open', { before: new Error('The disk is gone.') });
      expect(await amounts()).toEqual(['waiting', 0, undefined]);
    });
  });

  test('a job that SciCat shows correctly is not written again (no e-mail at every restart)', async () => {
    world.putShown(aRunningTransfer());
    await sweep.recover();
    await world.writer.confirmed(world.transfers.get(jobIdOf(1)) ?? neverTracked());
    expect(world.jobs.faults.calls).not.toContain('write');
  });

  test('malformed and lost jobs are reported once and do not delay others', async () => {
    world.jobs.put(
      aJob({ number: 1, datasetPids: [] }),
      aJob({ number: 2, globusTransfer: { sealed: 'x' } }),
      goJob(3, { result: { status: 'transferring' } }),
      aJob({ number: 4 }),
    );
    await sweep.recover();
    await sweep.run();
    await sweep.run();
    expect(trackedIds()).toEqual([jobIdOf(4)]);
    expect(world.events.of('job-ignored').map(({ jobId }) => jobId)).toEqual(
      [1, 2, 3].map(jobIdOf),
    );
  });
});

describe('a job that can not be taken up', () => {
  const alarms = () => [...world.alarms.active().keys()];

  const BAD_JOBS: Readonly<Record<string, () => void>> = {
    'is too large': () => void world.jobs.unreadable.add(jobIdOf(2)),
    'has a record that is none': () => spoil({ globusTransfer: { sealed: 'x' } }),
    'trips the service up': () =>
      spoil({
        get globusTransfer(): unknown {
          throw new TypeError('a defect');
        },
      }),
  };

  test.each(Object.entries(BAD_JOBS))(
    'is passed over and named by an alarm, and all others are taken up: one that %s',
    async (_what, happen) => {
      world.jobs.put(...[1, 2, 3].map((number) => aJob({ number, ...aged(5) })));
      happen();
      expect(await sweep.recover()).toEqual({ open: 3, adopted: 2 });
      expect([trackedIds(), alarms()]).toEqual([[1, 3].map(jobIdOf), [`job:${jobIdOf(2)}`]]);
      expect(world.events.of('job-ignored').map(({ jobId }) => jobId)).toEqual([jobIdOf(2)]);
    },
  );

  test.each(Object.entries(BAD_JOBS))(
    'is named by an alarm as well when it turns up later, as long as it is open, and said once: one that %s',
    async (_what, happen) => {
      world.jobs.put(...[1, 3].map((number) => aJob({ number, ...aged(5) })));
      await sweep.recover();
      world.jobs.put(...[2, 4].map((number) => aJob({ number, ...aged(5) })));
      happen();
      for (let times = 0; times < 3; times += 1) await sweep.run();
      expect([trackedIds(), alarms()]).toEqual([[1, 3, 4].map(jobIdOf), [`job:${jobIdOf(2)}`]]);
      expect(world.events.of('job-ignored').map(({ jobId }) => jobId)).toEqual([jobIdOf(2)]);
      world.jobs.unreadable.clear();
      world.jobs.put(aJob({ number: 2, result: { status: 'failed' }, ...aged(5) }));
      await sweep.run();
      expect(alarms()).toEqual([]);
    },
  );

  function spoil(parts: object): void {
    const job = aJob({ number: 2, ...aged(5) });
    world.jobs.put(Object.defineProperties({ ...job }, Object.getOwnPropertyDescriptors(parts)));
  }

  test('is tried again by each sweep, which is not retried because of it, and then taken up', async () => {
    world.jobs.put(...[1, 2].map((number) => aJob({ number, ...aged(5) })));
    world.jobs.unreadable.add(jobIdOf(1));
    for (let times = 0; times < 3; times += 1) await sweep.run();
    expect([trackedIds(), alarms()]).toEqual([[jobIdOf(2)], [`job:${jobIdOf(1)}`]]);
    expect(world.events.of('job-ignored')).toHaveLength(1);
    world.jobs.unreadable.clear();
    await sweep.run();
    expect([trackedIds(), alarms()]).toEqual([[2, 1].map(jobIdOf), []]);
  });

  test('no longer matters when it has ended or is gone', async () => {
    world.jobs.put(aJob({ number: 1, ...aged(5) }));
    world.jobs.unreadable.add(jobIdOf(1));
    await sweep.run();
    world.jobs.stored.clear();
    await sweep.run();
    expect(alarms()).toEqual([]);
  });

  test('is no proof that a tracked job is gone, nor that the account may read nothing', async () => {
    world.track(aRunningTransfer());
    world.jobs.listOpenIds = () => Promise.resolve([]);
    world.history.known = jobIdOf(7);
    world.jobs.unreadable.add(jobIdOf(1)).add(jobIdOf(7));
    expect(await sweep.run()).toEqual({ open: 0, adopted: 0 });
    expect([gone, world.history.known]).toEqual([[], jobIdOf(7)]);
  });

  test('keeps its list of files', async () => {
    world.jobs.put(aJob({ number: 2, ...aged(0) }));
    for (const number of [1, 2]) await world.spool.put(keyOf(number), fileListOf([]));
    world.jobs.findByKey = (key) =>
      key === keyOf(2) ? Promise.reject(unreadable()) : Promise.resolve(undefined);
    await sweep.run();
    await world.clock.advance(20 * MINUTE);
    await sweep.run();
    expect([...world.spool.lists.keys()]).toEqual([keyOf(2)]);
  });

  test('has an alarm of its own only among the first fifty', async () => {
    const numbers = Array.from({ length: 60 }, (_, n) => n + 1);
    world.jobs.put(...numbers.map((number) => aJob({ number, ...aged(5) })));
    for (const number of numbers) world.jobs.unreadable.add(jobIdOf(number));
    await sweep.recover();
    expect([alarms().length, world.events.of('job-ignored').length]).toEqual([50, 60]);
  });
});

describe('jobs of the Go version', () => {
  test('are adopted after 15 minutes without a change', async () => {
    world.jobs.put(goJob(1, { updatedAt: START - 14 * MINUTE }), goJob(2, aged(15)));
    await sweep.recover();
    expect(trackedIds()).toEqual([jobIdOf(2)]);
    await world.clock.advance(MINUTE);
    await sweep.run();
    expect(trackedIds()).toEqual([jobIdOf(2), jobIdOf(1)]);
  });
});

describe('every few minutes', () => {
  test('adopts untracked jobs that are older than two minutes', async () => {
    world.jobs.put(aJob({ number: 1, ...aged(2) }), aJob({ number: 2, ...aged(1) }));
    expect(await sweep.run()).toMatchObject({ open: 2, adopted: 1 });
    expect(trackedIds()).toEqual([jobIdOf(1)]);
  });

  test.each([
    ['a few seconds in the future is as young: clocks may differ', -0.1, []],
    ['far in the future is adopted: its clock is wrong', -5, [jobIdOf(1)]],
  ])('a job %s', async (_what, minutes, taken) => {
    world.jobs.put(aJob({ ...aged(minutes) }));
    await sweep.run();
    expect(trackedIds()).toEqual(taken);
  });

  test('a job that SciCat refuses to show does not prevent adopting the others', async () => {
    world.jobs.put(aJob({ number: 1, ...aged(5) }), aJob({ number: 2, ...aged(5) }));
    world.jobs.faults.next('read', { before: doubtful() });
    await sweep.run();
    expect(trackedIds()).toEqual([jobIdOf(2)]);
  });

  describe('SciCat fails for single jobs', () => {
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

    test('the others are checked regardless, and the sweep is retried soon', async () => {
      world.track(aRunningTransfer({ number: 9 }));
      jobs(6, 4);
      world.jobs.stored.delete(jobIdOf(9));
      await world.spool.put(keyOf(7), fileListOf([]));
      await world.spool.markNamed(keyOf(7));
      await world.clock.advance(8 * 24 * 60 * MINUTE);
      await expect(sweep.run()).rejects.toThrow(timeout().message);
      expect([trackedIds(), gone, world.spool.lists.size]).toEqual([
        [9, 5, 6].map(jobIdOf),
        [jobIdOf(9)],
        0,
      ]);
    });

    test('a missing job is noticed although another one can not be read', async () => {
      for (const number of [1, 2]) world.track(aRunningTransfer({ number }));
      world.jobs.stored.delete(jobIdOf(2));
      world.jobs.listOpenIds = () => Promise.resolve([]);
      world.jobs.faults.next('read', { before: timeout() });
      await expect(sweep.run()).rejects.toThrow(timeout().message);
      expect(gone).toEqual([jobIdOf(2)]);
    });

    test('after five in a row SciCat counts as down: the rest waits for the next sweep', async () => {
      jobs(20, 20);
      await expect(sweep.run()).rejects.toThrow(timeout().message);
      expect(world.jobs.faults.count('read')).toBe(5);
    });

    test('failures with successes in between do not stop the sweep', async () => {
      jobs(12, 0);
      const fails = { before: timeout() };
      world.jobs.faults.next('read', fails, fails, {}, fails, fails, {}, fails, fails);
      await expect(sweep.run()).rejects.toThrow(timeout().message);
      expect(trackedIds().length).toBe(6);
    });

    test('an account without rights stops the sweep at once', async () => {
      jobs(20, 20, accountRefused());
      await expect(sweep.run()).rejects.toThrow(accountRefused().message);
      expect(world.jobs.faults.count('read')).toBe(1);
    });
  });

  test('an end that SciCat lost is written again', async () => {
    const tracked = world.track(aRunningTransfer());
    world.transfers.update(tracked, (t) => failed(t, 'deadline'));
    world.transfers.drop(tracked);
    await sweep.run();
    await world.clock.advance(1000);
    expect(world.jobs.shown(jobIdOf(1))).toBe('998 failed: deadline');
  });

  test('a transfer that ended while the list was read is not written again (no second e-mail)', async () => {
    const tracked = world.track(aRunningTransfer());
    world.jobs.listOpenIds = (after) => {
      if (after !== undefined) return Promise.resolve([]);
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

  test('an end that another program wrote into a running job is corrected: only Globus ends it', async () => {
    const tracked = world.track(aRunningTransfer());
    world.putShown(tracked.transfer);
    world.writer.markSynced(tracked);
    const job = world.jobs.stored.get(jobIdOf(1));
    if (job === undefined) throw new Error('no job');
    world.jobs.put({ ...job, result: { ...(job.result as object), status: 'finished' } });
    await sweep.run();
    await world.clock.advance(1000);
    expect([trackedIds(), world.jobs.shown(jobIdOf(1))]).toEqual([
      [jobIdOf(1)],
      '002 transferring: transferring',
    ]);
  });

  test('reports a tracked job that is gone, but not one that only the list is missing', async () => {
    world.track(aRunningTransfer({ number: 1 }));
    world.track(aRunningTransfer({ number: 2 }));
    world.jobs.stored.delete(jobIdOf(1));
    world.jobs.listOpenIds = () => Promise.resolve([]);
    await sweep.run();
    expect(gone).toEqual([jobIdOf(1)]);
  });

  test('does not query a gone job again, however long its task takes to end', async () => {
    world.transfers.setGone(world.track(aRunningTransfer()));
    world.jobs.stored.clear();
    await sweep.run();
    expect([gone, world.jobs.faults.count('read')]).toEqual([[], 0]);
  });

  test('an empty list ends nothing: the account may just have lost its rights', async () => {
    world.track(aRunningTransfer());
    world.jobs.listOpenIds = () => Promise.resolve([]);
    world.jobs.faults.always('read', { before: down() });
    await expect(sweep.run()).rejects.toThrow(down().message);
    expect([gone, trackedIds()]).toEqual([[], [jobIdOf(1)]]);
  });
});

describe('an empty list counts only if verified', () => {
  const looks = [
    ['at start', () => sweep.recover()],
    ['every few minutes', () => sweep.run()],
  ] as const;

  test.each(looks)('%s: true when no job was ever known', async (_when, look) => {
    expect(await look()).toEqual({ open: 0, adopted: 0 });
    expect(world.jobs.faults.calls).not.toContain('read');
  });

  test.each(looks)('%s: true when a known job can be read', async (_when, look) => {
    world.history.known = jobIdOf(1);
    world.jobs.put(aJob({ result: { status: 'finished' } }));
    expect(await look()).toEqual({ open: 0, adopted: 0 });
    expect(world.history.known).toBe(jobIdOf(1));
  });

  test.each(looks)(
    '%s: true when the known job is certainly gone; the next one is remembered',
    async (_w, look) => {
      world.history.known = jobIdOf(1);
      expect(await look()).toEqual({ open: 0, adopted: 0 });
      expect(world.history.known).toBeUndefined();
      sweep.adopt(aJob({ number: 2 }));
      expect(world.history.known).toBe(jobIdOf(2));
    },
  );

  test.each(looks)(
    '%s: an error when the account may not read the known job',
    async (_when, look) => {
      world.history.known = jobIdOf(1);
      world.jobs.faults.always('read', { before: accountRefused() });
      await expect(look()).rejects.toThrow(accountRefused().message);
      expect(world.history.known).toBe(jobIdOf(1));
    },
  );

  test('removes no file list, however old', async () => {
    await world.spool.put(keyOf(1), fileListOf([]));
    await world.clock.advance(30 * 24 * 60 * MINUTE);
    await sweep.run();
    expect(world.spool.lists.size).toBe(1);
  });
});

describe('a job whose request was answered with an error', () => {
  const late = (): TransferJobDocument => {
    const job = aJob({ record: aRecord({ submissionId: 'used-by-nobody' }) });
    return { ...job, globusTransfer: { ...(job.globusTransfer as object), key: keyOf(1) } };
  };

  test('is cancelled when it turns up', async () => {
    const disowned = sweep.disown(keyOf(1));
    await world.clock.advance(10_000);
    world.jobs.put(late());
    await world.clock.advance(60_000);
    await disowned;
    const tracked = world.transfers.get(jobIdOf(1));
    expect(tracked?.transfer.endRequested).toMatchObject({ reason: 'user', remove: false });
    expect(tracked?.transfer.status).toMatchObject({ state: 'waiting', submission: 'not-sent' });
  });

  test('is not adopted by a sweep in between', async () => {
    const disowned = sweep.disown(keyOf(1));
    world.jobs.put({ ...late(), ...aged(3) });
    await sweep.run();
    expect(trackedIds()).toEqual([]);
    await world.clock.advance(5_000);
    await disowned;
    expect(trackedIds()).toEqual([jobIdOf(1)]);
  });

  test('is searched for some minutes only if it never turns up; then its list is removed', async () => {
    await world.spool.put(keyOf(1), fileListOf([]));
    const disowned = sweep.disown(keyOf(1));
    await world.clock.advance(4 * MINUTE);
    expect(world.spool.lists.size).toBe(1);
    await world.clock.advance(6 * MINUTE);
    await disowned;
    expect([world.jobs.faults.count('findByKey'), world.clock.pending]).toEqual([5, 0]);
    expect(world.spool.lists.size).toBe(0);
  });

  test('is searched until SciCat has answered, however long SciCat is down', async () => {
    const disowned = sweep.disown(keyOf(1));
    world.jobs.faults.always('findByKey', { before: down() });
    await world.clock.advance(30 * MINUTE);
    world.jobs.put({ ...late(), ...aged(3) });
    await sweep.run();
    expect(trackedIds()).toEqual([]);
    world.jobs.faults.clear();
    await world.clock.advance(5 * MINUTE);
    await disowned;
    expect(world.transfers.get(jobIdOf(1))?.transfer.endRequested?.reason).toBe('user');
  });

  test('may have been submitted if it was adopted before', async () => {
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

  test('is left alone when it has ended', async () => {
    const disowned = sweep.disown(keyOf(1));
    world.jobs.put({ ...late(), result: { status: 'cancelled' } });
    await world.clock.advance(5_000);
    await disowned;
    expect([trackedIds(), world.clock.pending]).toEqual([[], 0]);
  });
});

describe('stored file lists', () => {
  const DAYS = 24 * 60 * MINUTE;
  const kept = (): readonly string[] => [...world.spool.lists.keys()];
  const store = async (...numbers: readonly number[]): Promise<void> => {
    for (const number of numbers) await world.spool.put(keyOf(number), fileListOf([]));
  };
  /** A job that names the list of this number, but can't be read. */
  const putJob = (number: number, parts: Partial<TransferJobDocument> = {}): void => {
    const globusTransfer = { sealed: 'unreadable', key: keyOf(number) };
    world.jobs.put({ ...aJob({ number, ...aged(0) }), globusTransfer, ...parts });
  };
  const sweepAfter = async (minutes: number): Promise<void> => {
    await world.clock.advance(minutes * MINUTE);
    await sweep.run();
  };

  test('that a job is known to name are kept for tracked transfers, young ones and open jobs; the rest is removed after days', async () => {
    await store(1, 2, 3);
    for (const { key } of await world.spool.entries()) await world.spool.markNamed(key);
    world.track(aRunningTransfer({ number: 1 }));
    putJob(2);
    await sweep.run();
    await sweepAfter(60);
    expect(kept()).toHaveLength(3);
    await world.clock.advance(8 * DAYS);
    await store(4);
    await world.spool.markNamed(keyOf(4));
    await sweep.run();
    expect(kept()).toEqual([1, 2, 4].map(keyOf));
  });

  test('that no job names are removed when two looks a quarter of an hour apart have found none', async () => {
    await store(1, 2, 3, 4);
    world.track(aRunningTransfer({ number: 1 }));
    putJob(2);
    putJob(3, { result: { status: 'finished' } });
    await sweep.run();
    expect(kept()).toHaveLength(4);
    await sweepAfter(14);
    expect(kept()).toHaveLength(4);
    await sweepAfter(1);
    expect(kept()).toEqual([1, 2].map(keyOf));
    // Each list is looked for twice, not at every sweep; that of an open job is.
    expect(world.jobs.faults.count('findByKey')).toBe(2 + 2 + 3);
  });

  test('are kept if the job turns up between two looks', async () => {
    await store(1);
    putJob(9);
    await sweep.run();
    putJob(1);
    await sweepAfter(15);
    await sweepAfter(15);
    expect(kept()).toEqual([keyOf(1)]);
  });

  test('are not removed by a jump of the clock', async () => {
    await store(1);
    putJob(9);
    await sweep.run();
    world.clock.jumpWallClock(30 * DAYS);
    await sweep.run();
    expect(kept()).toEqual([keyOf(1)]);
  });

  test('of a request that SciCat has not answered yet are kept as long as its job is searched', async () => {
    await store(1);
    putJob(9);
    world.jobs.faults.always('findByKey', { before: down() });
    const disowned = sweep.disown(keyOf(1));
    await world.clock.advance(60 * MINUTE);
    world.jobs.faults.clear();
    await sweep.run();
    await sweepAfter(0);
    expect(kept()).toEqual([keyOf(1)]);
    await world.clock.advance(5 * MINUTE);
    await disowned;
    expect(kept()).toEqual([]);
  });

  test('of tracked transfers are noted as named by a job, once', async () => {
    await store(1);
    putJob(9);
    world.track(aRunningTransfer({ number: 1 }));
    await sweep.run();
    await sweepAfter(5);
    expect(world.spool.lists.get(keyOf(1))?.named).toBe(true);
    expect(world.spool.faults.count('markNamed')).toBe(1);
  });

  test('are looked for in bounded steps, however many there are', async () => {
    await store(...Array.from({ length: 450 }, (_, n) => n + 1));
    putJob(900);
    await sweep.run();
    expect(world.jobs.faults.count('findByKey')).toBe(200);
    for (let run = 0; run < 12; run += 1) await sweepAfter(5);
    expect(kept()).toEqual([]);
  });

  describe('when no job is open', () => {
    test('those that no job names are removed, if a known job shows that the account has its rights', async () => {
      await store(1, 2);
      await world.spool.markNamed(keyOf(2));
      world.history.known = jobIdOf(9);
      world.jobs.put(aJob({ number: 9, result: { status: 'finished' } }));
      await sweep.run();
      await sweepAfter(15);
      expect(kept()).toEqual([keyOf(2)]);
      await sweepAfter((8 * DAYS) / MINUTE);
      expect(kept()).toEqual([keyOf(2)]);
    });

    test.each([
      ['none is known', () => undefined, true],
      [
        'the account may not read the known one',
        () => world.jobs.faults.always('read', { before: accountRefused() }),
        false,
      ],
    ])('all are kept if %s', async (_what, given, isBelieved) => {
      await store(1);
      if (!isBelieved) world.history.known = jobIdOf(9);
      given();
      for (let run = 0; run < 3; run += 1) {
        await sweepAfter(15).catch(() => undefined);
      }
      expect(kept()).toEqual([keyOf(1)]);
    });
  });
});
