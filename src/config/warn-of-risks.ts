import { isDeepStrictEqual } from 'node:util';
import { allowsRole } from '../facilities/facility.js';
import type { Facility } from '../facilities/facility.js';
import { canMeet } from '../facilities/path-overlap.js';
import type { Template } from '../templates/template.js';
import type { ConfiguredFacility, FacilitySettings } from './facility-settings.js';
import type { Findings } from './findings.js';
import type { TransferSettings } from './service-settings.js';
import { pathOf, type YamlSource } from './yaml-source.js';

/*
 * What is legal, but should have been decided by somebody. Each warning can be made to go away by
 * writing down the decision, so that a file without warnings is one that was thought about.
 */

/** Path variables that tell one dataset from any other. */
const TELLING = ['Pid', 'PidShort', 'PidEncoded'];

/** A facility without errors, and where it stands in the file, e.g. `facilities[0]`. */
export interface PlacedFacility {
  readonly facility: ConfiguredFacility;
  readonly path: string;
}

/**
 * Warns of what one facility risks by itself.
 *
 * @param destinationPath undefined if it can't be used
 */
export function warnOfFacility(
  settings: FacilitySettings,
  destinationPath: Template<string> | undefined,
  path: string,
  findings: Findings,
): void {
  const mayBe = (role: 'source' | 'destination'): boolean =>
    !findings.hasErrorAbove(pathOf(path, 'direction')) && allowsRole(settings, role);
  const at = (key: string): string => pathOf(path, key);
  if (mayBe('source')) {
    const anyFolder = settings.allowedSourceFolders === undefined;
    const anyRoot = settings.collectionRootPath === undefined;
    if (anyFolder) {
      findings.warning(
        at('allowedSourceFolders'),
        `${anyRoot ? 'is not set, nor is collectionRootPath' : 'is not set'}: a dataset's owner can edit its source folder, and so have any folder copied that the service can read; list the folders that datasets may lie in, such as "/data/{{ .OwnerGroup }}"${anyRoot ? ', and set collectionRootPath to the absolute path of what the collection shows as "/"' : ''}`,
      );
    } else if (anyRoot) {
      findings.warning(
        at('collectionRootPath'),
        "is not set: requests then state the collection's root themselves, and a wrong one shifts every path; set it to the root's absolute path",
      );
    }
  }
  if (
    mayBe('destination') &&
    destinationPath !== undefined &&
    !TELLING.some((field) => destinationPath.fields.has(field))
  ) {
    findings.warning(
      at('destinationPath'),
      'does not contain the PID: two datasets with equal relative paths would overwrite each other; use .PidShort, .Pid or .PidEncoded in it',
    );
  }
}

/** Warns of what facilities risk together. */
export function warnAcrossFacilities(
  placed: readonly PlacedFacility[],
  transfer: TransferSettings,
  source: YamlSource,
  findings: Findings,
): void {
  for (const [index, later] of placed.entries()) {
    const earlier = placed.slice(0, index);
    const neighbour = earlier.find((other) =>
      mayWriteIntoOneFolder(other.facility, later.facility),
    );
    if (neighbour !== undefined) warnOfOneFolder(neighbour, later, findings);
    const equal = earlier.find((other) => haveOneRule(other.facility, later.facility));
    if (equal !== undefined) warnOfOneRule(equal, later, source, findings);
  }
  warnOfCopiesAlways(placed, transfer, source, findings);
}

function mayWriteIntoOneFolder(one: Facility, other: Facility): boolean {
  return (
    one.collection === other.collection &&
    allowsRole(one, 'destination') &&
    allowsRole(other, 'destination') &&
    canMeet(one.destinationPath, other.destinationPath)
  );
}

function warnOfOneFolder(earlier: PlacedFacility, later: PlacedFacility, findings: Findings): void {
  const [one, other] = [earlier.facility.destinationPath, later.facility.destinationPath];
  findings.warning(
    pathOf(later.path, 'destinationPath'),
    `may lead into the folders of ${named(earlier)}, which has the same collection: what "${one.source}" and "${other.source}" yield can be equal, or one inside the other, and transfers to the two would then overwrite each other's files; let the two begin with different folders, such as "/one/…" and "/two/…"`,
  );
}

function haveOneRule(one: Facility, other: Facility): boolean {
  return one.accessPath === other.accessPath && one.accessValue === other.accessValue;
}

function warnOfOneRule(
  earlier: PlacedFacility,
  later: PlacedFacility,
  source: YamlSource,
  findings: Findings,
): void {
  const paths = [earlier, later].map(({ path }) => pathOf(path, 'accessValue'));
  const [value, sameValue] = paths.map((path) => source.positionOf(path));
  const [key, sameKey] = paths.map((path) => source.positionOfKey(path));
  // One text under two keys is an alias, by which somebody has said that it is meant. One text under
  // one key was merged into both, which is easily done to a facility too many.
  if (isDeepStrictEqual(value, sameValue) && !isDeepStrictEqual(key, sameKey)) return;
  const { accessPath, accessValue } = later.facility;
  findings.warning(
    pathOf(later.path, 'accessValue'),
    `renders as "${accessValue}" at ${accessPath}, as that of ${named(earlier)} does: whoever may use the one may use the other; give each a value of its own or, if this is meant, say so with an anchor: "accessValue: &same …" in the first, "accessValue: *same" in the others`,
  );
}

/** Which existing files are copied again is decided by the destination, else by the source. */
function warnOfCopiesAlways(
  placed: readonly PlacedFacility[],
  transfer: TransferSettings,
  source: YamlSource,
  findings: Findings,
): void {
  const path = 'transfer.syncLevel';
  if (transfer.syncLevel !== undefined || findings.hasErrorAbove(path)) return;
  const undecided = (role: 'source' | 'destination'): boolean =>
    placed.some(({ facility }) => allowsRole(facility, role) && facility.syncLevel === undefined);
  if (!undecided('source') || !undecided('destination')) return;
  findings.warning(
    path,
    'is not set: a transfer that is asked for again copies every file again, also those that have arrived; set it to 3 (copy what is missing or differs in checksum) or 1 (… in size, which is quicker)',
    { at: source.positionOfKey('transfer') },
  );
}

function named({ facility, path }: PlacedFacility): string {
  return `${path} ("${facility.name}")`;
}
