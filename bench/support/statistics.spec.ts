import { describe, expect, it } from '@jest/globals';
import { percentile, ratios, spreadOf } from './statistics.js';

describe('statistics of measurements', () => {
  it('take the middle one, or the mean of the middle two', () => {
    expect([spreadOf([9, 1, 3]), spreadOf([4, 1, 2, 9])]).toEqual([
      { median: 3, min: 1, max: 9 },
      { median: 3, min: 1, max: 9 },
    ]);
  });

  it('count a percentile by rank, in whatever order the values come', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([50, 99, 100]);
    expect(percentile([7, 5], 0.99)).toBe(7);
  });

  it('compare repetition by repetition, so that a slow minute slows both', () => {
    expect(ratios([2, 30], [1, 10])).toEqual([2, 3]);
  });

  it('are none of nothing', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });
});
