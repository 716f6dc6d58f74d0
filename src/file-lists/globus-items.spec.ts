import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { listInMemory } from '../../test/support/fake-file-list-store.js';
import { fileListOf } from '../../test/support/file-lists.js';
import { InternalError } from '../errors/request.errors.js';
import type { FileEntry } from './file-list.js';
import { globusItems } from './globus-items.js';
import {
  packFileList,
  type StoredFileList,
  storedAsLines,
  storedInMemory,
  verifyPacked,
} from './stored-format.js';

type Which = Parameters<typeof globusItems>[3];

async function itemsOf(
  list: StoredFileList,
  folder = '/data/',
  which: Which = 'as-listed',
): Promise<string> {
  const items = globusItems(list, folder, `${folder}in/`, which);
  if (typeof items === 'string') return items;
  const pieces: Buffer[] = [];
  for await (const piece of items.pieces()) pieces.push(piece);
  const all = Buffer.concat(pieces);
  // Globus would wait for the rest for ever, or take the next request for it.
  expect(all.length).toBe(items.bytes);
  return all.toString();
}

async function withLines(list: StoredFileList): Promise<StoredFileList & { lines: Buffer }> {
  const pieces: Buffer[] = [];
  for await (const piece of list.jsonLines()) pieces.push(Buffer.from(piece));
  const lines = Buffer.concat(pieces);
  return { ...storedAsLines(list, lines), lines };
}

/** The source paths of the items, below the folder and sorted. */
async function copiedOf(list: StoredFileList, which: Which = 'leaves'): Promise<readonly string[]> {
  const items = JSON.parse(`[${await itemsOf(list, '/data/', which)}]`) as {
    readonly source_path: string;
    readonly destination_path: string;
  }[];
  for (const item of items) {
    expect(item.destination_path).toBe(item.source_path.replace('/data/', '/data/in/'));
  }
  return items.map((item) => item.source_path.replace('/data/', '')).sort();
}

const file = fc.record({
  path: fc.string({ unit: 'grapheme', maxLength: 20 }),
  isSymlink: fc.boolean(),
});

describe('the items for Globus', () => {
  it('are what JSON.stringify makes of the list, streamed or at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 30 }),
        fc.constantFrom('/', '/data/', '/dä"\\ta/'),
        async (files, folder) => {
          const list = listInMemory(files);
          const text = await itemsOf(list, folder);
          expect(JSON.parse(`[${text}]`)).toEqual(
            files.map(({ path, isSymlink }) => ({
              DATA_TYPE: isSymlink ? 'transfer_symlink_item' : 'transfer_item',
              source_path: `${folder}${path}`,
              destination_path: `${folder}in/${path}`,
            })),
          );
          expect(await itemsOf(await withLines(list), folder)).toBe(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are made in pieces, even if one path is longer than a piece', async () => {
    const files = ['a'.repeat(300_000), ...Array.from({ length: 5000 }, (_none, n) => `run/${n}`)];
    const list = listInMemory(files.map((path) => ({ path, isSymlink: false })));
    const { lines } = await withLines(list);
    const inOnePiece: StoredFileList = {
      ...list,
      async *jsonLines() {
        yield await Promise.resolve(lines);
      },
    };
    expect(await itemsOf(inOnePiece)).toBe(await itemsOf(list));
  });

  it('are never fewer than the list has', async () => {
    const list = await withLines(listInMemory([{ path: 'abc', isSymlink: false }]));
    for (const wrong of [{ pathBytes: 2 }, { pathBytes: 4 }, { count: 2 }]) {
      expect(() => globusItems({ ...list, ...wrong }, '/', '/', 'as-listed')).toThrow(
        InternalError,
      );
    }
  });
});

const sorted = (files: readonly FileEntry[]): readonly FileEntry[] =>
  [...new Map(files.map((entry) => [entry.path, entry])).values()].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );

/** A folder of a list, marked as in `ls -F`: `@` for a link. */
const entry = (marked: string): FileEntry =>
  marked.endsWith('@')
    ? { path: marked.slice(0, -1), isSymlink: true }
    : { path: marked, isSymlink: false };

describe('of the entries of a list, Globus gets', () => {
  it.each<[what: string, listed: readonly string[], copied: readonly string[]]>([
    [
      "the files of the Ingestor's list, though other names stand between a folder and its contents",
      'raw raw/1.h5 raw/deep raw/deep/2.h5 raw-b raw-b/a raw.txt'.split(' '),
      ['raw-b/a', 'raw.txt', 'raw/1.h5', 'raw/deep/2.h5'],
    ],
    ['a folder listed alone', ['raw', 'raw-b', 'raw.txt'], ['raw', 'raw-b', 'raw.txt']],
    ['an empty folder', ['a', 'a/empty', 'a/full', 'a/full/x'], ['a/empty', 'a/full/x']],
    ['a single entry', ['raw'], ['raw']],
    [
      'links to folders, and folders around a link without their other contents',
      ['a', 'a/link@', 'link@', 'link-b', 'link-b/x'],
      ['a/link', 'link', 'link-b/x'],
    ],
    ['a link whose name begins another path', ['raw@', 'raw/1.h5'], ['raw', 'raw/1.h5']],
    [
      'names that sort before a slash',
      ['d', 'd!', 'd !', 'd"', 'd#', 'd,', 'd-', 'd.', 'd/x', 'd0'],
      ['d !', 'd!', 'd"', 'd#', 'd,', 'd-', 'd.', 'd/x', 'd0'],
    ],
    [
      'UTF-8 names',
      ['Größe', 'Größe-2', 'Größe/試料', 'Größe/試料-01.h5', 'Größe/試料/🧪', 'Größe/試料/🧪\\a'],
      ['Größe-2', 'Größe/試料-01.h5', 'Größe/試料/🧪', 'Größe/試料/🧪\\a'],
    ],
    [
      'a folder that is written in two ways',
      ['raw', 'raw/', 'raw/1.h5', 'empty', 'empty/', 'alone/', 'x//', 'x/', 'x//y'],
      ['alone/', 'empty/', 'raw/1.h5', 'x//y'],
    ],
    [
      'only the deepest of folders in one another',
      ['a', 'a-', 'a-/b', 'a-/b-', 'a-/b/c', 'a/b', 'a/b.', 'a/b/c'],
      ['a-/b-', 'a-/b/c', 'a/b.', 'a/b/c'],
    ],
  ])('%s', async (_what, listed, copied) => {
    const list = listInMemory(sorted(listed.map(entry)));
    const expected = [...copied].sort();
    expect(await copiedOf(list)).toEqual(expected);
    expect(await copiedOf(await withLines(list))).toEqual(expected);
    expect(await copiedOf(list, 'as-listed')).toEqual(
      listed.map((marked) => entry(marked).path).sort(),
    );
  });

  it('every file once, whatever the names', async () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', '-', '.', ' ', '0', '"', '\\', '\n', 'ü', '\ue000', '😀'),
      minLength: 1,
      maxLength: 3,
    });
    const path = fc
      .tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '', '/', '//'))
      .map(([names, end]) => names.join('/') + end);
    const some = fc.array(fc.record({ path, isSymlink: fc.boolean() }), { maxLength: 12 });
    // Folders of some entries, too, as the Ingestor lists them.
    const withFolders = fc.tuple(some, fc.boolean()).map(([files, all]) =>
      files.flatMap((one) => {
        const names = one.path.split('/');
        const folders = names.slice(0, -1).map((_none, n) => names.slice(0, n + 1).join('/'));
        return [one, ...(all ? folders.map((folder) => entry(folder)) : [])];
      }),
    );
    await fc.assert(
      fc.asyncProperty(withFolders, async (files) => {
        const listed = sorted(files);
        const isBelow = (folder: string) =>
          listed.some(
            ({ path: other }) =>
              other !== folder && other.startsWith(folder.endsWith('/') ? folder : `${folder}/`),
          );
        const expected = listed.filter((one) => one.isSymlink || !isBelow(one.path));
        const list = listInMemory(listed);
        const paths = expected.map((one) => one.path);
        expect(await copiedOf(list)).toEqual(paths);
        expect(await copiedOf(await withLines(list))).toEqual(paths);
        // The counts of the stored format, from memory and from the lines.
        const packed: Buffer[] = [];
        const stats = await packFileList(fileListOf(listed), (bytes) => {
          packed.push(Buffer.from(bytes));
          return Promise.resolve();
        });
        expect(stats.parents).toEqual(list.parents);
        const verified = await verifyPacked(Readable.from(packed));
        expect(verified?.stats).toEqual(stats);
      }),
      { numRuns: 1000 },
    );
  });

  it('as many bytes as were announced of 50,000 files, with hundreds of undecided folders', async () => {
    const files = Array.from({ length: 50_000 }, (_none, n) => `run-${n % 997}/f${n}.h5`);
    const folders = Array.from({ length: 997 }, (_none, n) => [`run-${n}`, `run-${n}-dark`]).flat();
    const chain = Array.from({ length: 300 }, (_none, n) => 'x'.repeat(n + 1));
    const listed = sorted([...files, ...folders, ...chain, 'run'].map(entry));
    const stats = await packFileList(fileListOf(listed), () => Promise.resolve());
    const list = storedInMemory(stats, fileListOf(listed));
    expect(stats.parents.count).toBe(997);
    expect(await copiedOf(list)).toHaveLength(50_000 + 997 + 300 + 1);
  });
});
