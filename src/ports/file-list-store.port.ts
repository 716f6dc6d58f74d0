import type { FileList } from '../file-lists/file-list.js';

/** A file list in the spool. */
export interface StoredEntry {
  readonly key: string;
  /** Milliseconds since the epoch when it was put there. */
  readonly storedAt: number;
}

/**
 * A file list as the spool keeps it: found whole and undamaged, and given in pieces, so that a long
 * one need not be in memory.
 */
export interface StoredFileList {
  readonly count: number;
  /** How many entries are symlinks. */
  readonly symlinks: number;
  /** UTF-8 bytes of all paths as `JSON.stringify` writes them, without the quotes. */
  readonly pathBytes: number;
  /** All that {@link jsonLines} gives, where they are few and at hand. */
  readonly lines?: Buffer;
  /**
   * The entries in order, some thousand at a time, as JSON lines in UTF-8: `"path"` for a file or
   * folder, `["path"]` for a symlink, each followed by a line feed. As bytes, because with 400,000 of
   * them it matters not to take them apart and put them together again; for the same reason a piece
   * is good only until the next one is asked for. May be read more than once.
   *
   * @throws SpoolUnavailableError when the disk fails, or the list was removed meanwhile
   */
  jsonLines(): AsyncIterable<Buffer>;
}

/**
 * Keeps the file lists of transfers whose Globus task is not recorded yet. SciCat can't: its jobs
 * are text-indexed and limited to 16 MB.
 */
export interface FileListStore {
  /**
   * Keeps a list, durably before it returns.
   *
   * @throws SpoolUnavailableError when it can't (disk full); nothing is left behind then
   */
  put(key: string, files: FileList): Promise<void>;

  /**
   * Finds a list.
   *
   * @returns undefined when it is not there or damaged
   * @throws SpoolUnavailableError when it can't be read at present
   */
  open(key: string): Promise<StoredFileList | undefined>;

  /** Forgets a list; one that is not there is no error. */
  remove(key: string): Promise<void>;

  /** All lists that are kept. */
  entries(): Promise<readonly StoredEntry[]>;
}

/** Injection token of {@link FileListStore}. */
export const FILE_LIST_STORE = Symbol('Spool');
