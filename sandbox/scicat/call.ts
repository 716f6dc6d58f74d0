import type { EmulatedRequest } from '../http/emulator.js';
import type { Caller, Identification } from './accounts.js';
import { isRecord } from './filter.js';
import { badRequest, forbidden, Refusal } from './responses.js';

export interface Call {
  readonly request: EmulatedRequest;
  readonly who: Identification;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** API versions of routes that exist in both. */
export type ApiVersion = 'v3' | 'v4';

/**
 * The guard in front of jobs and of most dataset routes.
 *
 * Surprise: an invalid token is ignored, and the answer without a token is 403, not 401.
 */
export function requireCaller(who: Identification): Caller {
  if (who.type !== 'user') throw new Refusal(forbidden());
  return who;
}

/**
 * Parses the body as Express does: other content types than JSON and forms give an empty body.
 */
export function parseBody(request: EmulatedRequest): Readonly<Record<string, unknown>> {
  const type = request.headers['content-type'] ?? '';
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) {
    return Object.fromEntries(new URLSearchParams(request.body));
  }
  if (!/\bjson\b/i.test(type) || request.body === '') return {};
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch (error) {
    throw new Refusal(badRequest((error as Error).message));
  }
  return isRecord(body) ? body : {};
}
