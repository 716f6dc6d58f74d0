import type { HttpResponse, TransportError } from '../ports/http-transport.port.js';

/**
 * Whether a call may be retried.
 *
 * - `safe`: it changes nothing.
 * - `idempotent`: it changes the same thing once, however often it is sent.
 * - `once`: it must not be carried out twice. It is retried only where it certainly was not carried
 *   out; after anything else its caller checks before retrying. It is sent over a fresh connection
 *   (`HttpRequest.freshConnection`), which the server is least likely to drop.
 */
export type RetrySafety = 'safe' | 'idempotent' | 'once';

/** What came of one attempt. */
export type AttemptResult =
  | { readonly kind: 'answer'; readonly response: HttpResponse }
  | { readonly kind: 'failure'; readonly error: TransportError };

/** One attempt of a call, as the checks see it. */
export interface Attempt {
  readonly safety: RetrySafety;
  readonly result: AttemptResult;
}

/** One small opinion on whether to retry; the first check that has one decides. */
export type RetryCheck = (attempt: Attempt) => 'retry' | 'stop' | 'no opinion';

const TOO_MANY_REQUESTS = 429;
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/**
 * Whether to retry, as far as the attempt's result tells.
 *
 * @param checks asked before the general rules, in this order
 */
export function shouldRetry(checks: readonly RetryCheck[], attempt: Attempt): boolean {
  for (const check of checks) {
    const opinion = check(attempt);
    if (opinion !== 'no opinion') return opinion === 'retry';
  }
  const { safety, result } = attempt;
  if (result.kind === 'failure') {
    const { failure } = result.error;
    return failure === 'not-sent' || (failure !== 'aborted' && safety !== 'once');
  }
  const { status } = result.response;
  return status === TOO_MANY_REQUESTS || (safety !== 'once' && TRANSIENT_STATUSES.has(status));
}

/** Whether the attempt may have been carried out although it did not say so. */
export function isUnclear(result: AttemptResult): boolean {
  return result.kind === 'answer'
    ? result.response.status >= 500
    : result.error.failure !== 'not-sent';
}

/**
 * The pause that the upstream asks for, in milliseconds; undefined when it asks for none.
 *
 * @param now wall clock in milliseconds since the epoch: the header may hold a date
 */
export function retryAfterMs(result: AttemptResult, now: number): number | undefined {
  if (result.kind === 'failure') return undefined;
  const value = result.response.headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
