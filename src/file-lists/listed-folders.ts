import type { FileList } from './file-list.js';
import { copyBytes, equalBytes, wordsOf } from './word-bytes.js';

/*
 * Which entries of a list are folders that have a listed entry below them. Globus copies a folder with
 * everything in it, so with such folders it would copy the files below once for each of them and once
 * for themselves.
 *
 * In a sorted list all paths that begin with the same characters are consecutive, but a folder need not
 * stand directly before its contents: `raw-b` stands between `raw` and `raw/1.h5`, because `-` and `.`
 * come before `/`. So an entry is undecided as long as the entries after it begin with its path. A folder
 * may also be written with a slash at its end: `raw` counts as above `raw/`, so that one of them stays.
 */

const SLASH = 0x2f;
/** Enough for most paths. */
const INITIAL_STEM_BYTES = 256;

/** Told what {@link ParentFinder} finds out. */
export interface ParentListener {
  /** A folder with a listed entry below it. @param bytes length of its path */
  parent(bytes: number): void;
  /** A leaf that was not known to be one when it was met. @param path in the first `bytes` bytes; valid only during the call */
  lateLeaf(path: DataView, bytes: number): void;
}

/**
 * Tells parents and leaves among the entries of a sorted list, in a single pass. Paths are bytes, raw or
 * as `JSON.stringify` writes them.
 */
export class ParentFinder {
  /** Lengths of the undecided paths, ascending. Each path is the beginning of the longest one. */
  private readonly undecided: number[] = [];
  /** Length of the longest one; 0 without any. */
  private longest = 0;
  /** The longest one. */
  private stem = wordsOf(Buffer.allocUnsafeSlow(INITIAL_STEM_BYTES));

  constructor(
    private readonly listener: ParentListener,
    /** The byte that follows each path, and is in none. */
    private readonly terminator: number,
  ) {}

  /**
   * The next entry, unless it is a symbolic link.
   *
   * @param next offset of the path after it; no less than the length of `words` if it is elsewhere
   * @returns whether it is a leaf; if not, the listener is told what it is, now or later
   */
  isLeaf(words: DataView, start: number, end: number, next: number): boolean {
    if (this.longest > 0) this.settle(words, start);
    const length = end - start;
    // An empty path, and a line that is none of ours.
    if (length <= 0) return true;
    const after = next + length;
    if (after < words.byteLength) {
      const follower = words.getUint8(after);
      // Most files have as long a name as the next one.
      if (follower === this.terminator) return true;
      if (!equalBytes(words, start, words, next, length)) return true;
      if (follower === SLASH || words.getUint8(end - 1) === SLASH) {
        this.listener.parent(length);
        return false;
      }
    } else if (next < words.byteLength) return true;
    this.postpone(words, start, end);
    return false;
  }

  /** A symbolic link, which is always a leaf. */
  meetLink(words: DataView, start: number): void {
    if (this.longest > 0) this.settle(words, start);
  }

  /** After the last entry, what is undecided is a leaf. */
  end(): void {
    while (this.longest > 0) {
      this.listener.lateLeaf(this.stem, this.longest);
      this.forgetLongest();
    }
  }

  /** Decides about earlier entries by the path that starts here. */
  private settle(words: DataView, start: number): void {
    while (this.longest > 0) {
      const after = start + this.longest;
      if (after < words.byteLength && equalBytes(words, start, this.stem, 0, this.longest)) {
        if (words.getUint8(after) === SLASH || this.stem.getUint8(this.longest - 1) === SLASH) {
          this.listener.parent(this.longest);
          this.forgetLongest();
        }
        // After shorter ones this path goes on as the stem does.
        return;
      }
      this.listener.lateLeaf(this.stem, this.longest);
      this.forgetLongest();
    }
  }

  private postpone(words: DataView, start: number, end: number): void {
    const length = end - start;
    if (this.stem.byteLength < length) this.stem = wordsOf(Buffer.allocUnsafeSlow(2 * length));
    copyBytes(words, start, end, this.stem, 0);
    this.undecided.push(length);
    this.longest = length;
  }

  private forgetLongest(): void {
    this.undecided.pop();
    this.longest = this.undecided.at(-1) ?? 0;
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

const NUL = 0;

/** Counts the parents of a list, entry by entry in sorted order. */
export class ParentCounter {
  private count = 0;
  private pathBytes = 0;
  private start = 0;
  private readonly finder = new ParentFinder(
    {
      parent: (bytes) => this.add(bytes),
      lateLeaf: () => undefined,
    },
    NUL,
  );

  /** @param sorted by `sortFileList`; a path may be there more than once */
  constructor(private readonly sorted: FileList) {}

  /** The next entry. */
  meet(position: number): void {
    const { sorted, finder } = this;
    const { words, starts, ends, count } = sorted;
    this.start = starts[position] ?? 0;
    if (sorted.isSymlink(position)) finder.meetLink(words, this.start);
    else {
      const next = position + 1 < count ? (starts[position + 1] ?? 0) : words.byteLength;
      finder.isLeaf(words, this.start, ends[position] ?? 0, next);
    }
  }

  /** After the last entry. */
  get stats(): ParentStats {
    const { count, pathBytes } = this;
    return { count, pathBytes };
  }

  /** The path of the entry that decides begins with the parent's. */
  private add(length: number): void {
    const { start, sorted } = this;
    this.count += 1;
    this.pathBytes += sorted.isPlainJson
      ? length
      : Buffer.byteLength(JSON.stringify(sorted.bytes.toString('utf8', start, start + length))) - 2;
  }
}

/** Counts of lists that have been checked. */
const counted = new WeakMap<FileList, ParentStats>();

/** Notes the parents of a list, so that {@link parentsOf} need not count them. */
export function noteParents(list: FileList, parents: ParentStats): void {
  counted.set(list, parents);
}

/** The parents of a list. @param sorted by `sortFileList`, each path once */
export function parentsOf(sorted: FileList): ParentStats {
  const known = counted.get(sorted);
  if (known !== undefined) return known;
  const counter = new ParentCounter(sorted);
  for (let position = 0; position < sorted.count; position += 1) counter.meet(position);
  return counter.stats;
}
