import { describe, expect, it } from '@jest/globals';
import { excerptOf, printable } from './problem-report.js';

/** The line, and below it the caret. */
function drawn(text: string, line: number | undefined, column?: number): string | undefined {
  const excerpt = excerptOf({ line, column }, text);
  return excerpt && `${excerpt.text}\n${excerpt.indent}^`;
}

describe('the line that a problem is in', () => {
  it('has the caret under the column', () => {
    expect(drawn('a: 1\nport: 80800\r\nc: 3', 2, 7)).toBe('port: 80800\n      ^');
    expect(drawn('a: 1', 1)).toBe('a: 1\n^');
  });

  it('keeps tabs, whatever their width', () => {
    expect(drawn('a:\t\tx', 1, 5)).toBe('a:\t\tx\n  \t\t^');
  });

  it('can end before the column', () => {
    expect(drawn('a: [1  ', 1, 8)).toBe('a: [1\n     ^');
  });

  it('is undefined without a line, or after the end of the file', () => {
    expect(drawn('a: 1', undefined)).toBeUndefined();
    expect(drawn('a: 1', 3, 1)).toBeUndefined();
  });

  it.each([1, 60, 150, 300])(
    'is cut to the surroundings of column %i if it is very long',
    (column) => {
      const text = Array.from({ length: 300 }, (_, index) => (index % 10).toString()).join('');
      const excerpt = excerptOf({ line: 1, column }, text);
      expect(excerpt?.text.length).toBeLessThanOrEqual(102);
      expect(excerpt?.text.charAt(excerpt.indent.length)).toBe(text.charAt(column - 1));
    },
  );

  it.each([
    ['  password: hunter2', '  password: …'],
    ['  "clientSecret": {a: hunter2}', '  "clientSecret": …'],
    ['GLOBUS_CLIENT_SECRET: hunter2', 'GLOBUS_CLIENT_SECRET: …'],
    ['scicatUrl: https://me:hunter2@scicat/', 'scicatUrl: https://…@scicat/'],
    ['  # no secret here', '  # no secret here'],
  ])('masks what looks like a secret: %s', (line, shown) => {
    expect(excerptOf({ line: 1, column: 1 }, line)?.text).toBe(shown);
  });

  it('contains no control characters', () => {
    expect(printable('a\u001b[31m\u0007b\tc\nd')).toBe('a\uFFFD[31m\uFFFDb\tc\nd');
    expect(excerptOf({ line: 1, column: 1 }, 'a\u001b[2Jb')?.text).toBe('a\uFFFD[2Jb');
  });
});
