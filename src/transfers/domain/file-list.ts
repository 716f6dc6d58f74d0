import { createHash } from 'node:crypto';
import { sortedOrder } from './file-list-order.js';
import { copyBytes, type PathBytes, startOf, wordsOf } from './path-bytes.js';
import { ENTRIES_PER_STEP, type Steps } from './steps.js';

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

const BYTES_PER_STEP = 1024 * 1024;

/** What a {@link FileList} is made of. */
interface FileListParts extends Omit<PathBytes, 'words'> {
  /** 1 for a symlink. */
  readonly links: Uint8Array;
  /** All paths stand in JSON as they are here. */
  readonly isPlainJson: boolean;
}

/**
 * A file list. Held as bytes: as objects with texts, 400,000 entries take several times the memory
 * of the request that brought them, and most of the time goes into making and collecting them.
 */
export class FileList implements PathBytes {
  readonly bytes: Buffer;
  readonly words: DataView;
  readonly ends: Uint32Array;
  readonly count: number;
  /** No path has a character that JSON escapes. */
  readonly isPlainJson: boolean;
  private readonly links: Uint8Array;

  constructor({ bytes, ends, count, links, isPlainJson }: FileListParts) {
    this.bytes = bytes;
    this.words = wordsOf(bytes);
    this.ends = ends;
    this.count = count;
    this.isPlainJson = isPlainJson;
    this.links = links;
  }

  /** What the list takes in memory. */
  get byteLength(): number {
    const { bytes, ends, links } = this;
    return bytes.byteLength + ends.byteLength + links.byteLength;
  }

  path(position: number): string {
    return this.bytes.toString('utf8', startOf(this, position), this.ends[position]);
  }

  isSymlink(position: number): boolean {
    return this.links[position] === 1;
  }

  /** The same paths; links are those of these runs only. */
  withSymlinks(runs: readonly SymlinkRun[]): FileList {
    const links = new Uint8Array(this.count);
    for (const [first, length] of runs) links.fill(1, first, first + length);
    const { bytes, ends, count, isPlainJson } = this;
    return new FileList({ bytes, ends, count, isPlainJson, links });
  }
}

/** Room for a list of a few files. */
const FIRST_BYTES = 4 * 1024;
const FIRST_ENTRIES = 128;

/** Makes a {@link FileList}. */
export class FileListBuilder {
  private bytes: Buffer;
  private words: DataView;
  private ends = new Uint32Array(FIRST_ENTRIES);
  private links = new Uint8Array(FIRST_ENTRIES);
  private used = 0;
  private taken = 0;
  private isPlainJson = true;

  /** @param bytes how many bytes the paths take together, as far as that is known */
  constructor(bytes = 0) {
    // What is never written to takes up addresses, but no memory.
    this.bytes = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, bytes));
    this.words = wordsOf(this.bytes);
  }

  get count(): number {
    return this.taken;
  }

  /** @param path no half surrogate pairs: UTF-8 has none */
  add(path: string, isSymlink: boolean): void {
    // A code unit takes three bytes at most.
    this.makeRoom(3 * path.length);
    this.used += this.bytes.write(path, this.used);
    this.isPlainJson &&= JSON.stringify(path).length === path.length + 2;
    this.endEntry(isSymlink);
  }

  /** Adds a path in UTF-8 that stands in `source`, with nothing in it that JSON escapes. */
  addPlain(source: DataView, start: number, end: number, isSymlink: boolean): void {
    this.makeRoom(end - start);
    this.used = copyBytes(source, start, end, this.words, this.used);
    this.endEntry(isSymlink);
  }

  /** Adds an entry of another list. */
  addFrom(list: FileList, position: number): void {
    this.isPlainJson &&= list.isPlainJson;
    const start = startOf(list, position);
    this.addPlain(list.words, start, list.ends[position] ?? start, list.isSymlink(position));
  }

  build(): FileList {
    const { bytes, ends, links, taken, isPlainJson } = this;
    return new FileList({ bytes, ends, links, count: taken, isPlainJson });
  }

  private endEntry(isSymlink: boolean): void {
    this.bytes[this.used] = 0;
    this.ends[this.taken] = this.used;
    this.links[this.taken] = isSymlink ? 1 : 0;
    this.used += 1;
    this.taken += 1;
  }

  /** For one more entry, with a path of so many bytes and its NUL. */
  private makeRoom(bytes: number): void {
    const needed = this.used + bytes + 1;
    if (needed > this.bytes.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.byteLength));
      this.bytes.copy(larger, 0, 0, this.used);
      this.bytes = larger;
      this.words = wordsOf(larger);
    }
    if (this.taken < this.ends.length) return;
    const ends = new Uint32Array(2 * this.taken);
    ends.set(this.ends);
    this.ends = ends;
    const links = new Uint8Array(2 * this.taken);
    links.set(this.links);
    this.links = links;
  }
}

/** Sorts by path in code-unit order, which is the same on every machine. The input is kept. */
export function* sortedFileList(list: FileList): Steps<FileList> {
  const order = yield* sortedOrder(list);
  // Who walks through folders mostly names the files in this order already.
  return order === undefined ? list : yield* picked(list, order);
}

/** A list of those entries of another one, in this order. */
export function* picked(list: FileList, positions: Uint32Array): Steps<FileList> {
  const builder = new FileListBuilder(startOf(list, list.count));
  for (let start = 0; start < positions.length; start += ENTRIES_PER_STEP) {
    if (start > 0) yield;
    for (const position of positions.subarray(start, start + ENTRIES_PER_STEP)) {
      builder.addFrom(list, position);
    }
  }
  return builder.build();
}

/** Digest of a list that {@link sortedFileList} has sorted. */
export function* digestFileList(sorted: FileList): Steps<FileListDigest> {
  const hash = createHash('sha256');
  const { bytes, count } = sorted;
  const end = startOf(sorted, count);
  for (let start = 0; start < end; start += BYTES_PER_STEP) {
    if (start > 0) yield;
    hash.update(bytes.subarray(start, Math.min(end, start + BYTES_PER_STEP)));
  }
  return { count, sha256: hash.digest('hex'), symlinks: symlinkRuns(sorted) };
}

function symlinkRuns(list: FileList): readonly SymlinkRun[] {
  const runs: [number, number][] = [];
  for (let position = 0; position < list.count; position += 1) {
    if (!list.isSymlink(position)) continue;
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === position) last[1] += 1;
    else runs.push([position, 1]);
  }
  return runs;
}

/**
 * The file list that a digest stands for, out of paths found elsewhere (SciCat's OrigDatablocks).
 *
 * @returns undefined when the paths are not exactly those of the digest
 */
export function* rebuildFileList(
  paths: readonly string[],
  digest: FileListDigest,
): Steps<FileList | undefined> {
  if (paths.length !== digest.count) return undefined;
  const builder = new FileListBuilder();
  for (const path of paths) {
    if (builder.count % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    builder.add(path, false);
  }
  const files = yield* sortedFileList(builder.build());
  if ((yield* digestFileList(files)).sha256 !== digest.sha256) return undefined;
  const isBeyond = ([first, count]: SymlinkRun): boolean => first + count > files.count;
  return digest.symlinks.some(isBeyond) ? undefined : files.withSymlinks(digest.symlinks);
}
