import { isDeepStrictEqual } from 'node:util';
import { allowsRole, type Facility } from '../facilities/facility.js';
import { canMeet } from '../facilities/path-overlap.js';
import { stringsOf } from '../domain/untyped.js';
import { isInside, segmentsOf } from '../facilities/path-text.js';
import type { ConfiguredFacility, FacilitySettings } from './facility-settings.js';
import { confusedPids } from './confused-pids.js';
import type { Findings } from './findings.js';
import type { ScicatSettings, TransferSettings } from './service-settings.js';
import { pathOf, type YamlSource } from './yaml-source.js';

/*
 * What is legal but should be a deliberate decision. Each warning disappears once the decision is
 * written down.
 */

/** A facility without errors, and its path in the file, e.g. `facilities[0]`. */
export interface PlacedFacility {
  readonly facility: ConfiguredFacility;
  readonly path: string;
}

/**
 * Warns of the risks of one facility.
 *
 * @param facility its resolved settings; undefined where they have an error
 */
export function warnOfFacility(
  settings: FacilitySettings,
  facility: Partial<ConfiguredFacility>,
  path: string,
  findings: Findings,
): void {
  const mayBe = (role: 'source' | 'destination'): boolean =>
    !findings.hasErrorAbove(pathOf(path, 'direction')) && allowsRole(settings, role);
  const warn = (key: keyof FacilitySettings, message: string): void => {
    const at = pathOf(path, key);
    if (!findings.hasErrorAbove(at)) findings.warning(at, message);
  };
  if (mayBe('source')) {
    const anyRoot = settings.collectionRootPath === undefined;
    if (settings.allowedSourceFolders === undefined) {
      warn(
        'allowedSourceFolders',
        `${anyRoot ? 'is not set, nor is collectionRootPath' : 'is not set'}: a dataset's owner can change its sourceFolder in SciCat, and so make the service copy any folder that it can read; list the folders that may hold datasets, such as "/data/{{ .OwnerGroup }}"${anyRoot ? ', and set collectionRootPath to the absolute path of what the collection shows as "/"' : ''}`,
      );
    } else if (anyRoot) {
      warn(
        'collectionRootPath',
        "is not set: each request then specifies the collection's root itself, and a wrong one shifts every path; set it to the root's absolute path",
      );
    }
    if (mayLeaveAllowedFolders(facility)) {
      warn(
        'sourcePath',
        "does not contain the whole path of the dataset's folder, so the files may come from elsewhere; requests that would copy from outside allowedSourceFolders are refused; use .RelativeSourceFolder in it",
      );
    }
  }
  if (
    mayBe('destination') &&
    facility.destinationPath !== undefined &&
    // There is a warning about a PID in another notation already.
    !findings.hasAny(pathOf(path, 'destinationPath'))
  ) {
    const message = overwriting(facility.destinationPath);
    if (message !== undefined) warn('destinationPath', message);
  }
}

/** Whether the folder that is copied can be outside the folders that are allowed. */
function mayLeaveAllowedFolders(facility: Partial<ConfiguredFacility>): boolean {
  const { sourcePath, allowedSourceFolders: allowed, collectionRootPath = '/' } = facility;
  if (sourcePath === undefined || allowed === undefined) return false;
  if (sourcePath.fields.has('RelativeSourceFolder') || sourcePath.fields.has('SourceFolder')) {
    return false;
  }
  const root = segmentsOf(collectionRootPath);
  return !allowed.some(({ isFixed, prefix }) => isFixed && isInside(root, segmentsOf(prefix)));
}

/** The warning if two datasets would get the same folder. */
function overwriting(destinationPath: ConfiguredFacility['destinationPath']): string | undefined {
  const pids = confusedPids(destinationPath);
  if (pids === undefined) return undefined;
  return PID_FIELDS.some((field) => destinationPath.fields.has(field))
    ? `does not contain the whole PID: the datasets ${pids.join(' and ')} would overwrite each other; write .Pid or .PidEncoded in it, or .PidPrefix together with .PidShort`
    : 'does not contain the PID: two datasets with the same relative path would overwrite each other; use .Pid or .PidEncoded in it';
}

/** Path variables with at least a part of the PID. */
const PID_FIELDS = ['Pid', 'PidPrefix', 'PidShort', 'PidEncoded'] as const;

/** Warns of the risks of several facilities together. */
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
    `may lead into the folders of ${named(earlier)}, which has the same collection: "${one.source}" and "${other.source}" can yield the same folder, or one inside the other, and transfers to the two would then overwrite each other's files; start the two with different folders, such as "/one/…" and "/two/…"`,
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
  // One value under two keys is an alias, and so intended. One value under one key was merged into
  // both facilities, which easily happens by mistake.
  if (isDeepStrictEqual(value, sameValue) && !isDeepStrictEqual(key, sameKey)) return;
  const { accessPath, accessValue } = later.facility;
  findings.warning(
    pathOf(later.path, 'accessValue'),
    `renders as "${accessValue}" at ${accessPath}, the same as in ${named(earlier)}: users of one may use the other; give each its own value or, if this is intended, say so with an anchor: "accessValue: &same …" in the first, "accessValue: *same" in the others`,
  );
}

/** Warns if everybody who may use a facility is an operator. */
export function warnOfOperators(
  placed: readonly PlacedFacility[],
  scicat: ScicatSettings,
  findings: Findings,
): void {
  const path = 'scicat.operatorGroups';
  if (findings.hasErrorAbove(path)) return;
  for (const [index, group] of stringsOf(scicat.operatorGroups).entries()) {
    const same = placed.find(
      ({ facility }) =>
        facility.accessPath === 'profile.accessGroups' && facility.accessValue === group,
    );
    if (same === undefined) continue;
    findings.warning(
      pathOf(path, index),
      `is "${group}", which also gives access to ${named(same)}: all its users are operators, and may cancel everybody's transfers; use a group of operators only`,
    );
  }
}

/** Which existing files are copied again is up to the destination, else to the source. */
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
    'is not set: a repeated transfer copies every file again, even those already at the destination; set it to 3 (copy what is missing or differs in checksum) or 1 (… in size, which is faster)',
    { at: source.positionOfKey('transfer') },
  );
}

function named({ facility, path }: PlacedFacility): string {
  return `${path} ("${facility.name}")`;
}
