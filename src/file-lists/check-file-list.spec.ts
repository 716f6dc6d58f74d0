import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { atOnce } from '../../test/support/fake-file-list-store.js';
import { fileListOf, filesOf } from '../../test/support/file-lists.js';
import type { FileEntry } from './file-list.js';
import { checkFileList } from './check-file-list.js';
import { rebuildFileList } from './digest-file-list.js';

const check = (files: readonly FileEntry[], atRoot = false) =>
  atOnce(checkFileList(fileListOf(files), atRoot));

const file = (path: string, isSymlink = false): FileEntry => ({ path, isSymlink });

describe('a checked file list', () => {
  test('has every path once, sorted', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'ü', '-'), minLength: 1 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 40 }), (names) => {
        // Not absolute, and each path a file or a link, not both.
        const files = names
          .map((path) => `x${path}`.replace(/\/+/g, '/').replace(/\/$/, ''))
          .map((path) => file(path, path.length % 2 === 1));
        const { files: list, digest } = check(files);
        const paths = [...new Set(files.map(({ path }) => path))].sort();
        expect(filesOf(list)).toEqual(paths.map((path) => file(path, path.length % 2 === 1)));
        expect(digest.count).toBe(paths.length);
      }),
      { numRuns: 500 },
    );
  });

  test('writes a folder in one way, or its files would be copied once for each', () => {
    const { files, digest, parents } = check(
      ['raw/', 'raw', 'raw//1.h5', 'raw/1.h5', 'raw/deep///2.h5/', 'ü/'].map((path) => file(path)),
    );
    expect(filesOf(files)).toEqual(['raw', 'raw/1.h5', 'raw/deep/2.h5', 'ü'].map((p) => file(p)));
    expect(parents).toBe(1);
    const asUsual = check(['ü', 'raw/deep/2.h5', 'raw/1.h5', 'raw'].map((path) => file(path)));
    expect(digest).toEqual(asUsual.digest);
    // A list that is lost is rebuilt from what SciCat has, however that is written.
    const found = ['raw/', 'raw//1.h5', 'raw/deep/2.h5', 'ü'];
    expect(filesOf(atOnce(rebuildFileList(found, digest)) ?? fileListOf([]))).toEqual(
      filesOf(files),
    );
  });

  test('counts the folders that have entries below them, also next to duplicates', () => {
    const paths = ['raw', 'raw', 'raw-b', 'raw/1.h5', 'raw/1.h5', 'empty', 'link-/x'];
    expect(check([...paths.map((path) => file(path)), file('link', true)]).parents).toBe(1);
  });

  test.each([
    ['../x', /Entry 1 of the file list can't be used: its path has a "." or ".." segment/],
    ['/etc/passwd', /Entry 1 .* is absolute/],
    ['', /Entry 1 .* is empty/],
    ['a\nb', /Entry 1 .* control character/],
    ['ü/../x', /Entry 1 .* segment/],
  ])('must not contain the path %j', (path, message) => {
    expect(() => check([file('a'), file(path), file('/b')])).toThrow(message);
  });

  test('must not name a home folder if the dataset is at the root of a collection', () => {
    expect(() => check([file('~/x')], true)).toThrow(/"~"/);
    expect(filesOf(check([file('~/x')]).files)).toEqual([file('~/x')]);
  });

  test('must not have a path both as a link and as a file', () => {
    expect(() => check([file('b'), file('a', true), file('a')])).toThrow(
      /contains the same path twice/,
    );
  });

  test('must not be empty', () => {
    expect(() => check([])).toThrow('The file list is empty.');
  });
});
