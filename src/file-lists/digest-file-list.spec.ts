import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { atOnce } from '../../test/support/fake-file-list-store.js';
import { fileListOf, filesOf } from '../../test/support/file-lists.js';
import type { FileListDigest } from '../domain/file-list-digest.js';
import { digestFileList, rebuildFileList } from './digest-file-list.js';
import type { FileEntry } from './file-list.js';
import { ENTRIES_PER_STEP } from './run-cooperatively.js';
import { sortFileList } from './sort-file-list.js';

const file = (path: string, isSymlink = false): FileEntry => ({ path, isSymlink });

const digestOf = (files: readonly FileEntry[]): FileListDigest =>
  atOnce(digestFileList(atOnce(sortFileList(fileListOf(files)))));
const rebuilt = (paths: readonly string[], digest: FileListDigest) => {
  const list = atOnce(rebuildFileList(paths, digest));
  return list === undefined ? undefined : filesOf(list);
};

describe('the digest of a file list', () => {
  test('frozen: SHA-256 of the sorted paths, each followed by NUL; links as runs', () => {
    const files = [file('c', true), file('a'), file('b', true), file('e', true)];
    expect(digestOf(files)).toEqual({
      count: 4,
      sha256: createHash('sha256').update('a\0b\0c\0e\0').digest('hex'),
      symlinks: [[1, 3]],
    });
  });

  test('changes when the border between two paths moves', () => {
    const digests = [['ab', 'c'], ['a', 'bc'], ['abc']].map(
      (paths) => digestOf(paths.map((path) => file(path))).sha256,
    );
    expect(new Set(digests).size).toBe(3);
  });

  test('of 400,000 links stays small enough for a SciCat job', () => {
    const all = Array.from({ length: 400_000 }, (_, n) => file(String(n).padStart(6, '0'), true));
    expect(digestOf(all)).toMatchObject({ count: 400_000, symlinks: [[0, 400_000]] });
  });

  test('notes as many runs of links as fit, and only what they hash to of more', () => {
    const everySecond = (count: number) =>
      Array.from({ length: count }, (_, n) => file(String(n).padStart(7, '0'), n % 2 === 1));
    const few = digestOf(everySecond(2_000));
    expect(few.symlinks).toHaveLength(1_000);
    const many = digestOf(everySecond(10_000));
    const hashed = createHash('sha256');
    const run = Buffer.alloc(16);
    for (let n = 1; n < 10_000; n += 2) {
      run.writeDoubleLE(n, 0);
      run.writeDoubleLE(1, 8);
      hashed.update(run);
    }
    expect(many.symlinks).toEqual({ count: 5_000, sha256: hashed.digest('hex') });
    expect(JSON.stringify(many).length).toBeLessThan(300);
  });

  test('of a long list is computed in steps, or other requests would wait for half a second', () => {
    const paths = Array.from(
      { length: 4 * ENTRIES_PER_STEP },
      (_, n) => `${'long/'.repeat(20)}${n}`,
    );
    const steps = digestFileList(fileListOf(paths.map((path) => file(path))));
    const hash = createHash('sha256').update(paths.map((path) => `${path}\0`).join(''));
    let times = 0;
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        expect(step.value.sha256).toBe(hash.digest('hex'));
        break;
      }
      times += 1;
    }
    expect(times).toBeGreaterThanOrEqual(4);
  });
});

describe('a lost list', () => {
  test('is not rebuilt without its links, which SciCat does not know', () => {
    const digest = digestOf([file('a'), file('b')]);
    const symlinks = { count: 0, sha256: createHash('sha256').digest('hex') };
    expect(rebuilt(['a', 'b'], { ...digest, symlinks })).toBeUndefined();
  });

  const fileLists = fc.uniqueArray(
    fc.record({
      // Control characters are refused before a list gets here.
      path: fc.string({ minLength: 1, unit: 'grapheme' }).filter((path) => !path.includes('\0')),
      isSymlink: fc.boolean(),
    }),
    { selector: (entry) => entry.path, minLength: 1 },
  );

  test('is rebuilt from its paths in any order, with its links', () => {
    fc.assert(
      fc.property(fileLists, fc.nat(), (files, rotation) => {
        const paths = files.map(({ path }) => path);
        const start = rotation % paths.length;
        const rotated = [...paths.slice(start), ...paths.slice(0, start)];
        expect(rebuilt(rotated, digestOf(files))).toEqual(
          files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
        );
      }),
    );
  });

  test('is never rebuilt from other paths, which were not requested', () => {
    const digest = digestOf([file('a'), file('b')]);
    for (const paths of [['a'], ['a', 'c'], ['a', 'b', 'c'], [], ['b', 'b']]) {
      expect(rebuilt(paths, digest)).toBeUndefined();
    }
  });

  test.each([[[[0, 3]]], [[[2, 1]]], [[[5, 1_000_000_000_000]]]] as const)(
    'is not rebuilt with runs of links beyond its end (%j)',
    (symlinks) => {
      const digest = { ...digestOf([file('a'), file('b')]), symlinks };
      expect(rebuilt(['a', 'b'], digest)).toBeUndefined();
    },
  );
});
