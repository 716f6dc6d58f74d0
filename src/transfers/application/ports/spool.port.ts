import type { FileEntry } from '../../domain/file-list.js';

/** A file list in the spool. */
export interface SpoolEntry {
  readonly key: string;
  /** Milliseconds since the epoch when it was put there. */
  readonly storedAt: number;
}

/**
 * Keeps the file lists of transfers whose Globus task is not recorded yet. SciCat can't: its jobs
 * are text-indexed and limited to 16 MB.
 */
export interface Spool {
  /**
   * Keeps a list, durably before it returns.
   *
   * @throws SpoolUnavailableError when it can't (disk full); nothing is left behind then
   */
  put(key: string, files: readonly FileEntry[]): Promise<void>;

  /** The list. @returns undefined when it is not there or damaged */
  get(key: string): Promise<readonly FileEntry[] | undefined>;

  /** Forgets a list; one that is not there is no error. */
  remove(key: string): Promise<void>;

  /** All lists that are kept. */
  entries(): Promise<readonly SpoolEntry[]>;
}

/** Injection token of {@link Spool}. */
export const SPOOL = Symbol('Spool');
