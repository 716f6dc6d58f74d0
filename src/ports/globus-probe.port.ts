/** What Globus says of a collection. What it does not say is undefined. */
export interface CollectionFacts {
  readonly displayName: string;
  /** Globus's word, e.g. `GCSv5_mapped_collection`. */
  readonly entityType: string | undefined;
  readonly highAssurance: boolean | undefined;
  /** Whether Globus Connect Personal runs; undefined for other kinds. */
  readonly connected: boolean | undefined;
  readonly paused: boolean | undefined;
}

/** Whether a token was given for some scopes. */
export type TokenReading =
  | { readonly kind: 'given' }
  /** Globus Auth does not know one of the scopes (for this account). */
  | { readonly kind: 'scope-refused'; readonly mark: string };

/** A path in a collection, and the scopes with which it is reached. */
export interface CollectionPlace {
  readonly collection: string;
  readonly scopes: readonly string[];
  /** Absolute. */
  readonly path: string;
}

/** How a deletion stands. */
export type DeletionReading = 'under-way' | 'done' | 'failed';

/**
 * Questions to Globus, by the service's own client. All of them throw an `UpstreamError`, with
 * Globus's code and request id if it gave them, and the signal's reason.
 */
export interface GlobusProbe {
  /**
   * Asks for a token for Globus Transfer with these scopes too. At Globus this counts as consent to
   * them, as each of the service's own token requests does.
   *
   * @throws ServiceAccountError when Globus refuses the client itself
   */
  requestToken(scopes: readonly string[], signal: AbortSignal): Promise<TokenReading>;
  /**
   * Has Globus Transfer list a task of our own, which shows that it accepts our token.
   *
   * @returns how far its clock is ahead of this machine's, in milliseconds; undefined if it hides it
   */
  reachTransfer(signal: AbortSignal): Promise<number | undefined>;
  collection(id: string, signal: AbortSignal): Promise<CollectionFacts>;
  /** Lists a folder, and gives up what it lists. */
  list(place: CollectionPlace, signal: AbortSignal): Promise<void>;
  makeFolder(place: CollectionPlace, signal: AbortSignal): Promise<void>;
  /**
   * Has Globus delete a folder, if it is there, by a task of its own.
   *
   * @returns the task's id
   */
  deleteFolder(place: CollectionPlace, signal: AbortSignal): Promise<string>;
  deletion(taskId: string, signal: AbortSignal): Promise<DeletionReading>;
}
