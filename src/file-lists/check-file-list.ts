import type { FileListDigest } from '../domain/file-list-digest.js';
import { InvalidRequestError } from '../errors/request.errors.js';
import { quoted } from '../facilities/path-text.js';
import { isPlainFilePath, refuseFilePath } from './check-file-path.js';
import { digestFileList } from './digest-file-list.js';
import type { FileList } from './file-list.js';
import { noteParents, ParentCounter, parentsOf } from './listed-folders.js';
import { type CooperativeTask, ENTRIES_PER_STEP } from './run-cooperatively.js';
import { isSamePath, sortFileList } from './sort-file-list.js';
import { equalBytes } from './word-bytes.js';

/** A valid file list. */
export interface CheckedFileList {
  /** Sorted by path, each path once. */
  readonly files: FileList;
  readonly digest: FileListDigest;
  /** Folders with a listed entry below them. */
  readonly parents: number;
}

/** Characters of a path quoted in an error. */
const QUOTED_LENGTH = 300;
const SLASH = 0x2f;

/**
 * Checks a request's file list and sorts it. Entries are numbered from 0, as in JSON pointers.
 *
 * @param atRoot the dataset's folder is the root of one of the collections
 * @param symlinksRefusedBy name of a facility that takes no symbolic links, if one of the two does not
 * @throws InvalidRequestError naming the first entry that can't be used
 */
export function* checkFileList(
  files: FileList,
  atRoot: boolean,
  symlinksRefusedBy?: string,
): CooperativeTask<CheckedFileList> {
  if (files.count === 0) {
    throw new InvalidRequestError(
      'The file list is empty. Leave it out to transfer the whole dataset folder.',
    );
  }
  const { bytes, starts, ends } = files;
  for (let position = 0; position < files.count; position += 1) {
    if (position % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    if (!isPlainFilePath(bytes, starts[position] ?? 0, ends[position] ?? 0)) {
      refuseBadPath(files.path(position), position, atRoot);
    }
    if (symlinksRefusedBy !== undefined && files.isSymlink(position)) {
      throw new InvalidRequestError(
        `Entry ${position} of the file list, ${quoted(files.path(position))}, is a symbolic link, which facility ${quoted(symlinksRefusedBy)} does not accept. Remove the symbolic links from the list.`,
      );
    }
  }
  const unique = yield* withoutDuplicates(yield* sortFileList(files));
  if (unique.symlinks > 0) yield* refuseEntriesBelowLinks(unique);
  return {
    files: unique,
    digest: yield* digestFileList(unique),
    parents: parentsOf(unique).count,
  };
}

function refuseBadPath(path: string, position: number, atRoot: boolean): void {
  const refusal = refuseFilePath(path, atRoot);
  if (refusal === undefined) return;
  throw new InvalidRequestError(
    `Entry ${position} of the file list can't be used: its path ${refusal}.`,
    { details: `fileList[${position}].path = ${JSON.stringify(path).slice(0, QUOTED_LENGTH)}` },
  );
}

/**
 * Globus copies a listed link as a link, so nothing can be copied to a path below it.
 *
 * In a sorted list, the paths that begin with a link's path follow it without a gap, but those below it
 * need not come first: `raw-b` stands between `raw` and `raw/1.h5`. The links whose path the current one
 * begins with are kept on a stack. Only the innermost can be above it: in the innermost, the path of each
 * of the others is followed by something other than a slash.
 */
function* refuseEntriesBelowLinks(sorted: FileList): CooperativeTask<void> {
  const { bytes, words, starts, ends } = sorted;
  const links: number[] = [];
  for (let position = 0; position < sorted.count; position += 1) {
    if (position % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    const start = starts[position] ?? 0;
    const length = (ends[position] ?? 0) - start;
    for (let link = links.at(-1); link !== undefined; link = links.at(-1)) {
      const linkStart = starts[link] ?? 0;
      const linkLength = withoutSlashes(bytes, linkStart, ends[link] ?? 0) - linkStart;
      if (length > linkLength && equalBytes(words, start, words, linkStart, linkLength)) {
        if (bytes[start + linkLength] !== SLASH) break;
        throw new InvalidRequestError(
          `The file list contains ${quoted(sorted.path(position))}, which is below ${quoted(sorted.path(link))}, a symbolic link. The link is copied as a link, so nothing can be copied to a path below it. Remove one of the two from the list.`,
        );
      }
      links.pop();
    }
    if (sorted.isSymlink(position)) links.push(position);
  }
}

/** The end of a path without trailing slashes. */
function withoutSlashes(bytes: Buffer, start: number, end: number): number {
  let last = end;
  while (last > start && bytes[last - 1] === SLASH) last -= 1;
  return last;
}

function* withoutDuplicates(sorted: FileList): CooperativeTask<FileList> {
  const kept = new Uint32Array(sorted.count);
  let count = 0;
  // Here and not in a pass of their own, because their paths are in the processor's cache now.
  const parents = new ParentCounter(sorted);
  for (let position = 0; position < sorted.count; position += 1) {
    if (position % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    parents.meet(position);
    if (position === 0 || !isSamePath(sorted, position - 1, position)) {
      kept[count] = position;
      count += 1;
    } else if (sorted.isSymlink(position - 1) !== sorted.isSymlink(position)) {
      throw new InvalidRequestError(
        'The file list contains the same path twice, once as a symbolic link and once not.',
        { details: `path = ${JSON.stringify(sorted.path(position)).slice(0, QUOTED_LENGTH)}` },
      );
    }
  }
  const unique = count === sorted.count ? sorted : sorted.pick(kept.subarray(0, count));
  noteParents(unique, parents.stats);
  return unique;
}
