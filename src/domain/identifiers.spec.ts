import { describe, expect, test } from '@jest/globals';
import { isUuid } from './identifiers.js';

describe('ids are not routes', () => {
  test.each(['fullquery', 'fullfacet', '', '.', '2d5528e1', '../datasets', 'a'.repeat(36)])(
    'contract 2: %p is no job id, so SciCat is not asked for it',
    (id) => {
      expect(isUuid(id)).toBe(false);
    },
  );

  test.each(['2d5528e1-0a3f-4c1e-9a51-0123456789ab', '2D5528E1-0A3F-1C1E-0A51-0123456789AB'])(
    'contract 2: %p is a job id, whatever its version and case',
    (id) => {
      expect(isUuid(id)).toBe(true);
    },
  );
});
