import { describe, expect, it } from '@jest/globals';
import { callsByLook } from './cycles.js';

const call = (operation: string, at: number) => ({ operation, at, tookMs: 0 });

describe('callsByLook', () => {
  it('counts the calls of each whole look, and only those that look', () => {
    const calls = [
      call('list tasks', 900),
      call('list tasks', 2_000),
      call('submit', 2_100),
      call('list tasks', 2_200),
      call('read task', 2_900),
      call('list tasks', 4_100),
      call('list tasks', 6_000),
    ];
    expect(callsByLook(calls, 2_000)).toEqual([3, 1]);
  });

  it('finds none where there was none between the first and the last', () => {
    expect(callsByLook([call('list tasks', 0), call('list tasks', 2_000)], 2_000)).toEqual([]);
  });
});
