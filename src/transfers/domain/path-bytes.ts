/**
 * The bytes of a list's paths. There may be 400,000 of them, each of some fifty bytes, and what is
 * done for every byte of them is what a long list costs: so it is done four bytes at a time, and
 * without a call into Node for each path, which takes longer than the path.
 */
export interface PathBytes {
  /** All paths in UTF-8, each followed by a NUL. What is behind the last one is not in use. */
  readonly bytes: DataView<ArrayBuffer>;
  /** Position of the NUL behind each path. */
  readonly ends: Uint32Array;
  readonly count: number;
}

const WORD = 4;

/** The same bytes, to be read and written in words. */
export function viewOf(buffer: Buffer | Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}

/** Position of a path's first byte. */
export function startOf({ ends }: Pick<PathBytes, 'ends'>, position: number): number {
  return position === 0 ? 0 : (ends[position - 1] ?? 0) + 1;
}

/** @returns the position behind the copy in `target` */
export function copyBytes(
  source: DataView,
  start: number,
  end: number,
  target: DataView,
  at: number,
): number {
  let from = start;
  let to = at;
  for (; from + WORD <= end; from += WORD, to += WORD) target.setUint32(to, source.getUint32(from));
  for (; from < end; from += 1, to += 1) target.setUint8(to, source.getUint8(from));
  return to;
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
  const { bytes, ends } = list;
  let atA = startOf(list, a);
  let atB = startOf(list, b);
  const endA = ends[a] ?? 0;
  const endB = ends[b] ?? 0;
  const lastWord = atA + Math.min(endA - atA, endB - atB) - WORD;
  while (atA <= lastWord && bytes.getUint32(atA) === bytes.getUint32(atB)) {
    atA += WORD;
    atB += WORD;
  }
  for (; atA < endA && atB < endB; atA += 1, atB += 1) {
    const byteA = bytes.getUint8(atA);
    const byteB = bytes.getUint8(atB);
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
