import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndRequest } from '../domain/transfer.js';
import type { EndStatus } from '../ports/job-history.port.js';
import { FileJobHistory } from './file-job-history.js';

describe('FileJobHistory', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'history-'));
  });

  afterEach(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });

  const file = () => join(dataDir, 'known-job');
  /** What the next process finds. */
  const knownLater = () => new FileJobHistory(dataDir).knownJob();

  it('starts empty', async () => {
    expect(await knownLater()).toBeUndefined();
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('remembers the first job across restarts, in a file that only its owner can read', async () => {
    const history = new FileJobHistory(dataDir);
    await history.note('job-1');
    await history.note('job-2');
    await new FileJobHistory(dataDir).note('job-3');
    expect([await history.knownJob(), await knownLater()]).toEqual(['job-1', 'job-1']);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it('forgets a job, and remembers the next one', async () => {
    const history = new FileJobHistory(dataDir);
    await history.note('job-1');
    await history.forget();
    await history.forget();
    expect(await knownLater()).toBeUndefined();
    await history.note('job-2');
    expect(await knownLater()).toBe('job-2');
  });

  it('reads the disk once, not for each of 10,000 jobs', async () => {
    const history = new FileJobHistory(dataDir);
    await history.note('job-1');
    await rm(file());
    await history.note('job-2');
    expect(await readdir(dataDir)).toEqual([]);
  });

  it.each([
    ['empty', ''],
    ['blank', ' \n'],
  ])('ignores a file that is %s, as a full disk leaves it', async (_name, text) => {
    await writeFile(file(), text);
    expect(await knownLater()).toBeUndefined();
    await new FileJobHistory(dataDir).note('job-1');
    expect(await knownLater()).toBe('job-1');
  });

  it('a failing disk fails neither requests nor the start', async () => {
    await mkdir(file());
    const history = new FileJobHistory(dataDir);
    await history.note('job-1');
    await new FileJobHistory(dataDir).forget();
    expect(await history.knownJob()).toBeUndefined();
    await rm(file(), { recursive: true });
    await history.note('job-2');
    expect(await readFile(file(), 'utf8')).toBe('job-2\n');
  });

  describe('the ends of transfers', () => {
    const DAY = 24 * 60 * 60_000;
    const requested: EndRequest = { reason: 'user', by: 'alice', at: '2026-01-01', remove: false };
    const ended: EndStatus = { state: 'cancelled', taskId: '', by: 'by alice' };
    let now: number;

    beforeEach(() => {
      now = Date.UTC(2026, 0, 1);
    });

    const ends = () => join(dataDir, 'ended-transfers');
    const lines = async () => (await readFile(ends(), 'utf8')).trimEnd().split('\n');
    /** A process, which has read what earlier ones have written. */
    async function process(maxEnds?: number): Promise<FileJobHistory> {
      const history = new FileJobHistory(dataDir, () => now, maxEnds);
      await history.load();
      return history;
    }

    it('are known to the next process, in a file that only its owner can read', async () => {
      const history = await process();
      await history.noteEnd('job-1', { requested });
      await history.noteEnd('job-1', { ended });
      await history.noteEnd('job-2', { requested });
      const next = await process();
      expect([1, 2, 3].map((number) => next.endOf(`job-${number}`))).toEqual([
        { at: now, requested, ended },
        { at: now, requested },
        undefined,
      ]);
      expect((await stat(ends())).mode & 0o777).toBe(0o600);
    });

    it('are all on the disk when they are said to be, however many come at once', async () => {
      const history = await process();
      const numbers = Array.from({ length: 100 }, (_, number) => number);
      await Promise.all(numbers.map((number) => history.noteEnd(`job-${number}`, { ended })));
      const next = await process();
      expect(numbers.filter((number) => next.endOf(`job-${number}`) === undefined)).toEqual([]);
    });

    it('survive a process that dies while it writes a line', async () => {
      await (await process()).noteEnd('job-1', { ended });
      await writeFile(ends(), `${await readFile(ends(), 'utf8')}{"jobId":"job-2","at":1,"en`);
      const next = await process();
      await next.noteEnd('job-3', { ended });
      const last = await process();
      expect([1, 2, 3].map((number) => last.endOf(`job-${number}`) !== undefined)).toEqual([
        true,
        false,
        true,
      ]);
    });

    it('are complete since the file exists, or since the last one that was forgotten', async () => {
      const first = now;
      await process(2);
      now += DAY;
      const history = await process(2);
      expect(history.completeSince()).toBe(first);
      for (const number of [1, 2, 3]) {
        now += 1000;
        await history.noteEnd(`job-${number}`, { ended });
      }
      expect([history.endOf('job-1'), history.completeSince()]).toEqual([
        undefined,
        first + DAY + 1000,
      ]);
      expect((await process(2)).completeSince()).toBe(first + DAY + 1000);
    });

    it('are forgotten after 35 days', async () => {
      await (await process()).noteEnd('job-1', { ended });
      now += 36 * DAY;
      const next = await process();
      expect([next.endOf('job-1'), (await lines()).length]).toEqual([undefined, 1]);
      expect(next.completeSince()).toBe(Date.UTC(2026, 0, 1));
    });

    it('take little room: long texts are cut, and the file does not grow for ever', async () => {
      const history = await process(5);
      for (let number = 0; number < 40; number += 1) {
        await history.noteEnd(`job-${number}`, {
          requested: { ...requested, by: 'b'.repeat(5000) },
          ended: { state: 'failed', taskId: '', error: 'e'.repeat(5000) },
        });
      }
      expect((await lines()).length).toBeLessThanOrEqual(11);
      expect((await stat(ends())).size).toBeLessThan(11 * 1000);
      expect(history.endOf('job-39')?.ended).toMatchObject({ error: `${'e'.repeat(299)}…` });
    });

    it('of another kind are cut as well', async () => {
      const history = await process();
      const text = 'x'.repeat(1000);
      const cut = `${'x'.repeat(299)}…`;
      await history.noteEnd('job-1', { ended: { ...ended, by: text } });
      const finished = { state: 'finished', taskId: 't', archiveJobId: undefined } as const;
      await history.noteEnd('job-2', {
        ended: { ...finished, shortfall: { kind: 'not-marked', error: text } },
      });
      await history.noteEnd('job-3', { ended: { ...finished, shortfall: undefined } });
      expect([1, 2, 3].map((number) => history.endOf(`job-${number}`)?.ended)).toEqual([
        { ...ended, by: cut },
        { ...finished, shortfall: { kind: 'not-marked', error: cut } },
        { ...finished, shortfall: undefined },
      ]);
    });

    it('in a file that something else has written are ignored, and what is missing is not vouched for', async () => {
      await writeFile(ends(), 'null\n[1]\n{"jobId":"job-1"}\n{"jobId":7,"at":1}\n');
      const history = await process();
      expect([history.endOf('job-1'), history.completeSince()]).toEqual([undefined, now]);
    });

    it('are remembered while the process lives if the disk fails', async () => {
      const history = await process();
      await rm(dataDir, { recursive: true });
      await history.noteEnd('job-1', { ended });
      expect(history.endOf('job-1')?.ended).toEqual(ended);
    });
  });
});
