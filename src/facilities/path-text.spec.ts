import { describe, expect, test } from '@jest/globals';
import { pidProblem } from './path-text.js';

describe('PIDs are not routes', () => {
  test.each([
    ['', 'is empty'],
    [' ', 'is empty'],
    ['.', 'has a "." or ".." segment'],
    ['..', 'has a "." or ".." segment'],
    ['20.500/../x', 'has a "." or ".." segment'],
    ['20.500\\..\\x', 'has a "." or ".." segment'],
    ['20.500/x\u0000', 'contains a control character or invalid Unicode'],
    ['20.500/x\u007f', 'contains a control character or invalid Unicode'],
    ['20.500/x\u0085', 'contains a control character or invalid Unicode'],
  ])('refuses the PID %j', (pid, why) => {
    expect(pidProblem(pid)).toBe(why);
  });

  test.each(['20.500.12345/e009', 'abc', '10.1/..x', 'a/b/c', 'PID/ä ö'])(
    'accepts the PID %p',
    (pid) => {
      expect(pidProblem(pid)).toBeUndefined();
    },
  );
});
