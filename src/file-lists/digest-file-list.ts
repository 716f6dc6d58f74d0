import { createHash } from 'node:crypto';
import {
  areRuns,
  type FileListDigest,
  LinkNotes,
  type NotedLinks,
  type SymlinkRun,
} from '../domain/file-list-digest.js';
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
  return { count, sha256: hash.digest('hex'), symlinks: yield* noteLinks(sorted) };
}

function* noteLinks(list: FileList): CooperativeTask<NotedLinks> {
  const notes = new LinkNotes();
  /** Start of the current run. */
  let first = -1;
  for (let position = 0; position < list.count; position += 1) {
    if (position % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    if (list.isSymlink(position)) {
      if (first < 0) first = position;
    } else if (first >= 0) {
      notes.add([first, position - first]);
      first = -1;
    }
  }
  if (first >= 0) notes.add([first, list.count - first]);
  return notes.noted();
}

/**
 * Rebuilds a file list from its digest and paths found elsewhere (SciCat's OrigDatablocks).
 *
 * @returns undefined unless the paths are exactly those of the digest, and its links are known
 */
export function* rebuildFileList(
  paths: readonly string[],
  digest: FileListDigest,
): CooperativeTask<FileList | undefined> {
  const { symlinks } = digest;
  if (paths.length !== digest.count || !areRuns(symlinks)) return undefined;
  const builder = new FileListBuilder();
  for (const path of paths) {
    if (builder.count % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    builder.add(path, false);
  }
  const files = yield* sortFileList(builder.build());
  if ((yield* digestFileList(files)).sha256 !== digest.sha256) return undefined;
  const isBeyond = ([first, count]: SymlinkRun): boolean => first + count > files.count;
  return symlinks.some(isBeyond) ? undefined : files.withSymlinks(symlinks);
}
