import type { FacilityHold, FacilityPair } from '../../domain/facility-hold.js';
import { minuteOf } from '../../time/moments.js';

/** Why a transfer between two facilities waits; undefined if neither is held. */
export function holdReason(
  { source, destination }: FacilityPair,
  holds: ReadonlyMap<string, FacilityHold>,
): string | undefined {
  const reasons = [...new Set([source, destination])].flatMap((name) => {
    const hold = holds.get(name);
    return hold === undefined ? [] : [inWords(hold)];
  });
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

function inWords({ facility, message, until }: FacilityHold): string {
  const end = until === undefined ? '' : ` until ${minuteOf(until)}`;
  return `facility ${facility} is held${end}: ${message}`;
}
