import type { Template } from '../templates/template.js';

/** Whether a facility may be the source of transfers, the destination, or both. */
export type Direction = 'SRC' | 'DST' | 'BOTH';

export const DIRECTIONS: readonly Direction[] = ['SRC', 'DST', 'BOTH'];

export type FacilityRole = 'source' | 'destination';

/** Whether the facility's direction allows the role. */
export function allowsRole(
  { direction }: Pick<Facility, 'direction'>,
  role: FacilityRole,
): boolean {
  return direction === 'BOTH' || direction === (role === 'source' ? 'SRC' : 'DST');
}

/** Name of the first of the facilities that takes no symbolic links; undefined if all of them do. */
export function symlinkRefusal(
  facilities: readonly Pick<Facility, 'name' | 'symlinks'>[],
): string | undefined {
  return facilities.find(({ symlinks }) => symlinks === 'refuse')?.name;
}

/**
 * Which files Globus copies: 0 those that are missing, 1 also those that differ in size, 2 also those
 * with an older modification time, 3 also those that differ in checksum.
 */
export type SyncLevel = 0 | 1 | 2 | 3;

/**
 * What happens to symbolic links: `keep` copies them as links; `refuse` leaves them out of folders, and
 * refuses file lists that contain one.
 */
export type SymlinkRule = 'keep' | 'refuse';

export const SYMLINK_RULES: readonly SymlinkRule[] = ['keep', 'refuse'];

/**
 * What a destination wants to happen to a dataset once its files have arrived: `archive` marks it as
 * archivable, and archives it if the request says so; `none` leaves it as it is.
 */
export type FinalizeRule = 'archive' | 'none';

export const FINALIZE_RULES: readonly FinalizeRule[] = ['archive', 'none'];

/** Variables of `scopes` templates. */
export const SCOPE_FIELDS = ['Name', 'Collection'] as const;

/** Variables of `accessPath`, `accessValue` and `collectionRootPath` templates. */
export const NAME_FIELDS = ['Name'] as const;

/** Variables of `sourcePath` templates. */
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
export type PathField = (typeof PATH_FIELDS)[number];

/** Variables of `destinationPath` templates. */
export const DESTINATION_FIELDS = [...PATH_FIELDS, 'TransferKey'] as const;
export type DestinationField = (typeof DESTINATION_FIELDS)[number];

/** Variables of `allowedSourceFolders` templates. */
export const FOLDER_FIELDS = [...PATH_FIELDS, 'OwnerGroup'] as const;
export type FolderField = (typeof FOLDER_FIELDS)[number];

/** Variables of any template of a path. */
export type AnyPathField = DestinationField | FolderField;

/** A site with one Globus collection, and its rules. */
export interface Facility {
  /** Unique. Sent by callers as `sourceFacility` or `destFacility`. */
  readonly name: string;
  /** UUID of the Globus collection. */
  readonly collection: string;
  readonly direction: Direction;
  /** Globus scopes that a token needs for the collection, rendered. */
  readonly scopes: readonly string[];
  /** Dot path into SciCat's identity document, rendered; never empty. */
  readonly accessPath: string;
  /** Value required there for access, rendered; never empty. */
  readonly accessValue: string;
  /** Folder of a dataset in this collection as the source. */
  readonly sourcePath: Template<PathField>;
  /** Folder of a dataset in this collection as the destination. */
  readonly destinationPath: Template<DestinationField>;
  /** Absolute path of the collection's root; takes precedence over a request's. */
  readonly collectionRootPath?: string | undefined;
  /** Folders that a dataset of this facility may be in; any if absent. */
  readonly allowedSourceFolders?: readonly Template<FolderField>[] | undefined;
  /** Overrides the service's setting; the destination's takes precedence over the source's. */
  readonly verifyChecksum?: boolean | undefined;
  /** Overrides the service's setting, like {@link verifyChecksum}. */
  readonly syncLevel?: SyncLevel | undefined;
  /** Of the two facilities of a transfer, the stricter one decides. */
  readonly symlinks: SymlinkRule;
  /** As the destination of a transfer. */
  readonly finalize: FinalizeRule;
}
