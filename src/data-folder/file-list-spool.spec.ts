import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entriesOf } from '../../test/support/fake-file-list-store.js';
import { InternalError, SpoolUnavailableError } from '../errors/request.errors.js';
import { FileListSpool, type SpoolFileSystem } from './file-list-spool.js';
import { fileListOf } from '../../test/support/file-lists.js';

const KEY = '44444444-4444-4444-8444-444444444444';
const OTHER = '55555555-5555-4555-8555-555555555555';
const FILES = [
  { path: 'a/b.h5', isSymlink: false },
  { path: 'line\nbreak "ü😀".h5', isSymlink: true },
];
const LIST = fileListOf(FILES);

describe('FileListSpool', () => {
  let root: string;
  let folder: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'spool-'));
    folder = join(root, 'deep', 'spool');
  });

  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  const file = () => join(folder, `${KEY}.jsonl.gz`);

  it('returns a stored list, to later processes too, and only its owner can read the file', async () => {
    await (await FileListSpool.open(folder)).put(KEY, LIST);
    expect(await entriesOf(await (await FileListSpool.open(folder)).open(KEY))).toEqual(FILES);
    expect([(await stat(file())).mode & 0o777, (await stat(folder)).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    expect(await readdir(folder)).toEqual([`${KEY}.jsonl.gz`]);
  });

  it('stores an empty list, and replaces a list as a whole', async () => {
    const spool = await FileListSpool.open(folder);
    await spool.put(KEY, fileListOf([]));
    expect(await spool.open(KEY)).toMatchObject({ count: 0, symlinks: 0, pathBytes: 0 });
    expect(await entriesOf(await spool.open(KEY))).toEqual([]);
    await spool.put(KEY, LIST);
    expect(await entriesOf(await spool.open(KEY))).toEqual(FILES);
  });

  it('removes a list, and ignores one that it does not have', async () => {
    const spool = await FileListSpool.open(folder);
    await spool.put(KEY, LIST);
    await spool.remove(KEY);
    await spool.remove(KEY);
    expect(await spool.open(KEY)).toBeUndefined();
    expect(await spool.entries()).toEqual([]);
  });

  it('lists the stored lists and nothing else, oldest first', async () => {
    const spool = await FileListSpool.open(folder);
    await spool.put(KEY, LIST);
    await spool.put(OTHER, LIST);
    await utimes(file(), 2_000, 2_000);
    await utimes(join(folder, `${OTHER}.jsonl.gz`), 1_000, 1_000);
    await writeFile(join(folder, 'README'), '');
    await writeFile(join(folder, 'x.jsonl.gz'), '');
    expect(await spool.entries()).toEqual([
      { key: OTHER, storedAt: 1_000_000 },
      { key: KEY, storedAt: 2_000_000 },
    ]);
  });

  it('never uses a key as a file name unless it is a UUID', async () => {
    const spool = await FileListSpool.open(folder);
    await writeFile(join(root, 'deep', 'x.jsonl.gz'), 'precious');
    await expect(spool.put('../x', LIST)).rejects.toThrow(InternalError);
    expect(await spool.open('../x')).toBeUndefined();
    await spool.remove('../x');
    expect(await readFile(join(root, 'deep', 'x.jsonl.gz'), 'utf8')).toBe('precious');
  });

  it('returns neither a damaged list nor one with unreadable sectors', async () => {
    await (await FileListSpool.open(folder)).put(KEY, LIST);
    const unreadable: SpoolFileSystem = {
      mkdir,
      open: () => Promise.reject(Object.assign(new Error('EIO: x'), { code: 'EIO' })),
      readdir,
      unlink,
      stat,
    };
    expect(await (await FileListSpool.open(folder, unreadable)).open(KEY)).toBeUndefined();
    await writeFile(file(), (await readFile(file())).subarray(0, -12));
    expect(await (await FileListSpool.open(folder)).open(KEY)).toBeUndefined();
  });

  it.each<[string, () => Promise<void>]>([
    ['removed', () => rm(file())],
    ['truncated', async () => writeFile(file(), (await readFile(file())).subarray(0, -12))],
  ])(
    'a list of its own that was %s fails to read, and counts as lost from then on',
    async (_what, harm) => {
      const spool = await FileListSpool.open(folder);
      await spool.put(KEY, LIST);
      // At first it is in memory, and the disk is not read.
      expect(await entriesOf(await spool.open(KEY))).toEqual(FILES);
      await harm();
      const list = await spool.open(KEY);
      await expect(entriesOf(list)).rejects.toThrow(SpoolUnavailableError);
      expect(await spool.open(KEY)).toBeUndefined();
    },
  );

  it.each([
    ['many entries', 1001, 1],
    ['long paths', 40, 4000],
  ])(
    'keeps the lines of a short list in memory, but not those of one with %s',
    async (_what, entries, bytes) => {
      const lines = '"a/b.h5"\n["line\\nbreak \\"ü😀\\".h5"]\n';
      const long = Array.from({ length: entries }, (_none, n) => ({
        path: `${'x'.repeat(bytes)}${n}`,
        isSymlink: false,
      }));
      const spool = await FileListSpool.open(folder);
      await spool.put(KEY, LIST);
      await spool.put(OTHER, fileListOf(long));
      const restarted = await FileListSpool.open(folder);
      for (const one of [spool, restarted]) {
        expect((await one.open(KEY))?.lines?.toString()).toBe(lines);
        const list = await one.open(OTHER);
        expect([list?.lines, await entriesOf(list)]).toEqual([undefined, long]);
      }
    },
  );

  describe('when the disk fails', () => {
    const failing = (code: string): Promise<never> =>
      Promise.reject(Object.assign(new Error(`${code}: x`), { code }));
    const node: SpoolFileSystem = { mkdir, open, readdir, stat, unlink };
    const withHandle = (change: (handle: FileHandle, flags: string) => void): SpoolFileSystem => ({
      ...node,
      open: async (path, flags, mode) => {
        const handle = await open(path, flags, mode);
        change(handle, `${flags}`);
        return handle;
      },
    });

    it.each<[string, SpoolFileSystem]>([
      [
        'full',
        withHandle((handle) => {
          handle.writeFile = () => failing('ENOSPC');
        }),
      ],
      [
        'full when flushed',
        withHandle((handle, flags) => {
          if (flags === 'w') handle.sync = () => failing('ENOSPC');
        }),
      ],
      [
        'full when the folder is flushed',
        withHandle((handle, flags) => {
          if (flags === 'r') handle.sync = () => failing('ENOSPC');
        }),
      ],
    ])('%s: reports it and leaves nothing behind', async (_name, files) => {
      const spool = await FileListSpool.open(folder, files);
      const long = fileListOf(
        Array.from({ length: 20_000 }, (_none, n) => ({ path: `${n}.h5`, isSymlink: false })),
      );
      for (const list of [LIST, long]) {
        const error: unknown = await spool.put(KEY, list).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(SpoolUnavailableError);
        expect((error as Error).message).toBe(
          "The file list could not be stored: this service's disk is full (ENOSPC). Please try again later; an operator must check dataDir.",
        );
        expect([await readdir(folder), await spool.open(KEY)]).toEqual([[], undefined]);
      }
    });

    it('fails exactly those lists that waited for the failed flush of the folder', async () => {
      let flushes = 0;
      const files = withHandle((handle, flags) => {
        if (flags === 'w') return;
        flushes += 1;
        if (flushes === 2) handle.sync = () => failing('ENOSPC');
      });
      const spool = await FileListSpool.open(folder, files);
      const keys = Array.from({ length: 20 }, (_none, n) => KEY.replace(/..$/, `${10 + n}`));
      const kept = await Promise.allSettled(keys.map((key) => spool.put(key, LIST)));
      const stored = keys.filter((_key, n) => kept[n]?.status === 'fulfilled');
      expect(stored.length).toBeLessThan(20);
      expect((await spool.entries()).map(({ key }) => key).sort()).toEqual(stored);
      // Twenty at once need not flush the folder twenty times.
      expect(flushes).toBeLessThan(15);
      await spool.put(OTHER, LIST);
      expect(await entriesOf(await spool.open(OTHER))).toEqual(FILES);
    });

    it('reports a folder that is a file as unusable', async () => {
      await writeFile(join(root, 'deep'), '');
      await expect(FileListSpool.open(folder)).rejects.toThrow(SpoolUnavailableError);
    });

    it('does not count a list as lost that is temporarily unreadable', async () => {
      await (await FileListSpool.open(folder)).put(KEY, LIST);
      const spool = await FileListSpool.open(folder, { ...node, open: () => failing('EMFILE') });
      await expect(spool.open(KEY)).rejects.toThrow(SpoolUnavailableError);
    });
  });

  it('lets other requests run while it stores and reads 400,000 entries', async () => {
    const files = Array.from({ length: 400_000 }, (_none, index) => ({
      path: `run_${index}/some/longer/name/of/a/file_${index}.h5`,
      isSymlink: index % 7 === 0,
    }));
    const spool = await FileListSpool.open(folder);
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    count();
    await spool.put(KEY, fileListOf(files));
    const whilePutting = turns;
    const read = await entriesOf(await spool.open(KEY));
    counting = false;
    expect(whilePutting).toBeGreaterThan(100);
    expect(turns - whilePutting).toBeGreaterThan(100);
    expect(read).toHaveLength(files.length);
    expect(read.at(-1)).toEqual(files.at(-1));
  });
});
