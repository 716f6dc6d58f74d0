/** What a request turned out to be about: stands in its log line. */
export interface RequestFacts {
  readonly username?: string;
  readonly datasetPid?: string;
  readonly jobId?: string;
}

const facts = new WeakMap<object, RequestFacts>();

/** Notes something about a request for its log line; what was noted before stays. */
export function noteForLog(request: object, more: RequestFacts): void {
  facts.set(request, { ...facts.get(request), ...more });
}

/** All that was noted about a request. */
export function factsOf(request: object): RequestFacts {
  return facts.get(request) ?? {};
}
