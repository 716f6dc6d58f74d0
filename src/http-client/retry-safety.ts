import type { HttpResponse, TransportError } from '../ports/http-transport.port.js';

/**
 * Whether a call may be retried.
 *
 * - `safe`: it changes nothing.
 * - `idempotent`: sending it again has no further effect.
 * - `once`: it must not be carried out twice, so it is retried only if it certainly was not carried
 *   out; after any other failure its caller checks first. It is sent over a fresh connection
 *   (`HttpRequest.freshConnection`), which the server is least likely to drop.
 */
export type RetrySafety = 'safe' | 'idempotent' | 'once';

/** The result of one attempt. */
export type AttemptResult =
  | { readonly kind: 'answer'; readonly response: HttpResponse }
  | { readonly kind: 'failure'; readonly error: TransportError };

const TOO_MANY_REQUESTS = 429;
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** Whether the general rules allow a retry after this result. */
export function shouldRetry(safety: RetrySafety, result: AttemptResult): boolean {
  if (result.kind === 'failure') {
    const { failure } = result.error;
    // A response that is too large will be so again.
    if (failure === 'aborted' || failure === 'too-large') return false;
    return failure === 'not-sent' || safety !== 'once';
  }
  const { status } = result.response;
  return status === TOO_MANY_REQUESTS || (safety !== 'once' && TRANSIENT_STATUSES.has(status));
}

/** Whether the call may have been carried out even though the attempt failed. */
export function isUnclear(result: AttemptResult): boolean {
  return result.kind === 'answer'
    ? result.response.status >= 500
    : result.error.failure !== 'not-sent';
}

/**
 * The pause that a `Retry-After` header demands, in milliseconds.
 *
 * @param now wall clock in milliseconds since the epoch, for a header with a date
 */
export function retryAfterMs({ headers }: HttpResponse, now: number): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
