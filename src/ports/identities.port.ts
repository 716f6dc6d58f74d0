/** The owner of a SciCat token. */
export interface Identity {
  /** Never empty. */
  readonly username: string;
  /** From SciCat; undefined when it is not a valid e-mail address. */
  readonly email: string | undefined;
  readonly accessGroups: readonly string[];
  /** The whole identity document from SciCat, for access rules. */
  readonly document: unknown;
}

/** Finds the owners of tokens through SciCat. */
export interface Identities {
  /**
   * @throws UnauthenticatedError when SciCat does not accept the token or knows no user for it
   * @throws UpstreamError when SciCat can't be queried
   */
  identify(userToken: string, signal?: AbortSignal): Promise<Identity>;
}

/** Injection token of {@link Identities}. */
export const IDENTITIES = Symbol('Identities');
