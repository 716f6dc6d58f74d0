/**
 * What the transfer record keeps of a file list: enough to recognize an equal request, and to
 * prove that a list rebuilt from SciCat is the one that was asked for.
 */
export interface FileListDigest {
  readonly count: number;
  /** Lower-case hexadecimal SHA-256 of the sorted paths, each followed by a NUL. */
  readonly sha256: string;
  /**
   * Which entries are symlinks, as `[first, count]` runs of positions in the sorted list: a record
   * must stay small even where 400,000 entries are links.
   */
  readonly symlinks: readonly SymlinkRun[];
}

/** `[position of the first symlink, how many follow each other]` in the sorted list. */
export type SymlinkRun = readonly [first: number, count: number];
