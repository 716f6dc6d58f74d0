import type { Identity } from '../ports/identities.port.js';

/** The user who asks for something, as SciCat knows them, and in which HTTP request. */
export interface Requester {
  readonly identity: Identity;
  /** For log lines. */
  readonly requestId: string;
}

/** The user who makes an HTTP request. */
export interface Caller extends Requester {
  /** Their SciCat token: for calls on their behalf, and for nothing else. Never to be logged. */
  readonly token: string;
}
