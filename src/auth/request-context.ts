import type { Dataset } from '../ports/datasets.port.js';
import type { Caller } from './caller.js';

/** What is known about an HTTP request while it is handled. */
export interface RequestContext {
  /** Undefined until the request has been authenticated. */
  caller?: Caller;
  /** The dataset of the request; may still be pending. */
  dataset?: Promise<Dataset>;
  /** Logged with the request, in addition to method, path and status. */
  readonly facts: { username?: string; datasetPid?: string; jobId?: string };
}

const contexts = new WeakMap<object, RequestContext>();

/** The context of a request. Not a field of it, so that logging a request never logs a token. */
export function contextOf(request: object): RequestContext {
  const context = contexts.get(request) ?? { facts: {} };
  contexts.set(request, context);
  return context;
}
