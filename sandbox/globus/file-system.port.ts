import type { TroubleCode } from './event-codes.js';

/** What stands at a path; a symbolic link is not followed. */
export interface FileEntry {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** Octal permission bits, e.g. `0644`. */
  readonly permissions: string;
}

/** A file operation that failed, already in Globus's words. */
export class FileTrouble extends Error {
  override readonly name = 'FileTrouble';

  constructor(
    readonly code: TroubleCode,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The few file operations that copying needs, all of them small and synchronous, so that the state
 * machine stays free of files and of waiting. Paths are absolute paths of the machine.
 *
 * Every method throws {@link FileTrouble} unless it says otherwise.
 */
export interface FileSystem {
  /** @returns `undefined` when nothing is there. */
  entry(path: string): FileEntry | undefined;
  /** The path with all symbolic links resolved; `undefined` when it leads nowhere. */
  realPath(path: string): string | undefined;
  /** Names in a directory, sorted. */
  list(path: string): readonly string[];
  linkTarget(path: string): string;
  /** Up to `length` bytes from `offset`; fewer only at the end of the file. */
  read(path: string, offset: number, length: number): Uint8Array;
  /** Makes an empty file, or empties it. */
  create(path: string): void;
  /** Writes into an existing file. */
  write(path: string, offset: number, bytes: Uint8Array): void;
  setModifiedAt(path: string, modifiedAt: number): void;
  /** Makes a directory and its missing parents. */
  makeDirectory(path: string): void;
  /** Removes a directory that is empty; anything else is a trouble. */
  removeEmptyDirectory(path: string): void;
  /** Makes a symbolic link, in place of a file or link of that name. */
  makeLink(path: string, target: string): void;
}
