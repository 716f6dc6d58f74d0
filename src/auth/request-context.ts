import type { Dataset } from '../ports/datasets.port.js';
import type { Caller } from './caller.js';

/** What the log line of a request says beyond method, path and status. */
interface RequestFacts {
  username?: string;
  datasetPid?: string;
  jobId?: string;
}

/** What becomes known of an HTTP request while it is handled. */
export interface RequestContext {
  /** Undefined until the guard has let the request pass. */
  caller?: Caller;
  /** The dataset that the request is about; reading it may not have ended yet. */
  dataset?: Promise<Dataset>;
  readonly facts: RequestFacts;
}

const contexts = new WeakMap<object, RequestContext>();

/**
 * The context of a request. Not a field of the request, since loggers print requests and a token
 * must not be among what they print.
 */
export function contextOf(request: object): RequestContext {
  const known = contexts.get(request);
  if (known !== undefined) return known;
  const context: RequestContext = { facts: {} };
  contexts.set(request, context);
  return context;
}
