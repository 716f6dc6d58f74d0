import type { HttpResponse } from '../ports/http-transport.port.js';

/** A date in a header has whole seconds: on average it is half of one behind. */
const HALF_SECOND_MS = 500;

/**
 * How far a server's clock is ahead of this machine's, as its `Date` header shows it, to the second.
 *
 * @param sentAt this machine's wall clock when the request was sent, in milliseconds since the epoch
 * @param receivedAt the same when the answer was there
 * @returns milliseconds; undefined when the answer has no such header
 */
export function serverAheadMs(
  response: Pick<HttpResponse, 'headers'>,
  sentAt: number,
  receivedAt: number,
): number | undefined {
  const date = Date.parse(response.headers['date'] ?? '');
  return Number.isNaN(date) ? undefined : date + HALF_SECOND_MS - (sentAt + receivedAt) / 2;
}
