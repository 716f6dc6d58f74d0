/**
 * What the transfer record keeps of a file list: enough to recognize an equal request, and to verify
 * a list that was rebuilt from SciCat.
 */
export interface FileListDigest {
  readonly count: number;
  /** Lower-case hexadecimal SHA-256 of the sorted paths, each followed by a NUL. */
  readonly sha256: string;
  /**
   * Which entries are symlinks, as runs of positions in the sorted list, so that a record stays small
   * even with 400,000 symlinks.
   */
  readonly symlinks: readonly SymlinkRun[];
}

/** Position of the first symlink, and the number of consecutive ones. */
export type SymlinkRun = readonly [first: number, count: number];
