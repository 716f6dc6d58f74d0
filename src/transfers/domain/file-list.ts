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

/**
 * Work on a list of up to 400,000 entries, cut into steps of a few milliseconds: between two of them
 * whoever drives it lets others run.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** So many entries are dealt with in one step. */
export const ENTRIES_PER_STEP = 10_000;
/** So many are sorted at once, some 20 ms: each halving costs one more pass over the whole list. */
const ENTRIES_PER_RUN = 2 * ENTRIES_PER_STEP;

/** Sorts by path in code-unit order, which is the same on every machine. The input is kept. */
export function* sortedFileList(files: readonly FileEntry[]): Steps<readonly FileEntry[]> {
  // Who walks through folders mostly names the files in this order already.
  if (isSorted(files)) return files;
  let runs: (readonly FileEntry[])[] = [];
  for (let start = 0; start < files.length; start += ENTRIES_PER_RUN) {
    if (start > 0) yield;
    runs.push(files.slice(start, start + ENTRIES_PER_RUN).sort(byPath));
  }
  while (runs.length > 1) {
    const longer: (readonly FileEntry[])[] = [];
    for (let index = 0; index < runs.length; index += 2) {
      longer.push(yield* merged(runs[index] ?? [], runs[index + 1] ?? []));
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

/** Digest of a list that {@link sortedFileList} has sorted. */
export function* digestFileList(sorted: readonly FileEntry[]): Steps<FileListDigest> {
  const hash = createHash('sha256');
  const symlinks: [number, number][] = [];
  let position = 0;
  for (let start = 0; start < sorted.length; start += ENTRIES_PER_STEP) {
    if (start > 0) yield;
    let text = '';
    for (const file of sorted.slice(start, start + ENTRIES_PER_STEP)) {
      text += `${file.path}\0`;
      if (file.isSymlink) {
        const last = symlinks.at(-1);
        if (last !== undefined && last[0] + last[1] === position) last[1] += 1;
        else symlinks.push([position, 1]);
      }
      position += 1;
    }
    hash.update(text);
  }
  return { count: sorted.length, sha256: hash.digest('hex'), symlinks };
}

/**
 * The file list that a digest stands for, out of paths found elsewhere (SciCat's OrigDatablocks).
 *
 * @returns undefined when the paths are not exactly those of the digest
 */
export function* rebuildFileList(
  paths: readonly string[],
  digest: FileListDigest,
): Steps<readonly FileEntry[] | undefined> {
  if (paths.length !== digest.count) return undefined;
  const sorted = yield* sortedFileList(paths.map((path) => ({ path, isSymlink: false })));
  if ((yield* digestFileList(sorted)).sha256 !== digest.sha256) return undefined;
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

function byPath(a: FileEntry, b: FileEntry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function isSorted(files: readonly FileEntry[]): boolean {
  return files.every((file, position) => file.path >= (files[position - 1]?.path ?? ''));
}

/**
 * Equal paths stay in the order in which they came, those of `left` first. Where one folder is listed
 * after the other there is little that overlaps, and only that is gone through.
 */
function* merged(
  left: readonly FileEntry[],
  right: readonly FileEntry[],
): Steps<readonly FileEntry[]> {
  const first = right[0];
  const last = left.at(-1);
  if (first === undefined || last === undefined) return left.concat(right);
  const from = positionOf(left, (file) => file.path > first.path);
  const to = positionOf(right, (file) => file.path >= last.path);
  const overlap = new Array<FileEntry>(left.length - from + to);
  let [l, r] = [from, 0];
  for (let position = 0; position < overlap.length; position += 1) {
    if (position % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    const a = left[l];
    const b = r < to ? right[r] : undefined;
    if (a !== undefined && (b === undefined || a.path <= b.path)) {
      overlap[position] = a;
      l += 1;
    } else if (b !== undefined) {
      overlap[position] = b;
      r += 1;
    }
  }
  return left.slice(0, from).concat(overlap, right.slice(to));
}

/** Position of the first entry for which `holds` is true; it is for all behind it, too. */
function positionOf(files: readonly FileEntry[], holds: (file: FileEntry) => boolean): number {
  let [low, high] = [0, files.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const file = files[middle];
    if (file !== undefined && holds(file)) high = middle;
    else low = middle + 1;
  }
  return low;
}
