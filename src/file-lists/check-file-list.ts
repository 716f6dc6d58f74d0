import type { FileListDigest } from '../domain/file-list-digest.js';
import { InvalidRequestError } from '../errors/request.errors.js';
import { isPlainFilePath, refuseFilePath } from './check-file-path.js';
import { digestFileList } from './digest-file-list.js';
import type { FileList } from './file-list.js';
import { type CooperativeTask, ENTRIES_PER_STEP } from './run-cooperatively.js';
import { comparePaths, sortFileList } from './sort-file-list.js';

/** A valid file list. */
export interface CheckedFileList {
  /** Sorted by path, each path once. */
  readonly files: FileList;
  readonly digest: FileListDigest;
}

/** Characters of a path quoted in an error. */
const QUOTED_LENGTH = 300;

/**
 * Checks a request's file list and sorts it. Entries are numbered from 0, as in JSON pointers.
 *
 * @param atRoot the dataset's folder is the root of one of the collections
 * @throws InvalidRequestError naming the first entry that can't be used
 */
export function* checkFileList(files: FileList, atRoot: boolean): CooperativeTask<CheckedFileList> {
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
  }
  const unique = yield* withoutDuplicates(yield* sortFileList(files));
  return { files: unique, digest: yield* digestFileList(unique) };
}

function refuseBadPath(path: string, position: number, atRoot: boolean): void {
  const refusal = refuseFilePath(path, atRoot);
  if (refusal === undefined) return;
  throw new InvalidRequestError(
    `Entry ${position} of the file list can't be used: its path ${refusal}.`,
    { details: `fileList[${position}].path = ${JSON.stringify(path).slice(0, QUOTED_LENGTH)}` },
  );
}

function* withoutDuplicates(sorted: FileList): CooperativeTask<FileList> {
  const kept = new Uint32Array(sorted.count);
  let count = 0;
  for (let position = 0; position < sorted.count; position += 1) {
    if (position % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    if (position === 0 || comparePaths(sorted, position - 1, position) !== 0) {
      kept[count] = position;
      count += 1;
    } else if (sorted.isSymlink(position - 1) !== sorted.isSymlink(position)) {
      throw new InvalidRequestError(
        'The file list contains the same path twice, once as a symbolic link and once not.',
        { details: `path = ${JSON.stringify(sorted.path(position)).slice(0, QUOTED_LENGTH)}` },
      );
    }
  }
  return count === sorted.count ? sorted : sorted.pick(kept.subarray(0, count));
}
