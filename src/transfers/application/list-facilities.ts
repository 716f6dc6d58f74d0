import type { Identity } from '../../ports/identities.port.js';
import { explainAccess } from '../../facilities/access-rule.js';
import type { Direction, Facility } from '../../facilities/facility.js';
import { allowsRole } from '../../facilities/facility-registry.js';

/** What one user may do with a facility. */
export interface FacilityForUser {
  readonly name: string;
  readonly direction: Direction;
  readonly allowedAsSource: boolean;
  readonly allowedAsDestination: boolean;
  /** What the user's SciCat account lacks; undefined when the facility is open to them. */
  readonly missing: { readonly accessPath: string; readonly accessValue: string } | undefined;
}

/**
 * All facilities, in the order of the configuration, as one user may use them. Names of facilities
 * that are closed to the user are no secret: a request for an unknown one is answered with them.
 */
export function facilitiesFor(
  facilities: readonly Facility[],
  identity: Pick<Identity, 'document'>,
): readonly FacilityForUser[] {
  return facilities.map((facility) => {
    const { allowed, accessPath, accessValue } = explainAccess(facility, identity.document);
    return {
      name: facility.name,
      direction: facility.direction,
      allowedAsSource: allowed && allowsRole(facility, 'source'),
      allowedAsDestination: allowed && allowsRole(facility, 'destination'),
      missing: allowed ? undefined : { accessPath, accessValue },
    };
  });
}
