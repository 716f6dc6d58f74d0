import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { atOnce } from '../../test/support/fake-file-list-store.js';
import { fileListOf, filesOf } from '../../test/support/file-lists.js';
import type { FileEntry } from './file-list.js';
import { checkFileList } from './check-file-list.js';

const check = (files: readonly FileEntry[], atRoot = false, symlinksRefusedBy?: string) =>
  atOnce(checkFileList(fileListOf(files), atRoot, symlinksRefusedBy));

const file = (path: string, isSymlink = false): FileEntry => ({ path, isSymlink });

describe('a checked file list', () => {
  test('has every path once, sorted', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'ü', '-'), minLength: 1 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 40 }), (names) => {
        // Not absolute.
        const files = names.map((path) => file(`x${path.replaceAll(/\/+/g, '/')}`));
        const { files: list, digest } = check(files);
        const paths = [...new Set(files.map(({ path }) => path))].sort();
        expect(filesOf(list)).toEqual(paths.map((path) => file(path)));
        expect(digest.count).toBe(paths.length);
      }),
      { numRuns: 500 },
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

  describe('must not have an entry below an entry that is a link', () => {
    test('and names both', () => {
      expect(() => check([file('raw/1.h5'), file('raw-b'), file('raw', true)])).toThrow(
        'The file list contains "raw/1.h5", which is below "raw", a symbolic link. The link is copied as a link, so nothing can be copied to a path below it. Remove one of the two from the list.',
      );
    });

    test.each([
      ['a link below a link', [file('a', true), file('a/b', true)]],
      ['a folder between them', [file('a', true), file('a/b/c/d.h5')]],
      ['a link written with a slash', [file('a/', true), file('a/b')]],
      [
        'other links between them in the order',
        [file('a', true), file('a!', true), file('a!b', true), file('a-', true), file('a/b')],
      ],
      ['names of other alphabets', [file('ü\u{10000}', true), file('ü\u{10000}/\uffff')]],
    ])('%s', (_what, files) => {
      expect(() => check(files)).toThrow(/, which is below "/);
    });

    test.each([
      ['an entry whose name only begins like a link', [file('raw', true), file('raw-b/1.h5')]],
      ['one before it in the order, one after', [file('a b/c'), file('a', true), file('a0/b')]],
      ['a link below a folder', [file('raw'), file('raw/latest', true)]],
      ['the link itself, twice', [file('raw', true), file('raw', true)]],
    ])('but may have %s', (_what, files) => {
      expect(() => check(files)).not.toThrow();
    });

    test('for any list, as a comparison of every entry with every link says', () => {
      const unit = fc.constantFrom('a', '/', '-', '0', '\uffff');
      const name = fc
        .string({ unit, minLength: 1, maxLength: 4 })
        .filter((text) => !text.includes('//'));
      const entry = fc.record({ path: name.map((path) => `x${path}`), isSymlink: fc.boolean() });
      let refused = 0;
      fc.assert(
        fc.property(
          fc.uniqueArray(entry, { selector: ({ path }) => path, minLength: 1, maxLength: 30 }),
          (files) => {
            const isBelow = files.some(({ path: link, isSymlink }) => {
              const folder = `${link.replace(/\/+$/, '')}/`;
              return (
                isSymlink && files.some(({ path }) => path !== link && path.startsWith(folder))
              );
            });
            refused += isBelow ? 1 : 0;
            if (isBelow) expect(() => check(files)).toThrow(/which is below/);
            else expect(filesOf(check(files).files).length).toBe(files.length);
          },
        ),
        { numRuns: 2000 },
      );
      expect(refused).toBeGreaterThan(100);
      expect(refused).toBeLessThan(1900);
    });
  });

  test('must have no link where a facility takes none; it names the entry and the facility', () => {
    const files = [file('b'), file('deep/latest', true), file('a', true)];
    expect(() => check(files, false, 'ARCHIVE')).toThrow(
      'Entry 1 of the file list, "deep/latest", is a symbolic link, which facility "ARCHIVE" does not accept. Remove the symbolic links from the list.',
    );
    expect(() => check([file('b')], false, 'ARCHIVE')).not.toThrow();
  });

  test('must not be empty', () => {
    expect(() => check([])).toThrow('The file list is empty.');
  });
});
