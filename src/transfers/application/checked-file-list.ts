import { InvalidRequestError } from '../../errors/request.errors.js';
import { refuseFilePath } from '../../facilities/file-paths.js';
import {
  digestFileList,
  ENTRIES_PER_STEP,
  type FileEntry,
  type FileListDigest,
  sortedFileList,
  type Steps,
} from '../domain/file-list.js';

/** A file list that may be copied. */
export interface CheckedFileList {
  /** Sorted by path, each path once. */
  readonly files: readonly FileEntry[];
  readonly digest: FileListDigest;
}

/**
 * Checks a request's file list and puts it in order.
 *
 * @param atRoot the dataset's folder is the top of one of the collections
 * @throws InvalidRequestError naming the first entry that can't be used
 */
export function* checkedFileList(
  files: readonly FileEntry[],
  atRoot: boolean,
): Steps<CheckedFileList> {
  if (files.length === 0) {
    throw new InvalidRequestError(
      'The file list is empty. Leave it out to transfer the whole dataset folder.',
    );
  }
  for (let start = 0; start < files.length; start += ENTRIES_PER_STEP) {
    if (start > 0) yield;
    for (let position = start; position < start + ENTRIES_PER_STEP; position += 1) {
      const file = files[position];
      if (file !== undefined) refuseBadPath(file.path, position, atRoot);
    }
  }
  const once = withoutRepetitions(yield* sortedFileList(files));
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

function withoutRepetitions(sorted: readonly FileEntry[]): readonly FileEntry[] {
  const repeats = (file: FileEntry, position: number): boolean => {
    const before = sorted[position - 1];
    if (before?.path !== file.path) return false;
    if (before.isSymlink === file.isSymlink) return true;
    throw new InvalidRequestError(
      'The file list names one path twice, once as a symbolic link and once not.',
      { details: `path = ${JSON.stringify(file.path).slice(0, 300)}` },
    );
  };
  return sorted.some(repeats)
    ? sorted.filter((file, position) => !repeats(file, position))
    : sorted;
}
