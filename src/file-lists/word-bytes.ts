/*
 * Byte loops, four bytes at a time. A long list has 400,000 paths of about fifty bytes: the cost per
 * byte decides, and calling into Node for each path would take longer than the path.
 */

/** Bytes per word. */
export const WORD = 4;

/** The same memory, readable and writable in words at any offset. */
export function wordsOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** @returns the offset after the copy in `target` */
export function copyBytes(
  source: DataView,
  start: number,
  end: number,
  target: DataView,
  at: number,
): number {
  const after = at + end - start;
  let from = start;
  let to = at;
  for (; from + WORD <= end; from += WORD, to += WORD) target.setUint32(to, source.getUint32(from));
  if (end - start >= WORD) {
    // The last word may overlap the one before; still faster than byte by byte.
    target.setUint32(after - WORD, source.getUint32(end - WORD));
  } else for (; from < end; from += 1, to += 1) target.setUint8(to, source.getUint8(from));
  return after;
}

/** Whether `count` bytes are equal. Compared from the end: paths next to each other differ there. */
export function equalBytes(
  one: DataView,
  startOfOne: number,
  other: DataView,
  startOfOther: number,
  count: number,
): boolean {
  let at = count;
  while (at >= WORD) {
    at -= WORD;
    if (one.getUint32(startOfOne + at) !== other.getUint32(startOfOther + at)) return false;
  }
  while (at > 0) {
    at -= 1;
    if (one.getUint8(startOfOne + at) !== other.getUint8(startOfOther + at)) return false;
  }
  return true;
}
