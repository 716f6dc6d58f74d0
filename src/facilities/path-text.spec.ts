import { describe, expect, test } from '@jest/globals';
import { refusePid } from './path-text.js';

describe('PIDs are not routes', () => {
  test.each([
    ['', 'is empty'],
    [' ', 'is empty'],
    ['.', 'has a "." or ".." segment'],
    ['..', 'has a "." or ".." segment'],
    ['20.500/../x', 'has a "." or ".." segment'],
    ['20.500\\..\\x', 'has a "." or ".." segment'],
    ['20.500/x\u0000', 'contains a control character or broken text'],
    ['20.500/x\u007f', 'contains a control character or broken text'],
    ['20.500/x\u0085', 'contains a control character or broken text'],
  ])('contract 2: the PID %j is refused', (pid, why) => {
    expect(refusePid(pid)).toBe(why);
  });

  test.each(['20.500.12345/e009', 'abc', '10.1/..x', 'a/b/c', 'PID/ä ö'])(
    'the PID %p is fine',
    (pid) => {
      expect(refusePid(pid)).toBeUndefined();
    },
  );
});
