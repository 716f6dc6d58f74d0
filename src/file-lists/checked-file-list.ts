import { InvalidRequestError } from '../errors/request.errors.js';
import type { FileListDigest } from '../domain/file-list-digest.js';
import { isPlainFilePath, refuseFilePath } from './file-paths.js';
import { digestFileList, type FileList, picked, sortedFileList } from './file-list.js';
import { comparePaths } from './path-bytes.js';
import { ENTRIES_PER_STEP, type CooperativeTask } from './run-cooperatively.js';

/** A file list as it is stored. */
export interface CheckedFileList {
  /** Sorted by path, each path once. */
  readonly files: FileList;
  readonly digest: FileListDigest;
}

/**
 * Checks and sorts a request's file list. Entry numbers in messages start at 0, as in JSON pointers.
 *
 * @param atRoot the dataset's folder is the top of one of the collections
 * @throws InvalidRequestError naming the first entry that can't be used
 */
export function* checkedFileList(
  files: FileList,
  atRoot: boolean,
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
  }
  const once = yield* withoutRepetitions(yield* sortedFileList(files));
  return { files: once, digest: yield* digestFileList(once) };
}

function refuseBadPath(path: string, position: number, atRoot: boolean): void {
  const refusal = refuseFilePath(path, atRoot);
  if (refusal === undefined) return;
  throw new InvalidRequestError(
    `Entry ${position} of the file list can't be used: its path ${refusal}.`,
    { details: `fileList[${position}].path = ${JSON.stringify(path).slice(0, 300)}` },
  );
}

function* withoutRepetitions(sorted: FileList): CooperativeTask<FileList> {
  const kept = new Uint32Array(sorted.count);
  let count = 0;
  for (let position = 0; position < sorted.count; position += 1) {
    if (position % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
    if (position === 0 || comparePaths(sorted, position - 1, position) !== 0) {
      kept[count] = position;
      count += 1;
    } else if (sorted.isSymlink(position - 1) !== sorted.isSymlink(position)) {
      throw new InvalidRequestError(
        'The file list names one path twice, once as a symbolic link and once not.',
        { details: `path = ${JSON.stringify(sorted.path(position)).slice(0, 300)}` },
      );
    }
  }
  return count === sorted.count ? sorted : picked(sorted, kept.subarray(0, count));
}
