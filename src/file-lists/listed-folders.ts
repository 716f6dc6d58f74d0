import type { FileList } from './file-list.js';
import { equalBytes, wordsOf } from './word-bytes.js';

/*
 * Which entries of a list are folders that have a listed entry below them. Globus copies a folder with
 * everything in it, so with such folders it would copy the files below once for each of them and once
 * for themselves.
 *
 * In a sorted list all paths that begin with the same characters are consecutive, but a folder need not
 * stand directly before its contents: `raw-b` stands between `raw` and `raw/1.h5`, because `-` and `.`
 * come before `/`. So an entry is undecided as long as the entries after it begin with its path.
 */

const SLASH = 0x2f;
/** Enough for most paths. */
const INITIAL_STEM_BYTES = 256;

/** What is known of an entry as soon as the next one is. */
type Standing =
  /** A file, or a folder to be copied whole. */
  | 'leaf'
  /** A folder with a listed entry below it. */
  | 'parent'
  /** Either; a later entry decides. */
  | 'undecided';

/** What becomes of undecided entries. */
export interface LateDecisions {
  /** @param bytes length of the entry's path */
  parent(bytes: number): void;
  /** @param path valid only during the call */
  leaf(path: Buffer): void;
}

/**
 * Tells the parents among the entries of a sorted list, in a single pass: {@link settle} and then, unless
 * the entry is a symbolic link, {@link standing} for each entry; {@link end} after the last one. Paths
 * are bytes, raw or as `JSON.stringify` writes them, each followed by a byte that no path contains.
 */
export class ParentFinder {
  /** Lengths of the undecided paths, ascending. Each is the beginning of the longest one. */
  private readonly undecided: number[] = [];
  /** The longest undecided path. */
  private stem = Buffer.allocUnsafeSlow(INITIAL_STEM_BYTES);
  private stemWords = wordsOf(this.stem);

  constructor(private readonly late: LateDecisions) {}

  /** Decides about earlier entries by the path that starts here. */
  settle(words: DataView, start: number): void {
    let length: number | undefined;
    while ((length = this.undecided.at(-1)) !== undefined) {
      const isBeginning =
        start + length < words.byteLength && equalBytes(words, start, this.stemWords, 0, length);
      if (isBeginning) {
        if (words.getUint8(start + length) !== SLASH) return;
        this.undecided.pop();
        this.late.parent(length);
        // Those that are left are shorter, and the path goes on after them as the stem does.
        return;
      }
      this.undecided.pop();
      this.late.leaf(this.stem.subarray(0, length));
    }
  }

  /** @param next offset of the next path; no less than the length of `words` if it is elsewhere */
  standing(words: DataView, start: number, end: number, next: number): Standing {
    const length = end - start;
    // An empty path, and a line that is not one of ours.
    if (length <= 0) return 'leaf';
    const after = next + length;
    if (after < words.byteLength) {
      // The last byte first: files next to each other mostly differ there, or nowhere before.
      if (words.getUint8(after - 1) !== words.getUint8(end - 1)) return 'leaf';
      if (!equalBytes(words, start, words, next, length)) return 'leaf';
      if (words.getUint8(after) === SLASH) return 'parent';
    } else if (next < words.byteLength) return 'leaf';
    this.postpone(words, start, end);
    return 'undecided';
  }

  /** Decides about all that is undecided, after the last entry. */
  end(): void {
    for (const length of this.undecided.splice(0).reverse()) {
      this.late.leaf(this.stem.subarray(0, length));
    }
  }

  private postpone(words: DataView, start: number, end: number): void {
    const length = end - start;
    if (this.stem.length < length) {
      this.stem = Buffer.allocUnsafeSlow(2 * length);
      this.stemWords = wordsOf(this.stem);
    }
    this.stem.set(new Uint8Array(words.buffer, words.byteOffset + start, length));
    this.undecided.push(length);
  }
}

/** Folders with a listed entry below them. */
export interface ParentStats {
  readonly count: number;
  /** UTF-8 bytes of their paths as `JSON.stringify` writes them, without the quotes. */
  readonly pathBytes: number;
}

/** No folder has a listed entry below it. */
export const NO_PARENTS: ParentStats = { count: 0, pathBytes: 0 };

/** The parents of a list. @param sorted by `sortFileList`, each path once */
export function parentsOf(sorted: FileList): ParentStats {
  const { bytes, words, starts, ends, count, isPlainJson } = sorted;
  let parents = 0;
  let pathBytes = 0;
  const add = (path: Buffer): void => {
    parents += 1;
    pathBytes += isPlainJson
      ? path.length
      : Buffer.byteLength(JSON.stringify(path.toString('utf8'))) - '""'.length;
  };
  let current = 0;
  const finder = new ParentFinder({
    // It is the beginning of the entry that decides.
    parent: (length) => add(bytes.subarray(current, current + length)),
    leaf: () => undefined,
  });
  for (let position = 0; position < count; position += 1) {
    current = starts[position] ?? 0;
    finder.settle(words, current);
    if (sorted.isSymlink(position)) continue;
    const end = ends[position] ?? 0;
    const next = position + 1 < count ? (starts[position + 1] ?? 0) : words.byteLength;
    if (finder.standing(words, current, end, next) === 'parent') add(bytes.subarray(current, end));
  }
  return { count: parents, pathBytes };
}
