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
 * SciCat answered with a reason for a refusal, but may have carried the call out all the same
 * (surprise: creating and updating a job is answered with 400 *after* storing when one of the job
 * type's actions fails). Look before believing it; if there is nothing, SciCat meant it.
 */
export class ScicatDoubtfulRefusalError extends UpstreamError {
  readonly code = 'UPSTREAM_REJECTED';
  readonly outcomeUnclear = true;
}

/** How to read the statuses that mean something else on each of SciCat's routes. */
export interface FailureReading {
  /** Name of the call, as in `ScicatRequest.operation`. */
  readonly operation: string;
  /**
   * What a 400 says.
   *
   * - `refused`: it was not carried out, and won't be.
   * - `perhaps-stored`: see {@link ScicatDoubtfulRefusalError}.
   * - `trouble`: nothing certain (surprise: every failure of a job list is a 400, that of the
   *   database too).
   */
  readonly badRequest: 'refused' | 'perhaps-stored' | 'trouble';
  /**
   * What a 401 or 403 says, an expired token being ruled out already.
   *
   * - `own-account`: the account lacks a right that it needs for everything.
   * - `refused`: SciCat does not want this for this dataset.
   */
  readonly forbidden: 'own-account' | 'refused';
}

/** The error that an answer other than the expected one is. */
export function failureOf(response: HttpResponse, reading: FailureReading): UpstreamError {
  const { status } = response;
  const { operation } = reading;
  if (status === 429) return unavailable(response, operation, false);
  if (status >= 500 || status === 408) return unavailable(response, operation, true);
  if (status === 401 || status === 403) {
    return reading.forbidden === 'own-account'
      ? withoutRight(response, operation)
      : rejected(response, operation);
  }
  if (status === 400) return badRequest(response, reading);
  if (status === 404 && !isNotThere(response)) return unavailable(response, operation, true);
  return status >= 400 ? rejected(response, operation) : malformed(response, operation);
}

/** An answer that is not what the call must bring, whatever its status says. */
export function malformed(response: HttpResponse, operation: string): UpstreamMalformedError {
  return new UpstreamMalformedError(
    'SciCat',
    `SciCat gave an answer that this service can't read (${operation}, status ${response.status}). Please try again later, and tell the operator of this service if it stays so.`,
    factsOf(response),
  );
}

/** Temporary trouble at SciCat. */
function unavailable(
  response: HttpResponse,
  operation: string,
  outcomeUnclear: boolean,
): UpstreamUnavailableError {
  const retryAfter = Number(response.headers['retry-after']);
  return new UpstreamUnavailableError(
    'SciCat',
    `SciCat can't answer at present (${operation}, status ${response.status}). Please try again in a few minutes.`,
    {
      ...factsOf(response),
      outcomeUnclear,
      ...(retryAfter > 0 ? { retryAfterSeconds: Math.ceil(retryAfter) } : {}),
    },
  );
}

/**
 * SciCat's own words, cut to a length that a log line bears. It has many shapes of errors: an
 * object with a string or a list of strings as `message`, a bare string, and nothing at all.
 */
export function upstreamMessageOf(body: unknown): string | undefined {
  const message = typeof body === 'string' ? body : field(body, 'message');
  const joined = stringsOf(Array.isArray(message) ? message : [message])
    .join('; ')
    .replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ')
    .trim();
  if (joined === '') return undefined;
  return joined.length <= LONGEST_MESSAGE ? joined : `${joined.slice(0, LONGEST_MESSAGE - 1)}…`;
}

/**
 * Whether a 404 is SciCat's word on the thing asked for. An unknown route ("Cannot GET /…") and the
 * page of a proxy in front of SciCat say nothing about it.
 */
export function isNotThere(response: HttpResponse): boolean {
  if (response.status !== 404) return false;
  const message = field(response.body, 'message');
  return typeof message === 'string' && !message.startsWith('Cannot ');
}

const LONGEST_MESSAGE = 500;

/** What SciCat says, before any other check, to an account that may create jobs for itself only. */
const ORDINARY_ACCOUNT =
  /^Invalid new job\. (?:Owner group should be specified|User owning the job should match|User needs to belong to job owner group)/;

function withoutRight(response: HttpResponse, operation: string): ServiceAccountError {
  return new ServiceAccountError(
    'SciCat',
    `SciCat does not give this service's own account the right that it needs (${operation}, status ${response.status}). The operator of this service must have it granted; nothing is wrong with the request.`,
    factsOf(response),
  );
}

function badRequest(response: HttpResponse, reading: FailureReading): UpstreamError {
  switch (reading.badRequest) {
    case 'refused':
      return rejected(response, reading.operation);
    case 'perhaps-stored':
      if (ORDINARY_ACCOUNT.test(upstreamMessageOf(response.body) ?? '')) {
        return withoutRight(response, reading.operation);
      }
      return new ScicatDoubtfulRefusalError(
        'SciCat',
        refusal(reading.operation, response.status),
        factsOf(response),
      );
    case 'trouble':
      return unavailable(response, reading.operation, true);
  }
}

function rejected(response: HttpResponse, operation: string): UpstreamRejectedError {
  return new UpstreamRejectedError(
    'SciCat',
    refusal(operation, response.status),
    factsOf(response),
  );
}

function refusal(operation: string, status: number): string {
  return `SciCat refused a request of this service (${operation}, status ${status}). The operator of this service finds SciCat's reason in the log.`;
}

function factsOf(response: HttpResponse): UpstreamErrorOptions {
  const upstreamMessage = upstreamMessageOf(response.body);
  return {
    status: response.status,
    ...(upstreamMessage === undefined ? {} : { upstreamMessage }),
  };
}
