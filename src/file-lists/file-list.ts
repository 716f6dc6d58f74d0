import type { FileListDigest, SymlinkRun } from '../domain/file-list-digest.js';
import { createHash } from 'node:crypto';
import { sortedOrder } from './file-list-order.js';
import { copyBytes, type PathBytes, wordsOf } from './path-bytes.js';
import { ENTRIES_PER_STEP, type CooperativeTask } from './run-cooperatively.js';

/** One entry of a request's file list. */
export interface FileEntry {
  /** Relative to the dataset's folder, `/`-separated. May name a file or a folder. */
  readonly path: string;
  /** Copy the link itself, not what it points to. */
  readonly isSymlink: boolean;
}

/** So many bytes are hashed at a time, or as many as a path has. */
const HASHED_BYTES = 256 * 1024;

/** What a {@link FileList} is made of. */
interface FileListFields extends Omit<PathBytes, 'words'> {
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
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly count: number;
  /** No path has a character that JSON escapes. */
  readonly isPlainJson: boolean;
  private readonly links: Uint8Array;

  constructor({ bytes, starts, ends, count, links, isPlainJson }: FileListFields) {
    this.bytes = bytes;
    this.words = wordsOf(bytes);
    this.starts = starts;
    this.ends = ends;
    this.count = count;
    this.isPlainJson = isPlainJson;
    this.links = links;
  }

  /** What the list takes in memory. */
  get byteLength(): number {
    const { bytes, starts, ends, links } = this;
    return bytes.byteLength + starts.byteLength + ends.byteLength + links.byteLength;
  }

  /** Of all paths, in UTF-8. */
  get pathBytes(): number {
    const { starts, ends, count } = this;
    let bytes = 0;
    for (let at = 0; at < count; at += 1) bytes += (ends[at] ?? 0) - (starts[at] ?? 0);
    return bytes;
  }

  path(position: number): string {
    return this.bytes.toString('utf8', this.starts[position], this.ends[position]);
  }

  isSymlink(position: number): boolean {
    return this.links[position] === 1;
  }

  /** The same paths; links are those of these runs only. */
  withSymlinks(runs: readonly SymlinkRun[]): FileList {
    const links = new Uint8Array(this.count);
    for (const [first, length] of runs) links.fill(1, first, first + length);
    const { bytes, starts, ends, count, isPlainJson } = this;
    return new FileList({ bytes, starts, ends, count, isPlainJson, links });
  }
}

/** Room for a list of a few files. */
const FIRST_BYTES = 4 * 1024;
const FIRST_ENTRIES = 128;

/** Makes a {@link FileList}. */
export class FileListBuilder {
  private bytes: Buffer;
  private words: DataView;
  private starts = new Uint32Array(FIRST_ENTRIES);
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
    const end = this.used + this.bytes.write(path, this.used);
    this.isPlainJson &&= JSON.stringify(path).length === path.length + 2;
    this.endEntry(end, isSymlink);
  }

  /** Adds a path in UTF-8 that stands in `source`, with nothing in it that JSON escapes. */
  addPlain(source: DataView, start: number, end: number, isSymlink: boolean): void {
    this.makeRoom(end - start);
    this.endEntry(copyBytes(source, start, end, this.words, this.used), isSymlink);
  }

  build(): FileList {
    const { bytes, starts, ends, links, taken, isPlainJson } = this;
    return new FileList({ bytes, starts, ends, links, count: taken, isPlainJson });
  }

  private endEntry(end: number, isSymlink: boolean): void {
    this.bytes[end] = 0;
    this.starts[this.taken] = this.used;
    this.ends[this.taken] = end;
    this.links[this.taken] = isSymlink ? 1 : 0;
    this.used = end + 1;
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
    const [starts, ends] = [new Uint32Array(2 * this.taken), new Uint32Array(2 * this.taken)];
    const links = new Uint8Array(2 * this.taken);
    starts.set(this.starts);
    ends.set(this.ends);
    links.set(this.links);
    Object.assign(this, { starts, ends, links });
  }
}

/** Sorts by path in code-unit order, which is the same on every machine. The input is kept. */
export function* sortedFileList(list: FileList): CooperativeTask<FileList> {
  const order = yield* sortedOrder(list);
  // Who walks through folders mostly names the files in this order already.
  return order === undefined ? list : picked(list, order);
}

/** A list of those entries of another one, in this order. The paths stay where they are. */
export function picked(list: FileList, positions: Uint32Array): FileList {
  const { bytes, isPlainJson } = list;
  const count = positions.length;
  const [starts, ends] = [new Uint32Array(count), new Uint32Array(count)];
  const links = new Uint8Array(count);
  for (let at = 0; at < count; at += 1) {
    const position = positions[at] ?? 0;
    starts[at] = list.starts[position] ?? 0;
    ends[at] = list.ends[position] ?? 0;
    links[at] = list.isSymlink(position) ? 1 : 0;
  }
  return new FileList({ bytes, starts, ends, links, count, isPlainJson });
}

/** Digest of a list that {@link sortedFileList} has sorted. */
export function* digestFileList(sorted: FileList): CooperativeTask<FileListDigest> {
  const { words, starts, ends, count } = sorted;
  const hash = createHash('sha256');
  let piece = Buffer.allocUnsafe(Math.min(HASHED_BYTES, sorted.pathBytes + count));
  let target = wordsOf(piece);
  let filled = 0;
  for (let position = 0; position < count; position += 1) {
    const start = starts[position] ?? 0;
    // The NUL, too.
    const end = (ends[position] ?? 0) + 1;
    if (filled + end - start > piece.length) {
      hash.update(piece.subarray(0, filled));
      filled = 0;
      yield;
      if (end - start > piece.length) {
        piece = Buffer.allocUnsafe(end - start);
        target = wordsOf(piece);
      }
    }
    filled = copyBytes(words, start, end, target, filled);
  }
  hash.update(piece.subarray(0, filled));
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
): CooperativeTask<FileList | undefined> {
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
