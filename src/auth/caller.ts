import type { Identity } from '../ports/identities.port.js';

/** An authenticated user and the HTTP request they made. */
export interface Requester {
  readonly identity: Identity;
  readonly requestId: string;
}

/** A {@link Requester} with their token. */
export interface Caller extends Requester {
  /** For calls to SciCat on their behalf only. Never log it. */
  readonly token: string;
}
