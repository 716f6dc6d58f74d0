/** Who holds the lock of a data folder. */
export type LockReading =
  | { readonly kind: 'free' }
  /** By a process that is gone; the next start takes it over. */
  | { readonly kind: 'left-behind' }
  /** `holder` says who: process and host. */
  | { readonly kind: 'held'; readonly holder: string };

/** Whether the user that asks may use a folder; a file error's code says why not. */
export type FolderReading =
  | { readonly kind: 'usable' }
  /** Not there, but it can be made below `parent`. */
  | { readonly kind: 'missing'; readonly parent: string }
  /** `path` is what stands in the way. */
  | { readonly kind: 'unusable'; readonly path: string; readonly code: string };

/** Room on the disk. */
export interface SpaceReading {
  readonly freeBytes: number;
  /** Files that can still be made; undefined where the file system has no limit of its own. */
  readonly freeFiles: number | undefined;
}

/** Questions about the data folder of this machine. Nothing but {@link tryToWrite} changes it. */
export interface DataFolderProbe {
  folder(): Promise<FolderReading>;
  lock(): Promise<LockReading>;
  /** Writes a small file and removes it. */
  tryToWrite(): Promise<FolderReading>;
  /** Of the folder, or of where it would be made. @throws as `node:fs` does */
  space(): Promise<SpaceReading>;
  /** A sentence when the folder is lost together with the container. */
  volatility(): string | undefined;
}
