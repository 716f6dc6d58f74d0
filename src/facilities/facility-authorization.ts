import { explainAccess } from './access-rule.js';
import { allowsRole, type Direction, type Facility } from './facility.js';
import { facilityRules, type FacilityRules } from './request-rules.js';

/** The facilities in force: a reload of the configuration replaces them. */
export type CurrentFacilities = () => readonly Facility[];

/** Injection token of {@link CurrentFacilities}. */
export const FACILITIES = Symbol('CurrentFacilities');

/** What one user may do with a facility. */
export interface FacilityForUser {
  readonly name: string;
  readonly direction: Direction;
  readonly allowedAsSource: boolean;
  readonly allowedAsDestination: boolean;
  /** What the user's SciCat account lacks; undefined when they have access. */
  readonly missing: { readonly accessPath: string; readonly accessValue: string } | undefined;
}

/** Which facilities a user may transfer from and to. */
export class FacilityAuthorization {
  constructor(private readonly facilities: CurrentFacilities) {}

  /** All facilities, in the order of the configuration. */
  all(): readonly Facility[] {
    return this.facilities();
  }

  /**
   * All facilities as one user may use them. The names of facilities that are closed to the user are
   * no secret: the answer to a request for an unknown one lists them.
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

  /** Applies the rules of both facilities of a request; see {@link facilityRules}. */
  apply(
    document: unknown,
    names: { readonly sourceFacility: string; readonly destFacility: string },
  ): FacilityRules {
    return facilityRules(this.facilities(), document, names);
  }
}
