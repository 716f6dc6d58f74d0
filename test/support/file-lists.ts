import { type FileEntry, type FileList, FileListBuilder } from '../../src/file-lists/file-list.js';

/** A list of these entries. */
export function fileListOf(files: readonly FileEntry[]): FileList {
  const builder = new FileListBuilder();
  for (const { path, isSymlink } of files) builder.add(path, isSymlink);
  return builder.build();
}

/** The entries of a list. */
export function filesOf(list: FileList): readonly FileEntry[] {
  return Array.from({ length: list.count }, (_none, position) => ({
    path: list.path(position),
    isSymlink: list.isSymlink(position),
  }));
}
