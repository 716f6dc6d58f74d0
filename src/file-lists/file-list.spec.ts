import { describe, expect, test } from '@jest/globals';
import type { FileListDigest } from '../domain/file-list-digest.js';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { atOnce } from '../../test/support/fake-file-list-store.js';
import {
  digestFileList as digestInSteps,
  type FileEntry,
  FileListBuilder,
  rebuildFileList as rebuildInSteps,
  sortedFileList as sortInSteps,
} from './file-list.js';
import { ENTRIES_PER_STEP } from './run-cooperatively.js';
import { fileListOf, filesOf } from '../../test/support/file-lists.js';

const sortedFileList = (files: readonly FileEntry[]): readonly FileEntry[] =>
  filesOf(atOnce(sortInSteps(fileListOf(files))));
const digestFileList = (sorted: readonly FileEntry[]) => atOnce(digestInSteps(fileListOf(sorted)));
const rebuildFileList = (
  paths: readonly string[],
  digest: FileListDigest,
): readonly FileEntry[] | undefined => {
  const list = atOnce(rebuildInSteps(paths, digest));
  return list === undefined ? undefined : filesOf(list);
};

const file = (path: string, isSymlink = false): FileEntry => ({ path, isSymlink });

const fileLists = fc
  .uniqueArray(
    fc.record({
      // Control characters are refused before a list gets here.
      path: fc.string({ minLength: 1, unit: 'grapheme' }).filter((path) => !path.includes('\0')),
      isSymlink: fc.boolean(),
    }),
    { selector: (entry) => entry.path, minLength: 1 },
  )
  .map((entries): readonly FileEntry[] => entries);

describe('a file list', () => {
  test('gives back what it was made of', () => {
    const files = [file('a'), file('', true), file('ü/😀"\\\n'), file('x'.repeat(9000), true)];
    const list = fileListOf(files);
    expect([list.count, filesOf(list)]).toEqual([4, files]);
  });

  test('grows with what is put into it, whatever was said before', () => {
    const files = Array.from({ length: 5000 }, (_, n) => file(`folder/${n}`, n % 2 === 0));
    const builder = new FileListBuilder(10);
    for (const { path, isSymlink } of files) builder.add(path, isSymlink);
    const list = builder.build();
    expect(filesOf(list)).toEqual(files);
  });

  test.each(['"', '\\', '\n', '\u0000', '\u001f'])('knows that JSON escapes %j', (character) => {
    const list = fileListOf([file('a'), file(`a${character}b`), file('b')]);
    const sorted = atOnce(sortInSteps(list));
    expect([list.isPlainJson, sorted.isPlainJson]).toEqual([false, false]);
    expect(fileListOf([file("a/ü😀\u2028'\u007f")]).isPlainJson).toBe(true);
  });
});

describe('the digest of a file list', () => {
  test('frozen: SHA-256 of the sorted paths, each followed by NUL; links as runs', () => {
    const sorted = sortedFileList([file('c', true), file('a'), file('b', true), file('e', true)]);
    expect(sorted).toEqual([file('a'), file('b', true), file('c', true), file('e', true)]);
    expect(digestFileList(sorted)).toEqual({
      count: 4,
      sha256: createHash('sha256').update('a\0b\0c\0e\0').digest('hex'),
      symlinks: [[1, 3]],
    });
  });

  test('sorts by code units, the same on every machine, and keeps its input', () => {
    const given = ['b', 'ä', 'a', 'B', '\u{1F600}', '\uFF00'].map((path) => file(path));
    expect(sortedFileList(given).map(({ path }) => path)).toEqual([
      'B',
      'a',
      'b',
      'ä',
      '\u{1F600}',
      '\uFF00',
    ]);
    expect(given[0]).toEqual(file('b'));
  });

  test('moving the border between two paths changes it', () => {
    const digests = [['ab', 'c'], ['a', 'bc'], ['abc']].map(
      (paths) => digestFileList(paths.map((path) => file(path))).sha256,
    );
    expect(new Set(digests).size).toBe(3);
  });

  test('a list of 400,000 links stays a small record, or SciCat could not hold the job', () => {
    const all = Array.from({ length: 400_000 }, (_, n) => file(String(n).padStart(6, '0'), true));
    expect(digestFileList(all)).toMatchObject({ count: 400_000, symlinks: [[0, 400_000]] });
  });
});

describe('a long list', () => {
  const N = 4 * ENTRIES_PER_STEP + 7;
  // A fixed mixture, with every path of the first thousand twice, as a file and as a link.
  const mixed = Array.from({ length: N }, (_, n) => file(`p${(n * 48_271) % N}`)).concat(
    Array.from({ length: 1000 }, (_, n) => file(`p${n}`, true)),
  );

  const LONG = fileListOf(mixed.map(({ path }) => file(`${'long/'.repeat(20)}${path}`)));

  test('is sorted as a short one is', () => {
    const wanted = mixed.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    expect(sortedFileList(mixed).map(({ path }) => path)).toEqual(wanted.map(({ path }) => path));
  });

  test.each([
    ['sorting', () => sortInSteps(fileListOf(mixed))],
    ['the digest', () => digestInSteps(LONG)],
  ])('%s lets others run again and again, or they would wait for half a second', (_what, start) => {
    const steps: Generator<undefined, unknown, undefined> = start();
    let times = 0;
    while (steps.next().done !== true) times += 1;
    expect(times).toBeGreaterThanOrEqual(4);
  });

  test('that comes sorted is taken as it is', () => {
    const sorted = atOnce(sortInSteps(fileListOf(mixed)));
    expect(atOnce(sortInSteps(sorted))).toBe(sorted);
  });
});

describe('a lost list is rebuilt', () => {
  test('from the paths in any order, with its links', () => {
    fc.assert(
      fc.property(fileLists, fc.nat(), (files, rotation) => {
        const sorted = sortedFileList(files);
        const paths = files.map(({ path }) => path);
        const shuffled = [
          ...paths.slice(rotation % paths.length),
          ...paths.slice(0, rotation % paths.length),
        ];
        expect(rebuildFileList(shuffled, digestFileList(sorted))).toEqual(sorted);
      }),
    );
  });

  test('but never from other paths: something else than was asked for would be copied', () => {
    const digest = digestFileList([file('a'), file('b')]);
    expect(
      [['a'], ['a', 'c'], ['a', 'b', 'c'], [], ['b', 'b']].map((paths) =>
        rebuildFileList(paths, digest),
      ),
    ).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  test.each([[[[0, 3]]], [[[2, 1]]], [[[5, 1_000_000_000_000]]]] as const)(
    'runs of links beyond the list (%j) are refused at once',
    (symlinks) => {
      const digest = { ...digestFileList([file('a'), file('b')]), symlinks };
      expect(rebuildFileList(['a', 'b'], digest)).toBeUndefined();
    },
  );
});
