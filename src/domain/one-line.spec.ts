import { describe, expect, test } from '@jest/globals';
import { noteProblem } from './one-line.js';

describe('a message or a reason', () => {
  test.each(['maintenance of the storage', 'Wartung: Züge', '30 % "voll" 🚧', 'x'.repeat(300)])(
    '%s',
    (text) => {
      expect(noteProblem(text)).toBeUndefined();
    },
  );

  test.each([
    [undefined, 'is missing'],
    [7, 'must be a string'],
    [null, 'must be a string'],
    [['a'], 'must be a string'],
    ['', 'is empty'],
    [' \u00a0 ', 'is empty'],
    ['x'.repeat(301), 'at most 300'],
    ['a\nb', 'one line'],
    ['a\rb', 'one line'],
    ['a\u2028b', 'one line'],
    ['a\u0000b', 'one line'],
    ['a\u001b[31mb', 'one line'],
    ['a\u202eb', 'one line'],
    ['a\ud83db', 'one line'],
  ])('%j is refused', (value, problem) => {
    expect(noteProblem(value)).toContain(problem);
  });
});
