import type { FileList } from '../transfers/domain/file-list.js';
import { copyBytes, startOf, wordsOf } from '../transfers/domain/path-bytes.js';

/** So many bytes are made at a stretch (a millisecond), or as many as one path takes. */
const PIECE_BYTES = 256 * 1024;
/** What `\u0000` takes for one byte. */
const LONGEST_PER_BYTE = 6;
/** Brackets, quotes and the line feed. */
const FRAME_BYTES = 5;

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const OPENING_BRACKET = 0x5b;
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
  let piece = Buffer.alloc(0);
  for (let next = 0; next < files.count;) {
    const least = roomFor(files, next, next + 1);
    const room = Math.max(least, Math.min(PIECE_BYTES, roomFor(files, next, files.count)));
    if (piece.length < room) piece = Buffer.allocUnsafeSlow(room);
    const filled = fill(piece, files, next);
    next = filled.next;
    yield { bytes: piece.subarray(0, filled.bytes), symlinks: filled.symlinks };
  }
}

/** How many bytes the lines of these entries take at most, the last one not included. */
function roomFor(files: FileList, first: number, last: number): number {
  const paths = startOf(files, last) - startOf(files, first);
  return LONGEST_PER_BYTE * paths + FRAME_BYTES * (last - first);
}

/** What came of filling a piece: how many bytes, how many links, and the entry to go on with. */
interface Filled {
  readonly bytes: number;
  readonly symlinks: number;
  readonly next: number;
}

function fill(piece: Buffer, files: FileList, first: number): Filled {
  const { ends, count, isPlainJson } = files;
  const words = wordsOf(piece);
  let filled = 0;
  let symlinks = 0;
  let next = first;
  for (; next < count && filled + roomFor(files, next, next + 1) <= piece.length; next += 1) {
    const isSymlink = files.isSymlink(next);
    if (isSymlink) {
      symlinks += 1;
      piece[filled++] = OPENING_BRACKET;
    }
    if (isPlainJson) {
      piece[filled++] = QUOTE;
      filled = copyBytes(files.words, startOf(files, next), ends[next] ?? 0, words, filled);
      piece[filled++] = QUOTE;
    } else filled += piece.write(JSON.stringify(files.path(next)), filled);
    if (isSymlink) piece[filled++] = CLOSING_BRACKET;
    piece[filled++] = LINE_FEED;
  }
  return { bytes: filled, symlinks, next };
}
