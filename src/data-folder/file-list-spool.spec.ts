import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
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
import { encodeHead } from '../file-lists/list-head.js';
import { FileListSpool, type SpoolFileSystem } from './file-list-spool.js';
import { fileListOf } from '../../test/support/file-lists.js';

const KEY = '44444444-4444-4444-8444-444444444444';
const OTHER = '55555555-5555-4555-8555-555555555555';
const FILES = [
  { path: 'a/b.h5', isSymlink: false },
  { path: 'line\nbreak "ü😀".h5', isSymlink: true },
];
const LIST = fileListOf(FILES);
const MIB = 1024 * 1024;

const opened = (
  folder: string,
  files?: SpoolFileSystem,
  limits = { maxMiB: 64, maxMiBPerUser: 64 },
) => FileListSpool.open(folder, () => limits, files);

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
    await (await opened(folder)).put(KEY, LIST, 'alice');
    expect(await entriesOf(await (await opened(folder)).open(KEY))).toEqual(FILES);
    expect([(await stat(file())).mode & 0o777, (await stat(folder)).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    expect(await readdir(folder)).toEqual([`${KEY}.jsonl.gz`]);
  });

  it('stores an empty list, and replaces a list as a whole', async () => {
    const spool = await opened(folder);
    await spool.put(KEY, fileListOf([]), 'alice');
    expect(await spool.open(KEY)).toMatchObject({ count: 0, symlinks: 0, pathBytes: 0 });
    expect(await entriesOf(await spool.open(KEY))).toEqual([]);
    await spool.put(KEY, LIST, 'alice');
    expect(await entriesOf(await spool.open(KEY))).toEqual(FILES);
  });

  it('removes a list, and ignores one that it does not have', async () => {
    const spool = await opened(folder);
    await spool.put(KEY, LIST, 'alice');
    await spool.remove(KEY);
    await spool.remove(KEY);
    expect(await spool.open(KEY)).toBeUndefined();
    expect(await spool.entries()).toEqual([]);
  });

  it('lists the stored lists and nothing else, oldest first', async () => {
    const spool = await opened(folder);
    await spool.put(KEY, LIST, 'alice');
    await spool.put(OTHER, LIST, 'alice');
    await utimes(file(), 2_000, 2_000);
    await utimes(join(folder, `${OTHER}.jsonl.gz`), 1_000, 1_000);
    await writeFile(join(folder, 'README'), '');
    await writeFile(join(folder, 'x.jsonl.gz'), '');
    expect(await spool.entries()).toEqual([
      { key: OTHER, storedAt: 1_000_000, named: false },
      { key: KEY, storedAt: 2_000_000, named: false },
    ]);
  });

  it('never uses a key as a file name unless it is a UUID', async () => {
    const spool = await opened(folder);
    await writeFile(join(root, 'deep', 'x.jsonl.gz'), 'precious');
    await expect(spool.put('../x', LIST, 'alice')).rejects.toThrow(InternalError);
    expect(await spool.open('../x')).toBeUndefined();
    await spool.remove('../x');
    expect(await readFile(join(root, 'deep', 'x.jsonl.gz'), 'utf8')).toBe('precious');
  });

  it('returns neither a damaged list nor one with unreadable sectors', async () => {
    await (await opened(folder)).put(KEY, LIST, 'alice');
    const unreadable: SpoolFileSystem = {
      mkdir,
      open: () => Promise.reject(Object.assign(new Error('EIO: x'), { code: 'EIO' })),
      readdir,
      unlink,
      stat,
    };
    expect(await (await opened(folder, unreadable)).open(KEY)).toBeUndefined();
    await writeFile(file(), (await readFile(file())).subarray(0, -12));
    expect(await (await opened(folder)).open(KEY)).toBeUndefined();
  });

  it.each<[string, () => Promise<void>]>([
    ['removed', () => rm(file())],
    ['truncated', async () => writeFile(file(), (await readFile(file())).subarray(0, -12))],
  ])(
    'a list of its own that was %s fails to read, and counts as lost from then on',
    async (_what, harm) => {
      const spool = await opened(folder);
      await spool.put(KEY, LIST, 'alice');
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
      const spool = await opened(folder);
      await spool.put(KEY, LIST, 'alice');
      await spool.put(OTHER, fileListOf(long), 'alice');
      const restarted = await opened(folder);
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
      const spool = await opened(folder, files);
      const long = fileListOf(
        Array.from({ length: 20_000 }, (_none, n) => ({ path: `${n}.h5`, isSymlink: false })),
      );
      for (const list of [LIST, long]) {
        const error: unknown = await spool
          .put(KEY, list, 'alice')
          .catch((thrown: unknown) => thrown);
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
      const spool = await opened(folder, files);
      const keys = Array.from({ length: 20 }, (_none, n) => KEY.replace(/..$/, `${10 + n}`));
      const kept = await Promise.allSettled(keys.map((key) => spool.put(key, LIST, 'alice')));
      const stored = keys.filter((_key, n) => kept[n]?.status === 'fulfilled');
      expect(stored.length).toBeLessThan(20);
      expect((await spool.entries()).map(({ key }) => key).sort()).toEqual(stored);
      // Twenty at once need not flush the folder twenty times.
      expect(flushes).toBeLessThan(15);
      await spool.put(OTHER, LIST, 'alice');
      expect(await entriesOf(await spool.open(OTHER))).toEqual(FILES);
    });

    it('reports a folder that is a file as unusable', async () => {
      await writeFile(join(root, 'deep'), '');
      await expect(opened(folder)).rejects.toThrow(SpoolUnavailableError);
    });

    it('does not count a list as lost that is temporarily unreadable', async () => {
      await (await opened(folder)).put(KEY, LIST, 'alice');
      const spool = await opened(folder, { ...node, open: () => failing('EMFILE') });
      await expect(spool.open(KEY)).rejects.toThrow(SpoolUnavailableError);
    });
  });

  describe('has space for so much, and no more', () => {
    const limits = { maxMiB: 2, maxMiBPerUser: 1 };
    /** Names that can't be compressed: some 33 bytes of each entry. */
    const listOf = (entries: number) =>
      fileListOf(
        Array.from({ length: entries }, () => ({
          path: randomBytes(33).toString('base64url'),
          isSymlink: false,
        })),
      );
    const key = (number: number) => KEY.replace(/..$/, `${10 + number}`);
    const refusal = (putting: Promise<void>) =>
      putting.then(
        () => 'stored',
        (error: unknown) => (error as Error).name,
      );

    it("fills with one user's lists only in part, and takes those of others", async () => {
      const spool = await opened(folder, undefined, limits);
      const list = listOf(10_000);
      await spool.put(key(1), list, 'alice');
      await spool.put(key(2), list, 'alice');
      expect(await refusal(spool.put(key(3), list, 'alice'))).toBe('ListQuotaError');
      await spool.put(key(4), list, 'bob');
      expect(spool.usage()).toMatchObject({
        refused: { quota: 0, 'user-quota': 1, disk: 0 },
        trouble: undefined,
      });
      await spool.remove(key(1));
      await spool.put(key(3), list, 'alice');
      expect((await readdir(folder)).sort()).toEqual([2, 3, 4].map((n) => `${key(n)}.jsonl.gz`));
    });

    it('knows after a restart whose the lists are, and how much they take', async () => {
      const before = await opened(folder, undefined, limits);
      for (const number of [1, 2]) await before.put(key(number), listOf(10_000), 'alice');
      const spool = await opened(folder, undefined, limits);
      expect(await refusal(spool.put(key(3), listOf(10_000), 'alice'))).toBe('ListQuotaError');
      expect(spool.usage().bytes).toBe(before.usage().bytes);
      await spool.put(key(4), listOf(10_000), 'bob');
      await spool.remove(key(1));
      await spool.put(key(3), listOf(10_000), 'alice');
    });

    it('says when all of it is used, until a list is removed', async () => {
      const spool = await opened(folder, undefined, limits);
      for (const number of [1, 2, 3, 4]) await spool.put(key(number), listOf(10_000), `u${number}`);
      const error: unknown = await spool.put(key(5), listOf(20_000), 'u5').catch((e: unknown) => e);
      expect(error).toBeInstanceOf(SpoolUnavailableError);
      expect((error as Error).message).toBe(
        'The file list could not be stored: the lists of all waiting transfers take all of the 2 MiB that this service has for them. Please try again later; an operator can raise spool.maxMiB.',
      );
      expect(spool.usage()).toMatchObject({
        refused: { quota: 1 },
        trouble: (error as Error).message,
      });
      expect(await spool.open(key(5))).toBeUndefined();
      await spool.remove(key(1));
      expect(spool.usage().trouble).toBeUndefined();
      await spool.put(key(5), listOf(20_000), 'u5');
    });

    it('never writes more than it has space for, however many lists are written at once', async () => {
      const spool = await opened(folder, undefined, limits);
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, n) => refusal(spool.put(key(n), listOf(8_000), `u${n}`))),
      );
      const stored = results.filter((result) => result === 'stored').length;
      expect(results.filter((result) => result === 'SpoolUnavailableError')).toHaveLength(
        12 - stored,
      );
      const sizes = await Promise.all(
        (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size),
      );
      expect(sizes).toHaveLength(stored);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2 * MIB);
      // All of them may have been refused, having filled the space together; then it is free again.
      if (stored === 0) expect(spool.usage().bytes).toBe(0);
      for (let n = 0; n < 12; n += 1) await spool.remove(key(n));
      expect(spool.usage().bytes).toBe(0);
      await spool.put(OTHER, listOf(8_000), 'alice');
    });

    it('ends a list that is too long before it is written whole, and leaves nothing behind', async () => {
      let written = 0;
      const files: SpoolFileSystem = {
        ...{ mkdir, readdir, stat, unlink },
        open: async (path, flags, mode) => {
          const handle = await open(path, flags, mode);
          const write = handle.writeFile.bind(handle);
          handle.writeFile = (bytes) => {
            written += (bytes as Buffer).length;
            return write(bytes);
          };
          return handle;
        },
      };
      const spool = await opened(folder, files, limits);
      expect(await refusal(spool.put(KEY, listOf(100_000), 'alice'))).toBe('InvalidRequestError');
      expect(written).toBeLessThanOrEqual(MIB);
      expect([await readdir(folder), spool.usage().bytes]).toEqual([[], 0]);
    });

    it('does not touch the disk for a user who has no space left', async () => {
      let opens = 0;
      const files: SpoolFileSystem = {
        ...{ mkdir, readdir, stat, unlink },
        open: (path, flags, mode) => {
          opens += 1;
          return open(path, flags, mode);
        },
      };
      const spool = await opened(folder, files, { maxMiB: 2, maxMiBPerUser: 1 });
      for (let n = 0; n < 256; n += 1) {
        await spool.put(`${KEY.slice(0, -3)}${String(n).padStart(3, '0')}`, LIST, 'alice');
      }
      const before = opens;
      expect(await refusal(spool.put(OTHER, LIST, 'alice'))).toBe('ListQuotaError');
      expect(opens).toBe(before);
    });

    it('counts a list of an older version, which has no head, for nobody', async () => {
      const spool = await opened(folder);
      await spool.put(KEY, listOf(20_000), 'alice');
      const head = encodeHead({ owner: 'alice', named: false }).length;
      await writeFile(file(), (await readFile(file())).subarray(head));
      const restarted = await opened(folder, undefined, limits);
      await restarted.put(OTHER, listOf(20_000), 'alice');
      expect((await restarted.entries()).map(({ key: one, named }) => [one, named]).sort()).toEqual(
        [
          [KEY, true],
          [OTHER, false],
        ],
      );
      expect((await restarted.open(KEY))?.count).toBe(20_000);
      expect(restarted.usage().bytes).toBeGreaterThan(MIB);
    });

    it('remembers that a job names a list, and that list stays readable', async () => {
      const spool = await opened(folder);
      await spool.put(KEY, LIST, 'alice');
      await spool.put(OTHER, LIST, 'alice');
      await spool.markNamed(KEY);
      await spool.markNamed('66666666-6666-4666-8666-666666666666');
      for (const one of [spool, await opened(folder)]) {
        expect((await one.entries()).map(({ key: of, named }) => [of, named]).sort()).toEqual([
          [KEY, true],
          [OTHER, false],
        ]);
        expect(await entriesOf(await one.open(KEY))).toEqual(FILES);
      }
    });

    it('a full disk is trouble until a list can be stored', async () => {
      let isFull = true;
      const files: SpoolFileSystem = {
        ...{ mkdir, readdir, stat, unlink },
        open: async (path, flags, mode) => {
          const handle = await open(path, flags, mode);
          if (isFull)
            handle.sync = () => Promise.reject(Object.assign(new Error(), { code: 'ENOSPC' }));
          return handle;
        },
      };
      const spool = await opened(folder, files);
      expect(await refusal(spool.put(KEY, LIST, 'alice'))).toBe('SpoolUnavailableError');
      expect(spool.usage()).toMatchObject({
        bytes: 0,
        refused: { disk: 1, quota: 0 },
        trouble: expect.stringContaining('disk is full') as unknown,
      });
      isFull = false;
      await spool.put(KEY, LIST, 'alice');
      expect(spool.usage().trouble).toBeUndefined();
    });
  });

  it('lets other requests run while it stores and reads 400,000 entries', async () => {
    const files = Array.from({ length: 400_000 }, (_none, index) => ({
      path: `run_${index}/some/longer/name/of/a/file_${index}.h5`,
      isSymlink: index % 7 === 0,
    }));
    const spool = await opened(folder);
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    count();
    await spool.put(KEY, fileListOf(files), 'alice');
    const whilePutting = turns;
    const read = await entriesOf(await spool.open(KEY));
    counting = false;
    expect(whilePutting).toBeGreaterThan(100);
    expect(turns - whilePutting).toBeGreaterThan(100);
    expect(read).toHaveLength(files.length);
    expect(read.at(-1)).toEqual(files.at(-1));
  });
});
