import type { Template } from '../templates/template.js';

/** Which way files may move: away from the facility, towards it, or both. */
export type Direction = 'SRC' | 'DST' | 'BOTH';

/** All directions, as the configuration spells them. */
export const DIRECTIONS: readonly Direction[] = ['SRC', 'DST', 'BOTH'];

/** The part that a facility plays in one transfer. */
export type FacilityRole = 'source' | 'destination';

/** Whether a facility's direction lets it be the source, or the destination. */
export function allowsRole(
  { direction }: Pick<Facility, 'direction'>,
  role: FacilityRole,
): boolean {
  return direction === 'BOTH' || direction === (role === 'source' ? 'SRC' : 'DST');
}

/**
 * How Globus decides which existing files to copy again: 0 those that are missing, 1 also those
 * that differ in size, 2 also those with an older time, 3 also those that differ in checksum.
 */
export type SyncLevel = 0 | 1 | 2 | 3;

/** What `scopes` templates may use. */
export const SCOPE_FIELDS = ['Name', 'Collection'] as const;

/** What `accessPath`, `accessValue` and `collectionRootPath` templates may use. */
export const NAME_FIELDS = ['Name'] as const;

/** What `sourcePath` and `destinationPath` templates may use. */
export const PATH_FIELDS = [
  'Pid',
  'PidPrefix',
  'PidShort',
  'PidEncoded',
  'SourceFolder',
  'RelativeSourceFolder',
  'DatasetFolder',
  'Username',
] as const;
/** One variable of a path template. */
export type PathField = (typeof PATH_FIELDS)[number];

/** What `allowedSourceFolders` templates may use. */
export const FOLDER_FIELDS = [...PATH_FIELDS, 'OwnerGroup'] as const;
/** One variable of an `allowedSourceFolders` template. */
export type FolderField = (typeof FOLDER_FIELDS)[number];

/** A site that owns one Globus collection, and the rules for it. */
export interface Facility {
  /** Unique among all facilities; what callers send as `sourceFacility` or `destFacility`. */
  readonly name: string;
  /** Id of its Globus collection, a UUID. */
  readonly collection: string;
  readonly direction: Direction;
  /** The Globus scopes that a token must have to reach the collection, rendered. */
  readonly scopes: readonly string[];
  /** Dot path into SciCat's identity document, rendered; never empty. */
  readonly accessPath: string;
  /** What must stand there for a user to have access, rendered; never empty. */
  readonly accessValue: string;
  /** Where a dataset's files are on this collection when it is the source. */
  readonly sourcePath: Template<PathField>;
  /** Where a dataset's files go on this collection when it is the destination. */
  readonly destinationPath: Template<PathField>;
  /** Absolute path of the collection's root, pinned on the server side; wins over a request's. */
  readonly collectionRootPath?: string | undefined;
  /** Folders that a dataset may lie in when this facility is the source; absent means any. */
  readonly allowedSourceFolders?: readonly Template<FolderField>[] | undefined;
  /** Overrides the service-wide choice; the destination's wins over the source's. */
  readonly verifyChecksum?: boolean | undefined;
  /** Overrides the service-wide choice; the destination's wins over the source's. */
  readonly syncLevel?: SyncLevel | undefined;
}
