import type { FileList } from '../file-lists/file-list.js';
import type { StoredFileList } from '../file-lists/stored-format.js';

/** An entry of {@link FileListStore.entries}. */
export interface StoredEntry {
  readonly key: string;
  /** Milliseconds since the epoch when it was stored. */
  readonly storedAt: number;
}

/**
 * Stores the file lists of transfers whose Globus task is not recorded yet. SciCat can't: its jobs
 * are text-indexed and limited to 16 MB.
 */
export interface FileListStore {
  /**
   * Stores a list durably.
   *
   * @throws SpoolUnavailableError when it can't, for example on a full disk; leaves nothing behind
   */
  put(key: string, files: FileList): Promise<void>;

  /**
   * Opens a list.
   *
   * @returns undefined when there is none or it is damaged
   * @throws SpoolUnavailableError when it can't be read at present
   */
  open(key: string): Promise<StoredFileList | undefined>;

  /** Removes a list; succeeds if there is none. */
  remove(key: string): Promise<void>;

  /** All stored lists. */
  entries(): Promise<readonly StoredEntry[]>;
}

/** Injection token of {@link FileListStore}. */
export const FILE_LIST_STORE = Symbol('FileListStore');
