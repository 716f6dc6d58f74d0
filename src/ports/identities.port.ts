/** Who a SciCat token belongs to. */
export interface Identity {
  /** Never empty. */
  readonly username: string;
  /** As SciCat has it; undefined when it is no valid e-mail address. */
  readonly email: string | undefined;
  readonly accessGroups: readonly string[];
  /** The whole identity document as SciCat returned it: access rules look into it. */
  readonly document: unknown;
}

/** Who a token belongs to, by SciCat. */
export interface Identities {
  /**
   * @throws UnauthenticatedError when SciCat does not accept the token, or knows nobody by it
   * @throws UpstreamError when SciCat can't be asked
   */
  identify(userToken: string, signal?: AbortSignal): Promise<Identity>;
}

/** Injection token of {@link Identities}. */
export const IDENTITIES = Symbol('Identities');
