import { areEqual, comparePaths, type PathBytes, WORD } from './path-bytes.js';
import type { CooperativeTask } from './run-cooperatively.js';

/** So many comparisons are made in one step. */
const COMPARISONS_PER_STEP = 30_000;
/** Folders that are told apart; where there are more, sorting takes longer. */
const FOLDERS = 4096;
const SLASH = 0x2f;

/**
 * The order of a list's paths by code units.
 *
 * @returns positions in the list, equal paths next to each other; undefined: it is sorted already
 */
export function* sortedOrder(list: PathBytes): CooperativeTask<Uint32Array | undefined> {
  if (yield* isSorted(list)) return undefined;
  return yield* mergedRuns(list, yield* folderByFolder(list));
}

function* isSorted(list: PathBytes): CooperativeTask<boolean> {
  for (let position = 1; position < list.count; position += 1) {
    if (position % COMPARISONS_PER_STEP === 0) yield;
    if (comparePaths(list, position - 1, position) > 0) return false;
  }
  return true;
}

/**
 * The paths folder by folder, in the order in which their folders turn up first. Within a folder
 * most lists are sorted, but many go through several folders in turn, as detectors write them: this
 * leaves few runs to be merged. What comes of it is only a good beginning: some folder may come
 * twice.
 */
function* folderByFolder(list: PathBytes): CooperativeTask<Uint32Array> {
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
      areEqual(words, start, words, starts[group.first] ?? 0, folderBytes)
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

/** Without the slash; 0 when there is none. */
function lengthOfFolder(bytes: Buffer, start: number, end: number): number {
  let slash = end - 1;
  while (slash > start && bytes[slash] !== SLASH) slash -= 1;
  return Math.max(0, slash - start);
}

/** FNV-1a, of words instead of bytes; the last word may overlap the one before. */
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

/** Merges what is in order already, two runs at a time, until there is but one. */
function* mergedRuns(list: PathBytes, order: Uint32Array): CooperativeTask<Uint32Array> {
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
        // Those that are equal stay as they came.
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

/** Where each run of paths in order begins, and where the last one ends. */
function* runsOf(list: PathBytes, order: Uint32Array): CooperativeTask<readonly number[]> {
  const runs = [0];
  for (let at = 1; at < order.length; at += 1) {
    if (at % COMPARISONS_PER_STEP === 0) yield;
    if (comparePaths(list, order[at - 1] ?? 0, order[at] ?? 0) > 0) runs.push(at);
  }
  runs.push(order.length);
  return runs;
}
