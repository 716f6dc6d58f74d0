import type { Dataset, Datasets } from '../ports/datasets.port.js';
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

/** Longer than any PID of SciCat; bounds the request's log line. */
const LONGEST_LOGGED_PID = 200;

const contexts = new WeakMap<object, RequestContext>();

/** The context of a request. Not a field of it, so that logging a request never logs a token. */
export function contextOf(request: object): RequestContext {
  const context = contexts.get(request) ?? { facts: {} };
  contexts.set(request, context);
  return context;
}

/** Has the request's log line name the dataset. */
export function logDataset({ facts }: RequestContext, pid: string): void {
  facts.datasetPid = pid.slice(0, LONGEST_LOGGED_PID);
}

/** Starts reading the dataset of a request with the user's own token, unless that has begun. */
export function startReading(
  context: RequestContext,
  datasets: Pick<Datasets, 'readAs'>,
  token: string,
  pid: string,
): Promise<Dataset> {
  if (context.dataset === undefined) {
    context.dataset = datasets.readAs(token, pid);
    // If the request is refused first, this is never awaited, and must not count as unhandled.
    context.dataset.catch(() => undefined);
  }
  return context.dataset;
}
