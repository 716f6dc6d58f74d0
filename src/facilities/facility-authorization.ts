import { explainAccess } from './access-rule.js';
import { allowsRole, type Direction, type Facility } from './facility.js';
import { facilityRules, type FacilityRules } from './request-rules.js';

/** The configured facilities, which a reload replaces. */
export type CurrentFacilities = () => readonly Facility[];

/** Injection token of {@link CurrentFacilities}. */
export const FACILITIES = Symbol('CurrentFacilities');

/** A user's access to a facility. */
export interface FacilityForUser {
  readonly name: string;
  readonly direction: Direction;
  readonly allowedAsSource: boolean;
  readonly allowedAsDestination: boolean;
  /** What the user's SciCat account lacks; undefined if they have access. */
  readonly missing: { readonly accessPath: string; readonly accessValue: string } | undefined;
}

/** Applies the access rules of the configured facilities. */
export class FacilityAuthorization {
  constructor(private readonly facilities: CurrentFacilities) {}

  /** All facilities, in the order of the configuration. */
  all(): readonly Facility[] {
    return this.facilities();
  }

  /**
   * All facilities, including those that the user has no access to, whose names are not secret.
   *
   * @param document SciCat's identity document of the user
   */
  list(document: unknown): readonly FacilityForUser[] {
    return this.facilities().map((facility) => {
      const { allowed, accessPath, accessValue } = explainAccess(facility, document);
      return {
        name: facility.name,
        direction: facility.direction,
        allowedAsSource: allowed && allowsRole(facility, 'source'),
        allowedAsDestination: allowed && allowsRole(facility, 'destination'),
        missing: allowed ? undefined : { accessPath, accessValue },
      };
    });
  }

  /** Applies {@link facilityRules} to a request. */
  apply(
    document: unknown,
    names: { readonly sourceFacility: string; readonly destFacility: string },
  ): FacilityRules {
    return facilityRules(this.facilities(), document, names);
  }
}
