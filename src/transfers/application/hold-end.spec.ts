import { describe, expect, test } from '@jest/globals';
import { readHoldEnd } from './hold-end.js';

const UNTIL = Date.UTC(2026, 10, 30, 14);
const NOW = Date.UTC(2026, 10, 30, 12);

describe('the end of a hold', () => {
  test.each([
    ['2026-11-30T14:00Z', UNTIL],
    ['2026-11-30T14:00:00.000Z', UNTIL],
    ['2026-11-30T15:00+01:00', UNTIL],
    ['2026-11-30T14:00:00.000000001Z', UNTIL],
    ['2027-11-30T12:00:00Z', NOW + 365 * 86_400_000],
  ])('%s', (text, at) => {
    expect(readHoldEnd(text, NOW)).toEqual({ kind: 'moment', at });
  });

  test.each([
    ['2026-11-30T14:00', 'time zone'],
    ['2026-11-30', 'time zone'],
    ['30 Nov 2026 14:00 UTC', 'time zone'],
    ['2027-02-30T14:00Z', 'time zone'],
    ['2026-11-30T25:00Z', 'time zone'],
    ['2026-11-30T14:00+99:00', 'time zone'],
    [`2026-11-30T14:00:00.${'0'.repeat(1e6)}Z`, 'time zone'],
    ['', 'time zone'],
    [1796047200000, 'time zone'],
    [null, 'time zone'],
    ['2026-11-30T12:00Z', 'is in the past'],
    ['2026-11-30T12:59+01:00', 'is in the past'],
    ['2027-11-30T12:00:00.001Z', 'more than a year ahead'],
    ['9999-01-01T00:00Z', 'more than a year ahead'],
  ])('%s is refused', (value, problem) => {
    expect(readHoldEnd(value, NOW)).toEqual({
      kind: 'problem',
      problem: expect.stringContaining(problem),
    });
  });
});
