import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { createGunzip, createGzip, gunzipSync, gzipSync } from 'node:zlib';
import { codeOf } from '../errors/error-code.js';
import type { FileList } from './file-list.js';
import {
  NO_PARENTS,
  ParentFinder,
  type ParentListener,
  parentsOf,
  type ParentStats,
} from './listed-folders.js';
import { copyBytes, wordsOf } from './word-bytes.js';

/*
 * The stored format of a file list: gzipped JSON lines in UTF-8. Each entry is a line, in the order of
 * the list: `"path"` for a file or folder, `["path"]` for a symlink. The closing line
 * `{"count":…,"sha256":"…"}` has the number and the SHA-256 of the lines before it, so that a
 * truncated or changed list is never taken for a shorter one.
 *
 * FROZEN: the service reads lists stored by older versions.
 */

/** Properties of a stored list that are known without reading it. */
export interface ListStats {
  readonly count: number;
  readonly symlinks: number;
  /** UTF-8 bytes of all paths as `JSON.stringify` writes them, without the quotes. */
  readonly pathBytes: number;
  /** Those of the entries that are folders with a listed entry below them. */
  readonly parents: ParentStats;
}

/** A stored list that has been verified. Read in pieces, so that a long one need not fit in memory. */
export interface StoredFileList extends ListStats {
  /** Everything that {@link jsonLines} yields, for a short list in memory. */
  readonly lines?: Buffer;
  /**
   * The lines of all entries, some thousands at a time. As bytes, because parsing and encoding 400,000
   * entries again would cost more than everything else; for the same reason a piece is valid only
   * until the next one is requested. May be called more than once.
   *
   * @throws SpoolUnavailableError when the disk fails, or the list has been removed meanwhile
   */
  jsonLines(): AsyncIterable<Buffer>;
}

/** The stream takes a piece only after it has packed the one before, which is then overwritten. */
const PACKING = { level: 1, writableHighWaterMark: 1 };
/** Bytes of lines encoded or unpacked at a time, in a few milliseconds. */
const PIECE_BYTES = 256 * 1024;
/** Characters of `\u0000`. */
const LONGEST_ESCAPE = 6;
const SHORT_LIST_ENTRIES = 1_000;
const SHORT_LIST_BYTES = 128 * 1024;

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/**
 * Whether a list is short enough to be processed in one go, in a few milliseconds.
 *
 * @param bytes of its paths or lines
 */
export function isShort(count: number, bytes: number): boolean {
  return count <= SHORT_LIST_ENTRIES && bytes <= SHORT_LIST_BYTES;
}

/** Whether the line that starts here is a symlink. */
export function isSymlinkLine(lines: Buffer, start: number): boolean {
  return lines[start] === OPENING_BRACKET;
}

/** Offset of the line feed of the line that starts here. */
export function endOfLine(lines: Buffer, start: number): number {
  return lines.indexOf(LINE_FEED, start);
}

/** The byte after each path in its line. */
export const PATH_TERMINATOR = QUOTE;

/** Offset of the path of the line that starts here; the end of the lines if none does. */
function startOfPath(lines: Buffer, start: number): number {
  return start < lines.length ? start + frameBytes(isSymlinkLine(lines, start)) : lines.length;
}

/** Bytes before the path in its line, and also after it, not counting the line feed. */
export function frameBytes(isSymlink: boolean): number {
  return isSymlink ? '["'.length : '"'.length;
}

/**
 * Shows the line from `start` to its line feed at `end` to a finder.
 *
 * @param words of the lines
 * @returns whether it is a leaf, see `ParentFinder.isLeaf`
 */
export function meetLine(
  finder: ParentFinder,
  { lines, words }: { readonly lines: Buffer; readonly words: DataView },
  start: number,
  end: number,
): boolean {
  const isSymlink = isSymlinkLine(lines, start);
  const path = start + frameBytes(isSymlink);
  if (!isSymlink) {
    return finder.isLeaf(words, path, end - frameBytes(false), startOfPath(lines, end + 1));
  }
  finder.meetLink(words, path);
  return true;
}

const NOTHING_COUNTED = { count: 0, symlinks: 0, parents: NO_PARENTS };

/** Counts and hashes lines for the closing line. */
class LineCounter implements ParentListener {
  private bytes = 0;
  private readonly hash = createHash('sha256');
  private readonly finder = new ParentFinder(this, PATH_TERMINATOR);
  private entries: number;
  private symlinks: number;
  private parents: ParentStats;

  /** @param known numbers of the lines to come, unless they are to be counted */
  constructor(known: Omit<ListStats, 'pathBytes'> = NOTHING_COUNTED) {
    ({ count: this.entries, symlinks: this.symlinks, parents: this.parents } = known);
  }

  add(lines: Buffer): void {
    this.bytes += lines.length;
    this.hash.update(lines);
  }

  /** Adds lines that are not counted yet. */
  addUncounted(lines: Buffer): void {
    const both = { lines, words: wordsOf(lines) };
    for (let start = 0; start < lines.length;) {
      const end = endOfLine(lines, start);
      this.entries += 1;
      if (isSymlinkLine(lines, start)) this.symlinks += 1;
      meetLine(this.finder, both, start, end);
      start = end + 1;
    }
    this.add(lines);
  }

  parent(bytes: number): void {
    const { count, pathBytes } = this.parents;
    this.parents = { count: count + 1, pathBytes: pathBytes + bytes };
  }

  lateLeaf(): void {
    // Only parents are counted.
  }

  get stats(): ListStats {
    const { entries, symlinks, bytes, parents } = this;
    const frames = 2 * (frameBytes(false) * (entries - symlinks) + frameBytes(true) * symlinks);
    return { count: entries, symlinks, pathBytes: bytes - frames - entries, parents };
  }

  get isShort(): boolean {
    return isShort(this.entries, this.bytes);
  }

  /** The closing line, after all others. */
  close(): Buffer {
    const closing = { count: this.entries, sha256: this.hash.digest('hex') };
    return Buffer.from(`${JSON.stringify(closing)}\n`);
  }
}

/**
 * Encodes a list in the stored format.
 *
 * @param write called with each piece in turn
 * @throws what `write` throws
 */
export async function packFileList(
  files: FileList,
  write: (packed: Buffer) => Promise<void>,
): Promise<ListStats> {
  const counter = new LineCounter({
    count: files.count,
    symlinks: files.symlinks,
    parents: parentsOf(files),
  });
  const pieces = encode(files, counter);
  if (isShort(files.count, files.pathBytes)) await write(gzipSync(concat(pieces), PACKING));
  else {
    await pipeline(pieces, createGzip(PACKING), async (packed: AsyncIterable<Buffer>) => {
      for await (const bytes of packed) await write(bytes);
    });
  }
  return counter.stats;
}

function* encode(files: FileList, counter: LineCounter): Generator<Buffer> {
  for (const lines of linesOf(files)) {
    counter.add(lines);
    yield lines;
  }
  yield counter.close();
}

/**
 * Reads a whole stored list to verify it.
 *
 * @returns undefined if it is damaged; `lines` only for a short list
 * @throws what `packed` throws
 */
export async function verifyPacked(
  packed: Readable,
): Promise<{ readonly stats: ListStats; readonly lines: Buffer | undefined } | undefined> {
  const counter = new LineCounter();
  let kept: Buffer[] | undefined = [];
  let last: Buffer = Buffer.alloc(0);
  try {
    for await (const [lines, rest] of unpack(packed)) {
      counter.addUncounted(lines);
      if (!counter.isShort) kept = undefined;
      kept?.push(lines);
      last = rest;
    }
  } catch (error) {
    if (codeOf(error)?.startsWith('Z_') === true) return undefined;
    throw error;
  }
  if (!last.equals(counter.close())) return undefined;
  return { stats: counter.stats, lines: kept === undefined ? undefined : Buffer.concat(kept) };
}

/**
 * The lines of a stored list that has been verified before, as in {@link StoredFileList}.
 *
 * @param packed a short list as a whole, a long one as a stream
 * @throws what `packed` throws, and zlib's errors if the list has been damaged since
 */
export async function* unpackLines(packed: Buffer | Readable): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(packed)) {
    const bytes = gunzipSync(packed);
    yield bytes.subarray(0, startOfLastLine(bytes));
  } else {
    for await (const [lines] of unpack(packed)) if (lines.length > 0) yield lines;
  }
}

/** Yields whole lines, and the rest of what was read: part of the next line, or the closing one. */
async function* unpack(packed: Readable): AsyncGenerator<readonly [lines: Buffer, rest: Buffer]> {
  const unpacked = createGunzip({ chunkSize: PIECE_BYTES });
  // `unpacked` throws the same errors.
  pipeline(packed, unpacked).catch(() => undefined);
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of unpacked as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const end = startOfLastLine(bytes);
    rest = bytes.subarray(end);
    yield [bytes.subarray(0, end), rest];
  }
}

function startOfLastLine(bytes: Buffer): number {
  return bytes.subarray(0, -1).lastIndexOf(LINE_FEED) + 1;
}

/** A stored list that is still in memory. A long one is encoded as it is read. */
export function storedInMemory(stats: ListStats, files: FileList): StoredFileList {
  return isShort(stats.count, stats.pathBytes)
    ? storedAsLines(stats, concat(linesOf(files)))
    : { ...stats, jsonLines: () => oneByOne(linesOf(files)) };
}

/** @param lines without the closing one */
export function storedAsLines(stats: ListStats, lines: Buffer): StoredFileList {
  return { ...stats, lines, jsonLines: () => oneByOne([lines]) };
}

async function* oneByOne(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    // Processing and sending a piece takes a few milliseconds.
    await setImmediate();
    yield piece;
  }
}

/** Copies the pieces, as each of them overwrites the one before. */
function concat(pieces: Iterable<Buffer>): Buffer {
  return Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece)));
}

/** Brackets, quotes and line feed. */
const LONGEST_FRAME = 5;

/**
 * The lines of a list, without the closing one. Each piece overwrites the one before: memory used only
 * once makes V8 collect garbage over and over.
 */
function* linesOf(files: FileList): Generator<Buffer> {
  const all = LONGEST_ESCAPE * files.pathBytes + LONGEST_FRAME * files.count;
  let piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, all));
  for (let first = 0; first < files.count;) {
    const longest = longestLine(files, first);
    if (piece.length < longest) piece = Buffer.allocUnsafeSlow(longest);
    const { filled, next } = fill(piece, files, first);
    yield piece.subarray(0, filled);
    first = next;
  }
}

/** Upper limit for the bytes of an entry's line. */
function longestLine({ starts, ends }: FileList, position: number): number {
  return LONGEST_ESCAPE * ((ends[position] ?? 0) - (starts[position] ?? 0)) + LONGEST_FRAME;
}

/** Not part of the generator: in a plain function V8 runs the loop a tenth faster. */
function fill(piece: Buffer, files: FileList, first: number): { filled: number; next: number } {
  const { starts, ends, count, isPlainJson } = files;
  const words = wordsOf(piece);
  let filled = 0;
  let next = first;
  for (; next < count && filled + longestLine(files, next) <= piece.length; next += 1) {
    const isSymlink = files.isSymlink(next);
    if (isSymlink) piece[filled++] = OPENING_BRACKET;
    if (isPlainJson) {
      piece[filled++] = QUOTE;
      filled = copyBytes(files.words, starts[next] ?? 0, ends[next] ?? 0, words, filled);
      piece[filled++] = QUOTE;
    } else filled += piece.write(JSON.stringify(files.path(next)), filled);
    if (isSymlink) piece[filled++] = CLOSING_BRACKET;
    piece[filled++] = LINE_FEED;
  }
  return { filled, next };
}
