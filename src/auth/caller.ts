import type { Identity } from '../ports/identities.port.js';

/** Who asks for something, as SciCat knows them, and in which HTTP request. */
export interface Requester {
  readonly identity: Identity;
  /** For log lines. */
  readonly requestId: string;
}

/** Who makes a request. */
export interface Caller extends Requester {
  /** Their SciCat token: for calls in their name, and for nothing else. Never to be logged. */
  readonly token: string;
}

const CALLER = Symbol('caller');

/**
 * Notes on a request who makes it. Under a symbol that no loop over the request's fields finds, since
 * loggers print requests and a token must not be among what they print.
 */
export function rememberCaller(request: object, caller: Caller): void {
  Object.defineProperty(request, CALLER, { value: caller, enumerable: false });
}

/** Who makes this request. @returns undefined while nobody has asked SciCat */
export function callerOf(request: object): Caller | undefined {
  return (request as { readonly [CALLER]?: Caller })[CALLER];
}
