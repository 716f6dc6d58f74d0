import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { atOnce } from '../../test/support/fake-file-list-store.js';
import { fileListOf, filesOf } from '../../test/support/file-lists.js';
import type { FileList } from './file-list.js';
import { ENTRIES_PER_STEP } from './run-cooperatively.js';
import { comparePaths, sortFileList } from './sort-file-list.js';

const listOf = (paths: readonly string[]): FileList =>
  fileListOf(paths.map((path) => ({ path, isSymlink: false })));

const sorted = (paths: readonly string[]): readonly string[] =>
  filesOf(atOnce(sortFileList(listOf(paths)))).map(({ path }) => path);

/** As JavaScript sorts strings: by code units. */
const byCodeUnits = (paths: readonly string[]): readonly string[] => [...paths].sort();

/** Folders within folders, names that begin alike, and characters on both sides of the slash. */
const path = fc
  .array(fc.constantFrom('a', 'b', 'ab', '-', '.', '0', '~', 'scan', 'ü', '\uffff', '😀'), {
    minLength: 1,
    maxLength: 6,
  })
  .chain((parts) =>
    fc
      .array(fc.constantFrom('/', '', '/'), { minLength: parts.length, maxLength: parts.length })
      .map((slashes) => parts.map((part, at) => `${part}${slashes[at] ?? ''}`).join('')),
  );

describe('the order of paths', () => {
  test('is that of code units, whatever order they are given in', () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 200 }), (paths) => {
        expect(sorted(paths)).toEqual(byCodeUnits(paths));
      }),
      { numRuns: 500 },
    );
  });

  test('of any two paths is that of JavaScript', () => {
    const text = fc.oneof(path, fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, text, fc.string({ maxLength: 9 }), (one, other, before) => {
        const [a, b] = [before + one, before + other];
        expect(Math.sign(comparePaths(listOf([a, b]), 0, 1))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
      { numRuns: 2000 },
    );
  });

  test('is right for alternating folders, and for more folders than are distinguished', () => {
    const turns = Array.from({ length: 20_000 }, (_none, n) => `run/tile_${n % 8}/frame_${n}`);
    const many = Array.from({ length: 20_000 }, (_none, n) => `${(n * 7919) % 9973}/x/${n % 3}`);
    for (const paths of [turns, many, turns.toReversed()]) {
      expect(sorted(paths)).toEqual(byCodeUnits(paths));
    }
  });

  test('keeps a sorted list, and links with their paths', () => {
    for (const paths of [['a', 'a', 'b/a', 'b0'], []]) {
      const list = listOf(paths);
      expect(atOnce(sortFileList(list))).toBe(list);
    }
    const list = fileListOf([
      { path: 'b', isSymlink: false },
      { path: 'a', isSymlink: true },
    ]);
    expect([filesOf(atOnce(sortFileList(list))), list.path(0)]).toEqual([
      [
        { path: 'a', isSymlink: true },
        { path: 'b', isSymlink: false },
      ],
      'b',
    ]);
  });

  test('of a long list is computed in steps, or other requests would wait for half a second', () => {
    const count = 4 * ENTRIES_PER_STEP + 7;
    const list = listOf(Array.from({ length: count }, (_none, n) => `p${(n * 48_271) % count}`));
    const steps = sortFileList(list);
    let times = 0;
    while (steps.next().done !== true) times += 1;
    expect(times).toBeGreaterThanOrEqual(4);
  });
});
