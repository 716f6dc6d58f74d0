import type { HttpResponse } from '../ports/http-transport.port.js';

/** Date headers are cut to whole seconds, so they are half a second behind on average. */
const HALF_SECOND_MS = 500;

/**
 * How far a server's clock is ahead of this machine's by its `Date` header, to the second.
 *
 * @param sentAt this machine's wall clock when the request was sent, in milliseconds since the epoch
 * @param receivedAt the same when the response arrived
 * @returns milliseconds; undefined without a valid header
 */
export function serverAheadMs(
  response: Pick<HttpResponse, 'headers'>,
  sentAt: number,
  receivedAt: number,
): number | undefined {
  const date = Date.parse(response.headers['date'] ?? '');
  return Number.isNaN(date) ? undefined : date + HALF_SECOND_MS - (sentAt + receivedAt) / 2;
}
