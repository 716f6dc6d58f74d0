import {
  ServiceAccountError,
  UpstreamError,
  type UpstreamErrorOptions,
  UpstreamMalformedError,
  UpstreamRejectedError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import type { HttpResponse } from '../ports/http-transport.port.js';
import { field, stringsOf } from '../domain/untyped.js';

/**
 * SciCat rejected a call but may have carried it out: it answers the creation and update of a job
 * with 400 *after* storing it when one of the job type's actions fails. Check before believing it.
 */
export class ScicatDoubtfulRefusalError extends UpstreamError {
  readonly code = 'UPSTREAM_REJECTED';
  readonly outcomeUnclear = true;
}

/** The meaning of statuses that differ between SciCat's routes. */
export interface FailureReading {
  /**
   * What a 400 means.
   *
   * - `refused`: the call was not and will not be carried out.
   * - `possibly-stored`: see {@link ScicatDoubtfulRefusalError}.
   * - `unclear`: anything. Every failure of a job list is a 400, including that of the database.
   *
   * @default 'refused'
   */
  readonly badRequest?: 'refused' | 'possibly-stored' | 'unclear';
  /**
   * What a 401 or 403 means once an expired token is ruled out.
   *
   * - `own-account`: the account lacks a permission that it needs for every such call.
   * - `refused`: SciCat refuses the call for this dataset or user.
   *
   * @default 'refused'
   */
  readonly forbidden?: 'own-account' | 'refused';
}

/** The error for an unexpected response. `operation` is that of the request. */
export function failureOf(
  response: HttpResponse,
  operation: string,
  { badRequest, forbidden }: FailureReading = {},
): UpstreamError {
  const { status } = response;
  if (status === 429) return unavailable(response, operation, false);
  if (status >= 500 || status === 408) return unavailable(response, operation, true);
  if ((status === 401 || status === 403) && forbidden === 'own-account') {
    return missingPermission(response, operation);
  }
  if (status === 400 && badRequest === 'unclear') return unavailable(response, operation, true);
  if (status === 400 && badRequest === 'possibly-stored') {
    return ORDINARY_ACCOUNT.test(upstreamMessageOf(response.body) ?? '')
      ? missingPermission(response, operation)
      : rejected(ScicatDoubtfulRefusalError, response, operation);
  }
  if (status === 404 && !isNotThere(response)) return unavailable(response, operation, true);
  return status >= 400
    ? rejected(UpstreamRejectedError, response, operation)
    : malformed(response, operation);
}

/** The error for a response without the expected content, whatever its status. */
export function malformed(response: HttpResponse, operation: string): UpstreamMalformedError {
  return new UpstreamMalformedError(
    'SciCat',
    `SciCat sent a response that this service can't read (${operation}, status ${response.status}). Please try again later; if the problem persists, tell the operator of this service.`,
    factsOf(response),
  );
}

/** SciCat's error message on one line, truncated. SciCat sends an object, a string, or nothing. */
export function upstreamMessageOf(body: unknown): string | undefined {
  const message = typeof body === 'string' ? body : field(body, 'message');
  const joined = stringsOf(Array.isArray(message) ? message : [message])
    .join('; ')
    .replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ')
    .trim();
  if (joined === '') return undefined;
  return joined.length <= MAX_MESSAGE ? joined : `${joined.slice(0, MAX_MESSAGE - 1)}…`;
}

/**
 * Whether a 404 is about the requested item. Those for an unknown route ("Cannot GET /…") and from
 * a proxy in front of SciCat are not.
 */
export function isNotThere(response: HttpResponse): boolean {
  if (response.status !== 404) return false;
  const message = field(response.body, 'message');
  return typeof message === 'string' && !message.startsWith('Cannot ');
}

/** What an error keeps of SciCat's response. */
export function factsOf({ status, body }: HttpResponse): UpstreamErrorOptions {
  return { status, upstreamMessage: upstreamMessageOf(body) };
}

const MAX_MESSAGE = 500;

/** SciCat's first objection, before any other check, to an account that may only create its own jobs. */
const ORDINARY_ACCOUNT =
  /^Invalid new job\. (?:Owner group should be specified|User owning the job should match|User needs to belong to job owner group)/;

function unavailable(
  response: HttpResponse,
  operation: string,
  outcomeUnclear: boolean,
): UpstreamUnavailableError {
  const retryAfter = Number(response.headers['retry-after']);
  return new UpstreamUnavailableError(
    'SciCat',
    `SciCat is temporarily unavailable (${operation}, status ${response.status}). Please try again in a few minutes.`,
    {
      ...factsOf(response),
      outcomeUnclear,
      retryAfterSeconds: retryAfter > 0 ? Math.ceil(retryAfter) : undefined,
    },
  );
}

function missingPermission(response: HttpResponse, operation: string): ServiceAccountError {
  return new ServiceAccountError(
    'SciCat',
    `This service's own SciCat account lacks a permission that it needs (${operation}, status ${response.status}). The operator of this service must have it granted; there is nothing wrong with your request.`,
    factsOf(response),
  );
}

function rejected(
  ErrorClass: typeof UpstreamRejectedError | typeof ScicatDoubtfulRefusalError,
  response: HttpResponse,
  operation: string,
): UpstreamError {
  return new ErrorClass(
    'SciCat',
    `SciCat rejected a request from this service (${operation}, status ${response.status}). The operator of this service can find SciCat's reason in the log.`,
    factsOf(response),
  );
}
