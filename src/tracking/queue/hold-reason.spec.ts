import { describe, expect, test } from '@jest/globals';
import { aHold, FACILITIES } from '../../../test/support/builders.js';
import type { FacilityHold } from '../../domain/facility-hold.js';
import { holdReason } from './hold-reason.js';

const UNTIL = Date.UTC(2026, 10, 30, 14);
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
