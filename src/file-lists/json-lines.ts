import type { FileList } from './file-list.js';
import { copyBytes, wordsOf } from './path-bytes.js';

/** So many bytes are made at a stretch (a millisecond), or as many as one path takes. */
const PIECE_BYTES = 256 * 1024;
/** What `\u0000` takes for one byte. */
const LONGEST_PER_BYTE = 6;
/** Brackets, quotes and the line feed. */
const FRAME_BYTES = 5;

export const LINE_FEED = 0x0a;
const QUOTE = 0x22;
/** What the line of a symlink begins with. */
export const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/** Some lines of a list. */
export interface JsonLines {
  readonly bytes: Buffer;
  /** How many of them are symlinks. */
  readonly symlinks: number;
}

/**
 * A list as JSON lines in UTF-8: `"path"` for a file or folder, `["path"]` for a symlink, each
 * followed by a line feed. Lines are good until the next ones are asked for, which are written over
 * them: memory that is only used once makes V8 collect garbage again and again.
 */
export function* jsonLinesOf(files: FileList): Generator<JsonLines> {
  const all = LONGEST_PER_BYTE * files.pathBytes + FRAME_BYTES * files.count;
  let piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, all));
  for (let next = 0; next < files.count;) {
    const least = roomFor(files, next);
    if (piece.length < least) piece = Buffer.allocUnsafeSlow(least);
    const filled = fill(piece, files, next);
    next = filled.next;
    yield { bytes: piece.subarray(0, filled.bytes), symlinks: filled.symlinks };
  }
}

/** How many bytes the line of an entry takes at most. */
function roomFor({ starts, ends }: FileList, position: number): number {
  return LONGEST_PER_BYTE * ((ends[position] ?? 0) - (starts[position] ?? 0)) + FRAME_BYTES;
}

/** What came of filling a piece: how many bytes, how many links, and the entry to go on with. */
interface Filled {
  readonly bytes: number;
  readonly symlinks: number;
  readonly next: number;
}

function fill(piece: Buffer, files: FileList, first: number): Filled {
  const { starts, ends, count, isPlainJson } = files;
  const words = wordsOf(piece);
  let filled = 0;
  let symlinks = 0;
  let next = first;
  for (; next < count && filled + roomFor(files, next) <= piece.length; next += 1) {
    const isSymlink = files.isSymlink(next);
    if (isSymlink) {
      symlinks += 1;
      piece[filled++] = OPENING_BRACKET;
    }
    if (isPlainJson) {
      piece[filled++] = QUOTE;
      filled = copyBytes(files.words, starts[next] ?? 0, ends[next] ?? 0, words, filled);
      piece[filled++] = QUOTE;
    } else filled += piece.write(JSON.stringify(files.path(next)), filled);
    if (isSymlink) piece[filled++] = CLOSING_BRACKET;
    piece[filled++] = LINE_FEED;
  }
  return { bytes: filled, symlinks, next };
}
