import { describe, expect, test } from '@jest/globals';
import { aHold, FACILITIES } from '../../test/support/builders.js';
import { type FacilityHold, holdReason, readHoldEnd } from './facility-hold.js';
import { noteProblem } from './one-line.js';

const UNTIL = Date.UTC(2026, 10, 30, 14);
const NOW = Date.UTC(2026, 10, 30, 12);
const holds = (...all: readonly FacilityHold[]) =>
  new Map(all.map((hold) => [hold.facility, hold]));

describe('why a transfer waits for a held facility', () => {
  test('names the facility, the end and the message', () => {
    expect(holdReason(FACILITIES, holds(aHold({ until: UNTIL })))).toBe(
      'facility PSI is held until 30 Nov 14:00 UTC: maintenance of the storage',
    );
    expect(holdReason(FACILITIES, holds(aHold({ facility: 'CSCS' })))).toBe(
      'facility CSCS is held: maintenance of the storage',
    );
  });

  test('names both, and one facility only once', () => {
    const both = holds(aHold({ message: 'a' }), aHold({ facility: 'CSCS', message: 'b' }));
    expect(holdReason(FACILITIES, both)).toBe('facility PSI is held: a; facility CSCS is held: b');
    expect(holdReason({ source: 'PSI', destination: 'PSI' }, both)).toBe('facility PSI is held: a');
  });

  test('there is none for other facilities', () => {
    expect(holdReason(FACILITIES, holds(aHold({ facility: 'ESRF' })))).toBeUndefined();
  });
});

describe('the end of a hold', () => {
  test.each([
    ['2026-11-30T14:00Z', UNTIL],
    ['2026-11-30T14:00:00.000Z', UNTIL],
    ['2026-11-30T15:00+01:00', UNTIL],
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
