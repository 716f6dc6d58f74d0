import type { TransferRecord } from '../domain/transfer-record.js';
import { allowsRole, type Facility, type FacilityRole } from './facility.js';
import { pathRules } from './path-resolution.js';
import { quoted, segmentsOf } from './path-text.js';

/**
 * Roots that are tried at most, from the top of a folder. Trying one takes longer the longer the folder is,
 * and whoever owns a dataset decides about both.
 */
const MOST_ROOTS = 64;

/** What is asked again of a dataset, as the service's own account reads it. */
export interface DatasetNow {
  readonly pid: string;
  readonly ownerGroup: string;
  readonly sourceFolder: string;
}

/**
 * Asks again whether a transfer that was allowed may still be carried out, by the dataset and the
 * configuration of today. Facilities that are no longer configured can't be asked; whoever needs one
 * of them waits for it.
 *
 * @returns why not, to complete "…, because"; undefined if it may
 */
export function rightsLost(
  record: TransferRecord,
  dataset: DatasetNow,
  facilities: readonly Facility[],
): string | undefined {
  const { ownerGroup } = record.requestedBy;
  if (dataset.ownerGroup !== ownerGroup) {
    return `the dataset belongs to group ${quoted(dataset.ownerGroup)} now; when the transfer was requested, it belonged to ${quoted(ownerGroup)}`;
  }
  const named = (name: string): Facility | undefined =>
    facilities.find((facility) => facility.name === name);
  const source = named(record.source.facility);
  const destination = named(record.destination.facility);
  return (
    sideLost('source', source, record) ??
    sideLost('destination', destination, record) ??
    (source === undefined ? undefined : folderLost(record, dataset, source, destination ?? source))
  );
}

function sideLost(
  role: FacilityRole,
  facility: Facility | undefined,
  record: TransferRecord,
): string | undefined {
  if (facility === undefined) return undefined;
  const { name, collection, accessPath, accessValue } = facility;
  if (collection !== record[role].collection) {
    return `facility ${quoted(name)} has another Globus collection now`;
  }
  if (!allowsRole(facility, role)) {
    return `facility ${quoted(name)} can no longer be the ${role} of a transfer`;
  }
  // Records of earlier versions do not say what gave access. The user's groups of today can't be asked:
  // the service keeps no token.
  const had = record.access?.[role];
  if (had === undefined || (had.path === accessPath && had.value === accessValue)) return undefined;
  return `facility ${quoted(name)} requires ${quoted(accessValue)} at ${accessPath} now; when the transfer was requested, it required ${quoted(had.value)} at ${had.path}`;
}

/** Whether the dataset's folder of today, by the rules of today, is still what is copied. */
function folderLost(
  record: TransferRecord,
  dataset: DatasetNow,
  source: Facility,
  destination: Facility,
): string | undefined {
  let refusal: string | undefined;
  for (const collectionRootPath of rootsOf(source, dataset.sourceFolder)) {
    const { rules } = pathRules({
      source,
      destination,
      dataset,
      username: record.requestedBy.username,
      transferKey: record.key,
      collectionRootPath,
    });
    // Where the files go was settled when the transfer was accepted.
    const asked = rules.filter(({ rule }) => rule !== 'destination-path');
    const refused = asked.find((rule) => rule.outcome === 'refused');
    const path = asked.find(({ rule }) => rule === 'source-path')?.found?.[0];
    if (refused === undefined && path === record.source.path) return undefined;
    refusal ??= refused?.message;
  }
  const folder = quoted(dataset.sourceFolder);
  return refusal === undefined
    ? `the dataset's source folder is ${folder} now, which is not ${quoted(record.source.path)} in the collection of facility ${quoted(source.name)}, as it was when the transfer was requested`
    : `its source folder ${folder} is no longer allowed: ${refusal}`;
}

/** The roots that the request may have stated: it is not recorded, only what followed from it. */
function* rootsOf(source: Facility, folder: string): Iterable<string | undefined> {
  yield undefined;
  if ((source.collectionRootPath ?? '') !== '') return;
  let root = '';
  for (const segment of segmentsOf(folder).slice(0, MOST_ROOTS)) {
    root += `/${segment}`;
    yield root;
  }
}
