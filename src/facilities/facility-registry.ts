import type { Facility } from './facility.js';
import { quoted } from './path-text.js';

/** The part that a facility plays in one transfer. */
export type FacilityRole = 'source' | 'destination';

/** The answer to "which facility is this, and may it play this part?" */
export type FacilityLookup =
  | { readonly kind: 'found'; readonly facility: Facility }
  /** No such facility; `message` is a sentence for the person who asked. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** Its `direction` forbids the part; `message` is a sentence for the person who asked. */
  | { readonly kind: 'wrong-direction'; readonly facility: Facility; readonly message: string };

/** The configured facilities, by name. */
export class FacilityRegistry {
  readonly #byName: ReadonlyMap<string, Facility>;

  /** @param facilities with unique names, which the configuration check has made sure of */
  constructor(facilities: readonly Facility[]) {
    this.#byName = new Map(facilities.map((facility) => [facility.name, facility]));
  }

  /** All facilities, in the order of the configuration file. */
  all(): readonly Facility[] {
    return [...this.#byName.values()];
  }

  /** The facility of exactly this name, whatever its direction. */
  find(name: string): Facility | undefined {
    return this.#byName.get(name);
  }

  /** The facility of exactly this name, provided that its direction allows `role`. */
  lookUp(name: string, role: FacilityRole): FacilityLookup {
    const facility = this.find(name);
    if (facility === undefined) {
      const known = [...this.#byName.keys()].join(', ');
      return {
        kind: 'unknown',
        message: `There is no facility named ${quoted(name)}; the facilities here are ${known}.`,
      };
    }
    if (allowsRole(facility, role)) return { kind: 'found', facility };
    return {
      kind: 'wrong-direction',
      facility,
      message: `Facility ${quoted(name)} can't be the ${role} of a transfer: its direction is ${facility.direction}.`,
    };
  }
}

/** Whether a facility's direction lets it be the source, or the destination. */
export function allowsRole(facility: Pick<Facility, 'direction'>, role: FacilityRole): boolean {
  switch (facility.direction) {
    case 'BOTH':
      return true;
    case 'SRC':
      return role === 'source';
    case 'DST':
      return role === 'destination';
  }
}
