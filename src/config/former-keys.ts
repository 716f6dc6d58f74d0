import { isObject } from '../domain/untyped.js';

/** Name and folder of the configuration file of the Go program in its versions 0.1 and 0.2. */
export const FORMER_FILE = {
  name: 'globus-transfer-service-conf.yaml',
  folder: 'globus-transfer-service',
} as const;

const FORMER = 'is a setting of versions 0.1 and 0.2';
const IN_ENTRIES = 'in the entries of "facilities"';

/**
 * What to write instead of a top-level key of versions 0.1 and 0.2 of the Go program.
 *
 * @returns undefined for any other key
 */
export function formerKeyMistake(key: string, value: unknown): string | undefined {
  const rewritten = text(value).replaceAll('.FacilityName', '.Name');
  switch (key) {
    case 'facilityCollectionIDs': {
      const [name = 'NAME', collection = 'COLLECTION'] = isObject(value)
        ? (Object.entries(value)[0] ?? [])
        : [];
      return `${FORMER}; write an entry below "facilities" for each facility, with "- name: ${name}" and, on the next line, "collection: ${text(collection)}"`;
    }
    case 'globusScopes':
      return `${FORMER}; remove it: the scopes follow from the collections, unless "scopes" is set ${IN_ENTRIES}`;
    case 'facilitySrcGroupTemplate':
      return `${FORMER}; write "accessValue: '${rewritten}'" ${IN_ENTRIES}. An entry has one accessValue for both directions: for two groups, write two entries with different names, one with "direction: SRC" and one with "direction: DST"`;
    case 'facilityDstGroupTemplate':
      return `${FORMER}; write "accessValue: '${rewritten}'" ${IN_ENTRIES} with "direction: DST"`;
    case 'destinationPathTemplate':
      return `${FORMER}; write "destinationPath: '${rewritten}'" ${IN_ENTRIES}`;
    default:
      return undefined;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : '…';
}
