import type { SymlinkRun } from '../domain/file-list-digest.js';
import { InvalidRequestError } from '../errors/request.errors.js';
import { copyBytes, wordsOf } from './word-bytes.js';

/** An entry of a request's file list. */
export interface FileEntry {
  /** Path of a file or folder, relative to the dataset's folder, `/`-separated. */
  readonly path: string;
  /** Copy the link itself, not its target. */
  readonly isSymlink: boolean;
}

/**
 * A file list, held as bytes. As objects, 400,000 entries would take several times the memory of the
 * request, and most of the time would be spent on allocation and garbage collection.
 */
export class FileList {
  /** {@link bytes} as words. */
  readonly words: DataView;

  constructor(
    /** UTF-8 paths, each followed by a NUL; in any order, and not necessarily all in use. */
    readonly bytes: Buffer,
    /** Offset of each path. */
    readonly starts: Uint32Array,
    /** Offset of the NUL after each path. */
    readonly ends: Uint32Array,
    /** 1 for symlinks. */
    private readonly links: Uint8Array,
    readonly count: number,
    /** No path contains a character that JSON escapes. */
    readonly isPlainJson: boolean,
  ) {
    this.words = wordsOf(bytes);
  }

  /** Memory used. */
  get byteLength(): number {
    const { bytes, starts, ends, links } = this;
    return bytes.byteLength + starts.byteLength + ends.byteLength + links.byteLength;
  }

  /** Total length of the paths in UTF-8. */
  get pathBytes(): number {
    const { starts, ends, count } = this;
    let bytes = 0;
    for (let at = 0; at < count; at += 1) bytes += (ends[at] ?? 0) - (starts[at] ?? 0);
    return bytes;
  }

  /** Number of symlinks. */
  get symlinks(): number {
    let symlinks = 0;
    for (let at = 0; at < this.count; at += 1) symlinks += this.links[at] ?? 0;
    return symlinks;
  }

  path(position: number): string {
    return this.bytes.toString('utf8', this.starts[position], this.ends[position]);
  }

  isSymlink(position: number): boolean {
    return this.links[position] === 1;
  }

  /** The entries at these positions, in this order. Shares the paths. */
  pick(positions: Uint32Array): FileList {
    const count = positions.length;
    const [starts, ends] = [new Uint32Array(count), new Uint32Array(count)];
    const links = new Uint8Array(count);
    for (let at = 0; at < count; at += 1) {
      const position = positions[at] ?? 0;
      starts[at] = this.starts[position] ?? 0;
      ends[at] = this.ends[position] ?? 0;
      links[at] = this.links[position] ?? 0;
    }
    return new FileList(this.bytes, starts, ends, links, count, this.isPlainJson);
  }

  /** The same paths, with exactly these symlinks. */
  withSymlinks(runs: readonly SymlinkRun[]): FileList {
    const { bytes, starts, ends, count, isPlainJson } = this;
    const links = new Uint8Array(count);
    for (const [first, length] of runs) links.fill(1, first, first + length);
    return new FileList(bytes, starts, ends, links, count, isPlainJson);
  }
}

/** Enough for a few files. */
const INITIAL_BYTES = 4 * 1024;
const INITIAL_ENTRIES = 128;

/** Builds a {@link FileList}. */
export class FileListBuilder {
  private bytes: Buffer;
  private words: DataView;
  private starts = new Uint32Array(INITIAL_ENTRIES);
  private ends = new Uint32Array(INITIAL_ENTRIES);
  private links = new Uint8Array(INITIAL_ENTRIES);
  private used = 0;
  private added = 0;
  private isPlainJson = true;

  /**
   * @param bytes expected total length of the paths
   * @param maxEntries one more is refused
   */
  constructor(
    bytes = 0,
    private readonly maxEntries = Number.POSITIVE_INFINITY,
  ) {
    // Memory that is never written to takes up only address space.
    this.bytes = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, bytes));
    this.words = wordsOf(this.bytes);
  }

  get count(): number {
    return this.added;
  }

  /**
   * @param path without lone surrogates, which UTF-8 can't encode
   * @throws InvalidRequestError
   */
  add(path: string, isSymlink: boolean): void {
    // A code unit takes at most three bytes.
    this.reserve(3 * path.length);
    const end = this.used + this.bytes.write(path, this.used);
    this.isPlainJson &&= JSON.stringify(path).length === path.length + 2;
    this.endEntry(end, isSymlink);
  }

  /**
   * Adds a UTF-8 path from `source` that contains no character that JSON escapes.
   *
   * @throws InvalidRequestError
   */
  addPlain(source: DataView, start: number, end: number, isSymlink: boolean): void {
    this.reserve(end - start);
    this.endEntry(copyBytes(source, start, end, this.words, this.used), isSymlink);
  }

  build(): FileList {
    const { bytes, starts, ends, links, added, isPlainJson } = this;
    return new FileList(bytes, starts, ends, links, added, isPlainJson);
  }

  private endEntry(end: number, isSymlink: boolean): void {
    if (this.added >= this.maxEntries) throw tooManyEntries(this.maxEntries);
    this.bytes[end] = 0;
    this.starts[this.added] = this.used;
    this.ends[this.added] = end;
    this.links[this.added] = isSymlink ? 1 : 0;
    this.used = end + 1;
    this.added += 1;
  }

  /** Ensures capacity for one more entry with a path of this many bytes. */
  private reserve(bytes: number): void {
    const needed = this.used + bytes + 1;
    if (needed > this.bytes.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.byteLength));
      this.bytes.copy(larger, 0, 0, this.used);
      this.bytes = larger;
      this.words = wordsOf(larger);
    }
    if (this.added < this.ends.length) return;
    const copyTo = <Numbers extends Uint32Array | Uint8Array>(larger: Numbers, from: Numbers) => {
      larger.set(from);
      return larger;
    };
    this.starts = copyTo(new Uint32Array(2 * this.added), this.starts);
    this.ends = copyTo(new Uint32Array(2 * this.added), this.ends);
    this.links = copyTo(new Uint8Array(2 * this.added), this.links);
  }
}

function tooManyEntries(most: number): InvalidRequestError {
  return new InvalidRequestError(
    `The file list has more than ${most} entries, the most that this service accepts (server.maxListEntries). List folders instead of their files, or leave the list out to transfer the whole dataset folder.`,
  );
}
