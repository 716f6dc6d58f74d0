import { createHash } from 'node:crypto';
import type { FileListDigest, SymlinkRun } from '../domain/file-list-digest.js';
import { type FileList, FileListBuilder } from './file-list.js';
import { type CooperativeTask, ENTRIES_PER_STEP } from './run-cooperatively.js';
import { sortFileList } from './sort-file-list.js';
import { copyBytes, wordsOf } from './word-bytes.js';

/** Bytes hashed at a time, unless a single path is longer. */
const HASHED_BYTES = 256 * 1024;

/** @param sorted by {@link sortFileList} */
export function* digestFileList(sorted: FileList): CooperativeTask<FileListDigest> {
  const { words, starts, ends, count } = sorted;
  const hash = createHash('sha256');
  let piece = Buffer.allocUnsafe(Math.min(HASHED_BYTES, sorted.pathBytes + count));
  let target = wordsOf(piece);
  let filled = 0;
  for (let position = 0; position < count; position += 1) {
    const start = starts[position] ?? 0;
    // Including the NUL.
    const end = (ends[position] ?? 0) + 1;
    if (filled + end - start > piece.length) {
      hash.update(piece.subarray(0, filled));
      filled = 0;
      yield;
      if (end - start > piece.length) {
        piece = Buffer.allocUnsafe(end - start);
        target = wordsOf(piece);
      }
    }
    filled = copyBytes(words, start, end, target, filled);
  }
  hash.update(piece.subarray(0, filled));
  return { count, sha256: hash.digest('hex'), symlinks: symlinkRuns(sorted) };
}

function symlinkRuns(list: FileList): readonly SymlinkRun[] {
  const runs: [number, number][] = [];
  for (let position = 0; position < list.count; position += 1) {
    if (!list.isSymlink(position)) continue;
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === position) last[1] += 1;
    else runs.push([position, 1]);
  }
  return runs;
}

/**
 * Rebuilds a file list from its digest and paths found elsewhere (SciCat's OrigDatablocks).
 *
 * @returns undefined unless the paths are exactly those of the digest
 */
export function* rebuildFileList(
  paths: readonly string[],
  digest: FileListDigest,
): CooperativeTask<FileList | undefined> {
  if (paths.length !== digest.count) return undefined;
  const builder = new FileListBuilder();
  for (const path of paths) {
    if (builder.count % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    builder.add(path, false);
  }
  const files = yield* sortFileList(builder.build());
  if ((yield* digestFileList(files)).sha256 !== digest.sha256) return undefined;
  const isBeyond = ([first, count]: SymlinkRun): boolean => first + count > files.count;
  return digest.symlinks.some(isBeyond) ? undefined : files.withSymlinks(digest.symlinks);
}
