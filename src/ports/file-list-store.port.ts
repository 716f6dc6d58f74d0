import type { FileList } from '../file-lists/file-list.js';
import type { StoredFileList } from '../file-lists/stored-format.js';

/** An entry of {@link FileListStore.entries}. */
export interface StoredEntry {
  readonly key: string;
  /** Milliseconds since the epoch when it was stored. */
  readonly storedAt: number;
  /**
   * A job in SciCat is known to name it: its caller may have been told that it is carried out. Also
   * true if that is unknown.
   */
  readonly named: boolean;
}

/** Why a list was not stored: no space for more lists, none for more of this user, or the disk. */
export type StoreRefusal = 'quota' | 'user-quota' | 'disk';

/** How full the store is. */
export interface StoreUsage {
  /** Disk space that the lists take. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Lists refused since the start. */
  readonly refused: Readonly<Record<StoreRefusal, number>>;
  /** Why no lists can be stored at present; undefined once one was stored or removed. */
  readonly trouble: string | undefined;
}

/**
 * Stores the file lists of transfers whose Globus task is not recorded yet. SciCat can't: its jobs
 * are text-indexed and limited to 16 MB.
 */
export interface FileListStore {
  /**
   * Stores a list durably.
   *
   * @param owner name of the user who requested it
   * @throws SpoolUnavailableError when it can't, for example on a full disk; leaves nothing behind
   * @throws ListQuotaError when the lists of this user take too much space
   * @throws InvalidRequestError when the list alone does
   */
  put(key: string, files: FileList, owner: string): Promise<void>;

  /** Notes that a job in SciCat names this list; see {@link StoredEntry.named}. */
  markNamed(key: string): Promise<void>;

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

  usage(): StoreUsage;
}

/** Injection token of {@link FileListStore}. */
export const FILE_LIST_STORE = Symbol('FileListStore');
