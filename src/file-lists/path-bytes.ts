/**
 * The paths of a list as bytes. There may be 400,000 of them, each of some fifty bytes, and what is
 * done for every byte is what a long list costs: so it is done four bytes at a time where it can be,
 * and without a call into Node for each path, which takes longer than the path.
 */
export interface PathBytes {
  /** The paths in UTF-8, each followed by a NUL; in any order, and with others between them. */
  readonly bytes: Buffer;
  /** The same bytes, in words. */
  readonly words: DataView;
  /** Position of each path's first byte. */
  readonly starts: Uint32Array;
  /** Position of the NUL behind each path. */
  readonly ends: Uint32Array;
  readonly count: number;
}

/** Bytes of a word. */
export const WORD = 4;

/** The same bytes, to be read and written in words, at any position. */
export function wordsOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** @returns the position behind the copy in `target` */
export function copyBytes(
  source: DataView,
  start: number,
  end: number,
  target: DataView,
  at: number,
): number {
  const behind = at + end - start;
  let from = start;
  let to = at;
  for (; from + WORD <= end; from += WORD, to += WORD) target.setUint32(to, source.getUint32(from));
  if (end - start >= WORD) {
    // The last word once more or in part: quicker than byte by byte.
    target.setUint32(behind - WORD, source.getUint32(end - WORD));
  } else for (; from < end; from += 1, to += 1) target.setUint8(to, source.getUint8(from));
  return behind;
}

/** Whether so many bytes are the same in both places. */
export function areEqual(
  one: DataView,
  startOfOne: number,
  other: DataView,
  startOfOther: number,
  count: number,
): boolean {
  let at = 0;
  for (; at + WORD <= count; at += WORD) {
    if (one.getUint32(startOfOne + at) !== other.getUint32(startOfOther + at)) return false;
  }
  for (; at < count; at += 1) {
    if (one.getUint8(startOfOne + at) !== other.getUint8(startOfOther + at)) return false;
  }
  return true;
}

/**
 * Compares two paths of a list by UTF-16 code units, as JavaScript compares texts.
 *
 * @returns below zero when the path at `a` comes first, zero when both are equal
 */
export function comparePaths(list: PathBytes, a: number, b: number): number {
  const { bytes, words, starts, ends } = list;
  let atA = starts[a] ?? 0;
  let atB = starts[b] ?? 0;
  const endA = ends[a] ?? 0;
  const endB = ends[b] ?? 0;
  const lastWord = atA + Math.min(endA - atA, endB - atB) - WORD;
  while (atA <= lastWord && words.getUint32(atA) === words.getUint32(atB)) {
    atA += WORD;
    atB += WORD;
  }
  for (; atA < endA && atB < endB; atA += 1, atB += 1) {
    const byteA = bytes[atA] ?? 0;
    const byteB = bytes[atB] ?? 0;
    if (byteA !== byteB) return rank(byteA) - rank(byteB);
  }
  return endA - atA - (endB - atB);
}

/**
 * Rank of a byte of UTF-8 in the order of UTF-16's code units, in which `\u{10000}` and above, begun
 * by 0xf0 to 0xf4, comes before `\ue000` to `\uffff`, begun by 0xee and 0xef.
 */
function rank(byte: number): number {
  if (byte < 0xee) return byte;
  return byte >= 0xf0 ? byte - 2 : byte + 5;
}
