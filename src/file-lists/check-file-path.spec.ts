import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPlainFilePath, LONGEST_FILE_PATH, refuseFilePath } from './check-file-path.js';

const ABSOLUTE = "is absolute; file paths are relative to the dataset's source folder";
const DOTS = 'has a "." or ".." segment, which could lead out of the dataset';
const CONTROL = 'contains a control character or invalid Unicode';

test.each(['raw//1.h5', 'raw//', 'a///b'])(
  'repeated slashes, which could list a file twice, are refused: %s',
  (path) => {
    expect(refuseFilePath(path, false)).toBe('has repeated slashes');
  },
);

describe('one path of a file list', () => {
  test.each([
    ['', 'is empty'],
    ['/etc/passwd', ABSOLUTE],
    ['\\\\server\\share', ABSOLUTE],
    ['.', DOTS],
    ['..', DOTS],
    ['../other', DOTS],
    ['a/../../b', DOTS],
    ['a/./b', DOTS],
    ['a/..', DOTS],
    ['a\\..\\b', DOTS],
    ['a/..\\b', DOTS],
    ['..\\b', DOTS],
    ['a\u0000b', CONTROL],
    ['a\nb', CONTROL],
    ['a\u007fb', CONTROL],
    ['a\u009fb', CONTROL],
    ['a\ud800b', CONTROL],
    [`${'ü'.repeat(2048)}x`, 'is longer than 4096 bytes'],
  ])('%j is refused', (path, why) => {
    expect(refuseFilePath(path, false)).toBe(why);
  });

  test.each(['a', 'a/b.h5', '..a/b..', 'a/...', '.hidden/.x', 'odd\\name', 'ä/日本/😀', 'a b'])(
    '%j is an ordinary name',
    (path) => {
      expect(refuseFilePath(path, false)).toBeUndefined();
    },
  );

  test.each(['~', '~/x', '~bob/.ssh/id_rsa'])(
    '%j would be a home folder at the root of a collection, and is a name elsewhere',
    (path) => {
      expect([refuseFilePath(path, true), refuseFilePath(path, false)]).toStrictEqual([
        'begins with "~", which Globus would take for a home folder',
        undefined,
      ]);
    },
  );

  test('"~" after the first character is always part of a name', () => {
    expect(refuseFilePath('a/~/b~', true)).toBeUndefined();
  });

  test('every accepted path stays below the folder, on Windows collections too', () => {
    const part = fc.constantFrom('..', '.', '/', '\\', 'a', '...', '\u0000', ' ', '~');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const path = parts.join('');
        if (refuseFilePath(path, false) !== undefined) return;
        const segments = path.split(/[\\/]/);
        expect(segments[0]).not.toBe('');
        expect(segments.filter((segment) => segment === '.' || segment === '..')).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a plain path', () => {
  const isPlain = (path: string): boolean => {
    const bytes = Buffer.from(`"${path}"`);
    return isPlainFilePath(bytes, 1, bytes.length - 1);
  };

  test.each(['a', 'raw/scan_1/frame-0.cbf', '-a/b c.d,+=@', '0/1/2'])(
    '%s is plain: 400,000 such paths are checked without making strings',
    (path) => {
      expect(isPlain(path)).toBe(true);
    },
  );

  test('is at most 4,096 bytes long', () => {
    const longest = 'x'.repeat(LONGEST_FILE_PATH);
    expect([isPlain(longest), refuseFilePath(longest, false)]).toEqual([true, undefined]);
    expect([isPlain(`${longest}x`), refuseFilePath(`${longest}x`, false)]).toEqual([
      false,
      'is longer than 4096 bytes',
    ]);
  });

  test('is never refused', () => {
    const part = fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '/',
        '\\',
        'a',
        'b.c',
        '~',
        ' ',
        '\u0000',
        '\u007f',
        'ü',
        '\u0085',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const path = parts.join('');
        if (!isPlain(path)) return;
        expect([refuseFilePath(path, false), refuseFilePath(path, true)]).toEqual([
          undefined,
          undefined,
        ]);
      }),
      { numRuns: 5000 },
    );
  });
});
