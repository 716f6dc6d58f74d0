import type { TroubleCode } from './event-codes.js';

/** An entry of a folder; symbolic links are not followed. */
export interface FileEntry {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** Octal permission bits, e.g. `0644`. */
  readonly permissions: string;
}

/** A failed file operation, with Globus's code for it. */
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
 * The file operations that copying needs, all small and synchronous. Paths are absolute paths of the
 * machine.
 *
 * Every method throws {@link FileTrouble} unless it says otherwise.
 */
export interface FileSystem {
  /** @returns `undefined` if nothing exists there */
  entry(path: string): FileEntry | undefined;
  /** Resolves all symbolic links; `undefined` if the target is missing. */
  realPath(path: string): string | undefined;
  /** Names in a directory, sorted. */
  list(path: string): readonly string[];
  linkTarget(path: string): string;
  /** Up to `length` bytes from `offset`; fewer only at the end of the file. */
  read(path: string, offset: number, length: number): Uint8Array;
  /** Creates an empty file, or truncates an existing one. */
  create(path: string): void;
  /** Writes into an existing file. */
  write(path: string, offset: number, bytes: Uint8Array): void;
  setModifiedAt(path: string, modifiedAt: number): void;
  /** Creates a directory and its missing parents. */
  makeDirectory(path: string): void;
  rename(from: string, to: string): void;
  /** Throws unless it is an empty directory. */
  removeEmptyDirectory(path: string): void;
  /** Creates a symbolic link, replacing a file or link. */
  makeLink(path: string, target: string): void;
}
