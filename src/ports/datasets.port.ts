import type { LifecycleFound } from '../domain/transfer.js';

/** What a transfer needs to know of a dataset. */
export interface Dataset {
  readonly pid: string;
  readonly ownerGroup: string;
  /** Absolute path at the source facility, as its owner entered it. */
  readonly sourceFolder: string;
  /** Bytes; 0 when unknown. */
  readonly size: number;
  /** 0 when unknown. */
  readonly numberOfFiles: number;
}

/** SciCat's datasets. Every call may throw an `UpstreamError`. */
export interface Datasets {
  /**
   * The dataset, if this user may read it.
   *
   * @throws InvalidRequestError when there is no such dataset or this token can't read it (one
   *   answer for both, so that nobody learns what exists)
   */
  readAs(userToken: string, pid: string, signal?: AbortSignal): Promise<Dataset>;

  /** The lifecycle, by the service's own account. @returns undefined when the dataset is gone */
  lifecycle(pid: string, signal?: AbortSignal): Promise<LifecycleFound | undefined>;

  /**
   * Marks the dataset as archivable. To be called only while the lifecycle is as it was found:
   * repeating it after the archiver has begun would set `archivable` back to true.
   */
  markArchivable(pid: string, signal?: AbortSignal): Promise<void>;

  /** Paths of all files that the dataset's OrigDatablocks name. */
  filePaths(pid: string, signal?: AbortSignal): Promise<readonly string[]>;
}

/** Injection token of {@link Datasets}. */
export const DATASETS = Symbol('Datasets');
