import type { LifecycleFound } from '../domain/dataset-lifecycle.js';

/** The properties of a dataset that a transfer needs. */
export interface Dataset {
  readonly pid: string;
  /** '' if the dataset has none. */
  readonly ownerGroup: string;
  /** Absolute path at the source facility, as entered by the dataset's owner. */
  readonly sourceFolder: string;
  /** Bytes; 0 when unknown. */
  readonly size: number;
  /** 0 when unknown. */
  readonly numberOfFiles: number;
  readonly lifecycle: LifecycleFound;
}

/** What SciCat shows of a dataset's file list. */
export type ShownFiles =
  | { readonly kind: 'listed'; readonly paths: readonly string[] }
  /** The dataset has files, but SciCat shows their list to none of the service's accounts. */
  | { readonly kind: 'hidden' }
  /** The dataset has no file list. */
  | { readonly kind: 'none' }
  | { readonly kind: 'no-dataset' };

/** SciCat's datasets. Every call may throw an `UpstreamError`. */
export interface Datasets {
  /**
   * Reads a dataset as this user.
   *
   * @throws InvalidRequestError when it does not exist or this user can't read it; one answer for
   *   both, so as not to reveal what exists
   * @throws UnauthenticatedError when SciCat does not accept the token (any more)
   */
  readAs(userToken: string, pid: string, signal?: AbortSignal): Promise<Dataset>;

  /**
   * Reads a dataset as the service.
   *
   * @returns undefined when the dataset is gone
   * @throws InvalidRequestError when a text of it is too long to be used
   */
  readAsService(pid: string, signal?: AbortSignal): Promise<Dataset | undefined>;

  /**
   * Marks the dataset as archivable. Call it only while the lifecycle is unchanged: after the archiver
   * has begun it would set `archivable` back to true.
   */
  markArchivable(pid: string, signal?: AbortSignal): Promise<void>;

  /**
   * Paths of all files that the dataset's OrigDatablocks name, read with each of the service's accounts
   * until one sees them: SciCat shows them to the dataset's groups and to administrators only.
   */
  files(pid: string, signal?: AbortSignal): Promise<ShownFiles>;
}

/** Injection token of {@link Datasets}. */
export const DATASETS = Symbol('Datasets');
