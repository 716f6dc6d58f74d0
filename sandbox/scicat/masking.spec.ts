import { describe, expect, it } from '@jest/globals';
import { maskPersonalInfo } from './masking.js';

describe('maskPersonalInfo', () => {
  it('hides every address but the reader’s own, wherever it stands', () => {
    const value = {
      'key@x.ch': 'me@psi.ch you@psi.ch',
      list: ['/data/alice@psi.ch/run1', 'no address @ all', 7, null, true],
      deep: { name: 'a.b+c@sub.x.org' },
    };
    expect(maskPersonalInfo(value, 'me@psi.ch')).toEqual({
      'key@x.ch': 'me@psi.ch *****',
      list: ['/data/*****/run1', 'no address @ all', 7, null, true],
      deep: { name: '*****' },
    });
  });
});
