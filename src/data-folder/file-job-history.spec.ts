import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
});
