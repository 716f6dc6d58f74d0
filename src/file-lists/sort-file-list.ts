import type { FileList } from './file-list.js';
import type { CooperativeTask } from './run-cooperatively.js';
import { equalBytes, WORD } from './word-bytes.js';

/** Comparisons per step. */
const COMPARISONS_PER_STEP = 30_000;
/** Folders that are distinguished; with more of them, sorting takes longer. */
const FOLDERS = 4096;
const SLASH = 0x2f;

/** Sorts by path in code-unit order, which is the same on every machine. Keeps the input. */
export function* sortFileList(list: FileList): CooperativeTask<FileList> {
  // Programs that walk through folders usually list files in this order.
  if (yield* isSorted(list)) return list;
  return list.pick(yield* mergedRuns(list, yield* folderByFolder(list)));
}

/**
 * Compares two paths of a list by UTF-16 code units, as JavaScript compares strings.
 *
 * @returns a negative number if the path at `a` comes first, zero if both are equal
 */
export function comparePaths(list: FileList, a: number, b: number): number {
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

/** Whether the paths at `a` and `b` are equal; much faster than {@link comparePaths}. */
export function isSamePath({ words, starts, ends }: FileList, a: number, b: number): boolean {
  const startOfA = starts[a] ?? 0;
  const startOfB = starts[b] ?? 0;
  const length = (ends[a] ?? 0) - startOfA;
  return (
    length === (ends[b] ?? 0) - startOfB && equalBytes(words, startOfA, words, startOfB, length)
  );
}

/**
 * Rank of a UTF-8 byte in UTF-16 order, in which `\u{10000}` and above (0xf0 to 0xf4) precede
 * `\ue000` to `\uffff` (0xee and 0xef).
 */
function rank(byte: number): number {
  if (byte < 0xee) return byte;
  return byte >= 0xf0 ? byte - 2 : byte + 5;
}

function* isSorted(list: FileList): CooperativeTask<boolean> {
  for (let position = 1; position < list.count; position += 1) {
    if (position % COMPARISONS_PER_STEP === 0) yield;
    if (comparePaths(list, position - 1, position) > 0) return false;
  }
  return true;
}

/**
 * Positions grouped by folder, in order of first appearance. Most lists are sorted within each folder,
 * but many alternate between folders, as detectors write them: grouping leaves few runs to merge. A
 * folder that shares its hash with another may appear more than once.
 */
function* folderByFolder(list: FileList): CooperativeTask<Uint32Array> {
  const { bytes, words, starts, ends, count } = list;
  const next = new Uint32Array(count);
  const groups: { readonly first: number; readonly folderBytes: number; last: number }[] = [];
  const groupAt = new Int32Array(FOLDERS).fill(-1);
  for (let position = 0; position < count; position += 1) {
    if (position % COMPARISONS_PER_STEP === COMPARISONS_PER_STEP - 1) yield;
    const start = starts[position] ?? 0;
    const folderBytes = lengthOfFolder(bytes, start, ends[position] ?? start);
    const place = hashOf(words, start, folderBytes) % FOLDERS;
    const group = groups[groupAt[place] ?? -1];
    if (
      group?.folderBytes === folderBytes &&
      equalBytes(words, start, words, starts[group.first] ?? 0, folderBytes)
    ) {
      next[group.last] = position;
      group.last = position;
    } else {
      groupAt[place] = groups.length;
      groups.push({ first: position, folderBytes, last: position });
    }
  }
  const order = new Uint32Array(count);
  let filled = 0;
  for (const { first, last } of groups) {
    for (let position = first; ; position = next[position] ?? last) {
      order[filled] = position;
      filled += 1;
      if (position === last) break;
    }
  }
  return order;
}

/** Bytes before the last slash; 0 without one. */
function lengthOfFolder(bytes: Buffer, start: number, end: number): number {
  let slash = end - 1;
  while (slash > start && bytes[slash] !== SLASH) slash -= 1;
  return Math.max(0, slash - start);
}

/** FNV-1a over words instead of bytes; the last word may overlap the one before. */
function hashOf(words: DataView, start: number, count: number): number {
  let hash = 0x811c9dc5;
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ value, 0x01000193);
  };
  const end = start + count;
  if (count < WORD) for (let at = start; at < end; at += 1) mix(words.getUint8(at));
  else {
    for (let at = start; at + WORD < end; at += WORD) mix(words.getUint32(at));
    mix(words.getUint32(end - WORD));
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Merges sorted runs in pairs until one is left. */
function* mergedRuns(list: FileList, order: Uint32Array): CooperativeTask<Uint32Array> {
  let runs = yield* runsOf(list, order);
  let source = order;
  let target: Uint32Array = new Uint32Array(order.length);
  let compared = 0;
  while (runs.length > 2) {
    const longer = [0];
    for (let run = 0; run + 1 < runs.length; run += 2) {
      let left = runs[run] ?? 0;
      const middle = runs[run + 1] ?? 0;
      const end = runs[run + 2] ?? middle;
      let right = middle;
      let to = left;
      while (left < middle && right < end) {
        compared += 1;
        if (compared % COMPARISONS_PER_STEP === 0) yield;
        // Stable.
        const a = source[left] ?? 0;
        const b = source[right] ?? 0;
        if (comparePaths(list, a, b) <= 0) {
          target[to] = a;
          left += 1;
        } else {
          target[to] = b;
          right += 1;
        }
        to += 1;
      }
      target.set(source.subarray(left, middle), to);
      target.set(source.subarray(right, end), to + middle - left);
      longer.push(end);
    }
    [source, target] = [target, source];
    runs = longer;
  }
  return source;
}

/** Start of each sorted run, and the end of the last one. */
function* runsOf(list: FileList, order: Uint32Array): CooperativeTask<readonly number[]> {
  const runs = [0];
  for (let at = 1; at < order.length; at += 1) {
    if (at % COMPARISONS_PER_STEP === 0) yield;
    if (comparePaths(list, order[at - 1] ?? 0, order[at] ?? 0) > 0) runs.push(at);
  }
  runs.push(order.length);
  return runs;
}
