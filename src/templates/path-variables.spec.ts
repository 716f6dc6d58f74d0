import { describe, expect, it } from '@jest/globals';
import { goPathBase, goPathDir, goPathEscape } from './path-variables.js';

/** Path, Go's `path.Dir` and `path.Base` of it: printed by Go 1.26. */
const PATHS: readonly (readonly [string, string, string])[] = [
  ['', '.', '.'],
  ['.', '.', '.'],
  ['..', '.', '..'],
  ['/', '/', '/'],
  ['//', '/', '/'],
  ['a', '.', 'a'],
  ['a/', 'a', 'a'],
  ['a/b', 'a', 'b'],
  ['a/b/', 'a/b', 'b'],
  ['a/b//', 'a/b', 'b'],
  ['a//b', 'a', 'b'],
  ['/a', '/', 'a'],
  ['/a/', '/a', 'a'],
  ['a/./b', 'a', 'b'],
  ['a/../b', '.', 'b'],
  ['a/b/..', 'a/b', '..'],
  ['../a', '..', 'a'],
  ['../../a/b', '../../a', 'b'],
  ['/..', '/', '..'],
  ['/../a', '/', 'a'],
  ['./a', '.', 'a'],
  ['a/b/c/', 'a/b/c', 'c'],
  ['20.500.12345/abc-1', '20.500.12345', 'abc-1'],
  ['//a//b//c', '/a/b', 'c'],
  ['a/..', 'a', '..'],
  ['a/../..', '.', '..'],
  ['/a/../../b/c', '/b', 'c'],
  ['ä/ö', 'ä', 'ö'],
];

describe('Path variables: existing path templates must lead to the same folders as under Go', () => {
  it.each(PATHS)('%j has the folder %j and the last element %j', (path, dir, base) => {
    expect({ dir: goPathDir(path), base: goPathBase(path) }).toEqual({ dir, base });
  });

  it('escapes every ASCII character as url.PathEscape does', () => {
    const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join('');
    expect(goPathEscape(ascii)).toBe(
      '%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19%1A%1B%1C%1D' +
        '%1E%1F%20%21%22%23$%25&%27%28%29%2A+%2C-.%2F0123456789:%3B%3C=%3E%3F@' +
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~%7F',
    );
  });

  it.each([
    ['', ''],
    ['20.500.12345/abc-1', '20.500.12345%2Fabc-1'],
    ['é😀 \u2028\uFFFD', '%C3%A9%F0%9F%98%80%20%E2%80%A8%EF%BF%BD'],
    ['\ud800', '%EF%BF%BD'],
  ])('escapes %j by its UTF-8 bytes', (text, escaped) => {
    expect(goPathEscape(text)).toBe(escaped);
  });
});
