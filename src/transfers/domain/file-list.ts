import { createHash } from 'node:crypto';

/** One entry of a request's file list. */
export interface FileEntry {
  /** Relative to the dataset's folder, `/`-separated. May name a file or a folder. */
  readonly path: string;
  /** Copy the link itself, not what it points to. */
  readonly isSymlink: boolean;
}

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

/** Sorts by path in code-unit order, which is the same on every machine. The input is kept. */
export function sortedFileList(files: readonly FileEntry[]): readonly FileEntry[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Digest of a list that {@link sortedFileList} has sorted. */
export function digestFileList(sorted: readonly FileEntry[]): FileListDigest {
  const hash = createHash('sha256');
  const symlinks: [number, number][] = [];
  sorted.forEach((file, position) => {
    hash.update(file.path).update('\0');
    if (!file.isSymlink) return;
    const last = symlinks.at(-1);
    if (last !== undefined && last[0] + last[1] === position) last[1] += 1;
    else symlinks.push([position, 1]);
  });
  return { count: sorted.length, sha256: hash.digest('hex'), symlinks };
}

/**
 * The file list that a digest stands for, out of paths found elsewhere (SciCat's OrigDatablocks).
 *
 * @returns undefined when the paths are not exactly those of the digest
 */
export function rebuildFileList(
  paths: readonly string[],
  digest: FileListDigest,
): readonly FileEntry[] | undefined {
  if (paths.length !== digest.count) return undefined;
  const sorted = sortedFileList(paths.map((path) => ({ path, isSymlink: false })));
  if (digestFileList(sorted).sha256 !== digest.sha256) return undefined;
  const files: FileEntry[] = [...sorted];
  for (const [first, count] of digest.symlinks) {
    for (let position = first; position < first + count; position += 1) {
      const file = files[position];
      if (file === undefined) return undefined;
      files[position] = { path: file.path, isSymlink: true };
    }
  }
  return files;
}
