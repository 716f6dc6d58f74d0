import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from '../../data-folder/data-dir-lock.js';
import { LocalDataFolderProbe } from './data-folder-probe.js';

describe('LocalDataFolderProbe', () => {
  let base: string;

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'data-folder-'));
  });

  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
  });

  it('finds a usable folder and one that can be created, and creates none', async () => {
    expect(await new LocalDataFolderProbe(base).folder()).toEqual({ kind: 'usable' });
    expect(await new LocalDataFolderProbe(join(base, 'a/b')).folder()).toEqual({
      kind: 'missing',
      parent: base,
    });
    expect(readdirSync(base)).toEqual([]);
  });

  it('finds the obstacle', async () => {
    const file = join(base, 'file');
    writeFileSync(file, '');
    const inTheWay = { kind: 'unusable', path: file, code: 'ENOTDIR' };
    expect(await new LocalDataFolderProbe(file).folder()).toEqual(inTheWay);
    expect(await new LocalDataFolderProbe(join(file, 'data')).folder()).toEqual({
      ...inTheWay,
      path: join(file, 'data'),
    });
  });

  it('reads who holds the lock', async () => {
    const probe = new LocalDataFolderProbe(base);
    expect(await probe.lock()).toEqual({ kind: 'free' });
    const lock = await lockDataDir(base, () => undefined);
    expect(await probe.lock()).toEqual({
      kind: 'held',
      holder: expect.stringContaining(`process ${process.pid} on host `) as unknown,
    });
    await lock.release();
    expect(await probe.lock()).toEqual({ kind: 'free' });
  });

  it("writes a file and deletes it, or says why it can't", async () => {
    expect(await new LocalDataFolderProbe(base).tryToWrite()).toEqual({ kind: 'usable' });
    expect(readdirSync(base)).toEqual([]);
    const missing = join(base, 'missing');
    expect(await new LocalDataFolderProbe(missing).tryToWrite()).toEqual({
      kind: 'unusable',
      path: missing,
      code: 'ENOENT',
    });
  });

  it('reads the free space, even if the folder does not exist yet', async () => {
    const here = await new LocalDataFolderProbe(base).space();
    const below = await new LocalDataFolderProbe(join(base, 'a/b')).space();
    expect([here.freeBytes > 0, below.freeBytes > 0]).toEqual([true, true]);
  });
});
