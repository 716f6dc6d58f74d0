import { describe, expect, it } from '@jest/globals';
import { callsByPoll, missedPolls } from './cycles.js';

const call = (operation: string, at: number) => ({ operation, at, tookMs: 0 });

describe('callsByPoll', () => {
  it('counts the calls of each complete poll, and no others', () => {
    const calls = [
      call('list tasks', 900),
      call('list tasks', 2_000),
      call('submit', 2_100),
      call('list tasks', 2_200),
      call('read task', 2_900),
      call('list tasks', 4_100),
      call('list tasks', 6_000),
    ];
    expect(callsByPoll(calls, 2_000)).toEqual([3, 1]);
  });

  it('is empty without a complete poll', () => {
    expect(callsByPoll([call('list tasks', 0), call('list tasks', 2_000)], 2_000)).toEqual([]);
  });
});

describe('missedPolls', () => {
  it('counts what the interval demands and there was not', () => {
    const calls = [call('list tasks', 0), call('submit', 2_000), call('list tasks', 6_000)];
    expect(missedPolls(calls, 2_000, 9_999)).toBe(2);
    expect(missedPolls(calls, 2_000, 4_000)).toBe(0);
    expect(missedPolls([], 2_000, 9_999)).toBe(4);
  });
});
