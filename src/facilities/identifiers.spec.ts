import { describe, expect, test } from '@jest/globals';
import { isJobId, refusePid } from './identifiers.js';

describe('ids are not routes', () => {
  test.each(['fullquery', 'fullfacet', '', '.', '2d5528e1', '../datasets', 'a'.repeat(36)])(
    'contract 2: %p is no job id, so SciCat is not asked for it',
    (id) => {
      expect(isJobId(id)).toBe(false);
    },
  );

  test.each(['2d5528e1-0a3f-4c1e-9a51-0123456789ab', '2D5528E1-0A3F-1C1E-0A51-0123456789AB'])(
    'contract 2: %p is a job id, whatever its version and case',
    (id) => {
      expect(isJobId(id)).toBe(true);
    },
  );

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
