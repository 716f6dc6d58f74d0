import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { createGunzip, createGzip, gunzipSync, gzipSync } from 'node:zlib';
import { codeOf } from '../errors/error-code.js';
import type { FileList } from './file-list.js';
import { copyBytes, wordsOf } from './word-bytes.js';

/*
 * The stored format of a file list: JSON lines in UTF-8, gzipped. Each entry is a line in the order of
 * the list, `"path"` for a file or folder and `["path"]` for a symlink. The closing line
 * `{"count":…,"sha256":"…"}` has the number and the SHA-256 of the lines before it: a list that was
 * cut or changed is never taken for a shorter one.
 *
 * FROZEN: an updated service reads lists that an older version has stored.
 */

/** What is known of a stored list without its entries. */
export interface ListStats {
  readonly count: number;
  /** How many entries are symlinks. */
  readonly symlinks: number;
  /** UTF-8 bytes of all paths as `JSON.stringify` writes them, without the quotes. */
  readonly pathBytes: number;
}

/** A file list that was stored and found intact; read in pieces, so that a long one need not fit in memory. */
export interface StoredFileList extends ListStats {
  /** All that {@link jsonLines} yields, for a short list that is in memory. */
  readonly lines?: Buffer;
  /**
   * The lines of all entries in the stored format, some thousand at a time. As bytes, because parsing
   * and writing 400,000 entries again would cost more than all else; for the same reason a piece is
   * valid only until the next one is requested. May be called more than once.
   *
   * @throws SpoolUnavailableError when the disk fails, or the list has been removed meanwhile
   */
  jsonLines(): AsyncIterable<Buffer>;
}

const PACKING = { level: 1 };
/** Bytes of lines that are encoded or unpacked at a time, in a millisecond or a few. */
const PIECE_BYTES = 256 * 1024;
/** What `\u0000` takes for one byte. */
const LONGEST_ESCAPE = 6;
const SHORT_LIST_ENTRIES = 1_000;
const SHORT_LIST_BYTES = 128 * 1024;

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/**
 * Whether a list is so short that it is processed at once, in a few milliseconds.
 *
 * @param bytes of its paths, or of its lines
 */
export function isShort(count: number, bytes: number): boolean {
  return count <= SHORT_LIST_ENTRIES && bytes <= SHORT_LIST_BYTES;
}

/** Whether the line that starts here is that of a symlink. */
export function isSymlinkLine(lines: Buffer, start: number): boolean {
  return lines[start] === OPENING_BRACKET;
}

/** Position of the line feed of the line that starts here. */
export function endOfLine(lines: Buffer, start: number): number {
  return lines.indexOf(LINE_FEED, start);
}

/** Bytes before the path in its line, and as many after it, without the line feed. */
export function frameBytes(isSymlink: boolean): number {
  return isSymlink ? '["'.length : '"'.length;
}

/** What the closing line says of the lines before it. */
class LineCounter {
  private bytes = 0;
  private readonly hash = createHash('sha256');

  /** The numbers of lines are passed in where they are known before. */
  constructor(
    private entries = 0,
    private symlinks = 0,
  ) {}

  add(lines: Buffer): void {
    this.bytes += lines.length;
    this.hash.update(lines);
  }

  /** Adds lines whose number is not known yet. */
  addUncounted(lines: Buffer): void {
    for (let start = 0; start < lines.length; start = endOfLine(lines, start) + 1) {
      this.entries += 1;
      if (isSymlinkLine(lines, start)) this.symlinks += 1;
    }
    this.add(lines);
  }

  get stats(): ListStats {
    const { entries, symlinks, bytes } = this;
    const frames = 2 * (frameBytes(false) * (entries - symlinks) + frameBytes(true) * symlinks);
    return { count: entries, symlinks, pathBytes: bytes - frames - entries };
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
 * @param write receives the bytes piece by piece
 * @throws what `write` throws
 */
export async function packFileList(
  files: FileList,
  write: (packed: Buffer) => Promise<void>,
): Promise<ListStats> {
  const counter = new LineCounter(files.count, files.symlinks);
  const pieces = encode(files, counter);
  if (isShort(files.count, files.pathBytes)) await write(gzipSync(concat(pieces), PACKING));
  else await gzipInPieces(pieces, write);
  return counter.stats;
}

function* encode(files: FileList, counter: LineCounter): Generator<Buffer> {
  for (const lines of linesOf(files)) {
    counter.add(lines);
    yield lines;
  }
  yield counter.close();
}

/** Packs each piece before it requests the next, which is written over it. */
async function gzipInPieces(
  pieces: Iterable<Buffer>,
  write: (packed: Buffer) => Promise<void>,
): Promise<void> {
  const gzip = createGzip(PACKING);
  const written = (async () => {
    for await (const packed of gzip as AsyncIterable<Buffer>) await write(packed);
  })();
  // Awaited below; until then it must not count as unhandled.
  written.catch(() => undefined);
  try {
    for (const piece of pieces) {
      const taken = new Promise((resolve) => gzip.write(piece, resolve));
      await Promise.race([taken, written]);
      if (gzip.destroyed) break;
    }
    gzip.end();
    await written;
  } finally {
    gzip.destroy();
  }
}

/**
 * Reads all of a stored list to find out whether it is intact.
 *
 * @returns what it holds, with its lines if it is short; undefined when it is damaged
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
 * The lines of a stored list that was found intact before, as {@link StoredFileList} has them.
 *
 * @param packed a short list at once, a long one as a stream
 * @throws what `packed` throws, and zlib's errors when the list has been damaged since
 */
export async function* unpackLines(packed: Buffer | Readable): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(packed)) {
    const bytes = gunzipSync(packed);
    yield bytes.subarray(0, startOfLastLine(bytes));
  } else {
    for await (const [lines] of unpack(packed)) if (lines.length > 0) yield lines;
  }
}

/** Yields whole lines, and the rest of what was read: the next line cut short, or the closing one. */
async function* unpack(packed: Readable): AsyncGenerator<readonly [lines: Buffer, rest: Buffer]> {
  const unpacked = createGunzip({ chunkSize: PIECE_BYTES });
  // Its errors come out of `unpacked`, too.
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

/** A stored list that is still in memory; the lines of a long one are encoded when they are read. */
export function storedInMemory(stats: ListStats, files: FileList): StoredFileList {
  return isShort(stats.count, stats.pathBytes)
    ? storedAsLines(stats, concat(linesOf(files)))
    : { ...stats, jsonLines: () => oneByOne(linesOf(files)) };
}

/** A stored list of these lines, without the closing one. */
export function storedAsLines(stats: ListStats, lines: Buffer): StoredFileList {
  return { ...stats, lines, jsonLines: () => oneByOne([lines]) };
}

async function* oneByOne(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    // Processing and sending a piece takes some milliseconds.
    await setImmediate();
    yield piece;
  }
}

/** Copies pieces, each of which is written over by the next one. */
function concat(pieces: Iterable<Buffer>): Buffer {
  return Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece)));
}

/** Brackets, quotes and the line feed. */
const LONGEST_FRAME = 5;

/**
 * The lines of a list, without the closing one. Each piece is written over the one before: memory
 * that is used only once makes V8 collect garbage again and again.
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

/** How many bytes the line of an entry takes at most. */
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
