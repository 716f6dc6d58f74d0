import type { SymlinkRun } from '../domain/file-list-digest.js';
import { copyBytes, wordsOf } from './word-bytes.js';

/** One entry of a request's file list. */
export interface FileEntry {
  /** Relative to the dataset's folder, `/`-separated. May name a file or a folder. */
  readonly path: string;
  /** Copy the link itself, not what it points to. */
  readonly isSymlink: boolean;
}

/**
 * A file list, held as bytes: as objects with strings, 400,000 entries take several times the memory
 * of the request that brought them, and most of the time goes into allocating and collecting them.
 */
export class FileList {
  /** {@link bytes} as words. */
  readonly words: DataView;

  constructor(
    /** All paths in UTF-8, each followed by a NUL; in any order, and with others between them. */
    readonly bytes: Buffer,
    /** Position of each path's first byte. */
    readonly starts: Uint32Array,
    /** Position of the NUL after each path. */
    readonly ends: Uint32Array,
    /** 1 for a symlink. */
    private readonly links: Uint8Array,
    readonly count: number,
    /** No path has a character that JSON escapes. */
    readonly isPlainJson: boolean,
  ) {
    this.words = wordsOf(bytes);
  }

  /** Memory that the list takes. */
  get byteLength(): number {
    const { bytes, starts, ends, links } = this;
    return bytes.byteLength + starts.byteLength + ends.byteLength + links.byteLength;
  }

  /** Length of all paths in UTF-8. */
  get pathBytes(): number {
    const { starts, ends, count } = this;
    let bytes = 0;
    for (let at = 0; at < count; at += 1) bytes += (ends[at] ?? 0) - (starts[at] ?? 0);
    return bytes;
  }

  /** How many entries are symlinks. */
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

  /** A list of the entries at these positions, in this order. The paths stay where they are. */
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

  /** The same paths, with links in these runs only. */
  withSymlinks(runs: readonly SymlinkRun[]): FileList {
    const { bytes, starts, ends, count, isPlainJson } = this;
    const links = new Uint8Array(count);
    for (const [first, length] of runs) links.fill(1, first, first + length);
    return new FileList(bytes, starts, ends, links, count, isPlainJson);
  }
}

/** Enough for a list of a few files. */
const INITIAL_BYTES = 4 * 1024;
const INITIAL_ENTRIES = 128;

/** Makes a {@link FileList}. */
export class FileListBuilder {
  private bytes: Buffer;
  private words: DataView;
  private starts = new Uint32Array(INITIAL_ENTRIES);
  private ends = new Uint32Array(INITIAL_ENTRIES);
  private links = new Uint8Array(INITIAL_ENTRIES);
  private used = 0;
  private added = 0;
  private isPlainJson = true;

  /** @param bytes length of all paths together, as far as it is known */
  constructor(bytes = 0) {
    // What is never written to takes up addresses, but no memory.
    this.bytes = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, bytes));
    this.words = wordsOf(this.bytes);
  }

  get count(): number {
    return this.added;
  }

  /** @param path without half surrogate pairs: UTF-8 can't hold them */
  add(path: string, isSymlink: boolean): void {
    // A code unit takes three bytes at most.
    this.reserve(3 * path.length);
    const end = this.used + this.bytes.write(path, this.used);
    this.isPlainJson &&= JSON.stringify(path).length === path.length + 2;
    this.endEntry(end, isSymlink);
  }

  /** Adds a path in UTF-8 from `source`, without any character that JSON escapes. */
  addPlain(source: DataView, start: number, end: number, isSymlink: boolean): void {
    this.reserve(end - start);
    this.endEntry(copyBytes(source, start, end, this.words, this.used), isSymlink);
  }

  build(): FileList {
    const { bytes, starts, ends, links, added, isPlainJson } = this;
    return new FileList(bytes, starts, ends, links, added, isPlainJson);
  }

  private endEntry(end: number, isSymlink: boolean): void {
    this.bytes[end] = 0;
    this.starts[this.added] = this.used;
    this.ends[this.added] = end;
    this.links[this.added] = isSymlink ? 1 : 0;
    this.used = end + 1;
    this.added += 1;
  }

  /** Makes room for one more entry, with a path of so many bytes and its NUL. */
  private reserve(bytes: number): void {
    const needed = this.used + bytes + 1;
    if (needed > this.bytes.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.byteLength));
      this.bytes.copy(larger, 0, 0, this.used);
      this.bytes = larger;
      this.words = wordsOf(larger);
    }
    if (this.added < this.ends.length) return;
    const [starts, ends] = [new Uint32Array(2 * this.added), new Uint32Array(2 * this.added)];
    const links = new Uint8Array(2 * this.added);
    starts.set(this.starts);
    ends.set(this.ends);
    links.set(this.links);
    Object.assign(this, { starts, ends, links });
  }
}
