const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** A UUID of any version, since Globus and SciCat make several; the whole string, in either case. */
export const UUID_PATTERN = new RegExp(`^${UUID}$`, 'i');

/** A UUID anywhere in a string. */
export const UUID_ANYWHERE = new RegExp(UUID, 'i');

/** The key of a transfer, as the service makes it: nothing else may become a file name. */
export const TRANSFER_KEY = new RegExp(`^${UUID}$`);

/**
 * Whether a value can be the id of a SciCat job or of a Globus task. Anything else must not become
 * part of an address: `fullquery` and `fullfacet` are routes of SciCat, not jobs.
 */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID_PATTERN.test(value);
}
