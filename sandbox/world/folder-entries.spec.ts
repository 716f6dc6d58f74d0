import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { amountOf, countOf, listForTransfer, readFolder } from './folder-entries.js';
import { fillSampleFolder } from './sample-folder.js';

describe('readFolder', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'folder-entries-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('lists every file, folder and link, without following links', async () => {
    mkdirSync(join(folder, 'a', 'empty'), { recursive: true });
    writeFileSync(join(folder, 'a', '-100 %.txt'), 'abc');
    writeFileSync(join(folder, 'a', 'ü'), '');
    symlinkSync('a', join(folder, 'to folder'));
    symlinkSync('nowhere', join(folder, 'a', 'to nothing'));
    const entries = await readFolder(folder);
    expect(entries).toEqual([
      { path: 'a', kind: 'folder', size: 0 },
      { path: 'a/-100 %.txt', kind: 'file', size: 3 },
      { path: 'a/empty', kind: 'folder', size: 0 },
      { path: 'a/to nothing', kind: 'link', size: 0 },
      { path: 'a/ü', kind: 'file', size: 0 },
      { path: 'to folder', kind: 'link', size: 0 },
    ]);
    expect(listForTransfer(entries)).toEqual([
      { path: 'a', isSymlink: false },
      { path: 'a/-100 %.txt', isSymlink: false },
      { path: 'a/empty', isSymlink: false },
      { path: 'a/to nothing', isSymlink: true },
      { path: 'a/ü', isSymlink: false },
      { path: 'to folder', isSymlink: true },
    ]);
  });

  it('finds hundreds of files and every odd case in the sample folder', async () => {
    await fillSampleFolder(folder);
    const entries = await readFolder(folder);
    expect({
      counts: (['file', 'folder', 'link'] as const).map((kind) => countOf(entries, kind)),
      emptyFiles: entries.filter(({ kind, size }) => kind === 'file' && size === 0).length > 1,
      large: entries.some(({ size }) => size > 5_000_000),
      longName: entries.some(({ path }) => (path.split('/').at(-1) ?? '').length > 240),
    }).toEqual({ counts: [310, 22, 3], emptyFiles: true, large: true, longName: true });
  });
});

describe('amountOf', () => {
  it('counts each file once, and nothing else', () => {
    const entries = [
      { path: 'top', kind: 'file', size: 5 },
      { path: 'a', kind: 'folder', size: 0 },
      { path: 'a/b', kind: 'folder', size: 0 },
      { path: 'a/b/deep', kind: 'file', size: 100 },
      { path: 'a/link', kind: 'link', size: 0 },
    ] as const;
    expect(amountOf(entries)).toEqual({ files: 2, bytes: 105 });
  });
});
