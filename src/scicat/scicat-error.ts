import { UnauthenticatedError } from '../errors/request.errors.js';
import {
  DatasetGoneError,
  ServiceAccountError,
  UpstreamError,
  type UpstreamErrorOptions,
  UpstreamMalformedError,
  UpstreamRejectedError,
  UpstreamSetupError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import type { HttpResponse } from '../ports/http-transport.port.js';
import { field, stringsOf } from '../domain/untyped.js';

/*
 * What SciCat's answers mean, in all of its versions. From 5.2 on, the checks of a new job answer 422
 * instead of 400 or 403, and an expired token is a 401 on all routes; before, it was ignored, which
 * mostly gave a 403.
 */

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
   * What a 400 or 422 means.
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
  /**
   * What a 404 means in words that may be SciCat's.
   *
   * - `refused`: there is no such item.
   * - `unclear`: anything, because {@link saysNoDataset} has ruled out SciCat's own.
   *
   * @default 'refused'
   */
  readonly notFound?: 'refused' | 'unclear';
}

/** The error for an unexpected response. `operation` is that of the request. */
export function failureOf(
  response: HttpResponse,
  operation: string,
  { badRequest, forbidden, notFound }: FailureReading = {},
): UpstreamError {
  const { status } = response;
  if (status === 429) return unavailable(response, operation, false);
  if (status >= 500 || status === 408) return unavailable(response, operation, true);
  if (saysSessionExpired(response)) return expiredAtOnce(response, operation);
  if (saysUnknownJobType(response)) return notSetUp(response, operation);
  if ((status === 401 || status === 403) && forbidden === 'own-account') {
    return missingPermission(response, operation);
  }
  if (isInvalid(response) && badRequest === 'unclear')
    return unavailable(response, operation, true);
  if (isInvalid(response) && badRequest === 'possibly-stored') {
    return ORDINARY_ACCOUNT.test(messageIn(response))
      ? missingPermission(response, operation)
      : rejected(ScicatDoubtfulRefusalError, response, operation);
  }
  if (status === 404 && (notFound === 'unclear' || !isNotThere(response))) {
    return unavailable(response, operation, true);
  }
  return status >= 400
    ? rejected(UpstreamRejectedError, response, operation)
    : malformed(response, operation);
}

/**
 * The error for a refusal of one of the service's transfer jobs, which differ only in their datasets.
 * So a refusal for any other reason applies to all of them.
 */
export function creationFailureOf(response: HttpResponse, operation: string): UpstreamError {
  const { status } = response;
  if (saysDatasetGone(response)) return datasetGone(response, operation);
  // The validation of the body, before anything is stored.
  if (isInvalid(response) && Array.isArray(field(response.body, 'message'))) {
    return notSetUp(response, operation);
  }
  const message = messageIn(response);
  if (status === 403 && message.includes(DENIED_BY_TYPE)) return notSetUp(response, operation);
  if (isInvalid(response) && REFUSED_BY_TYPE.test(message)) return notSetUp(response, operation);
  return failureOf(response, operation, {
    badRequest: 'possibly-stored',
    forbidden: 'own-account',
  });
}

/** Whether SciCat finds a request invalid. */
export function isInvalid({ status }: HttpResponse): boolean {
  return status === 400 || status === 422;
}

/** Whether SciCat refuses a new job only because of its `contactEmail`. Nothing was stored. */
export function saysInvalidEmail(response: HttpResponse): boolean {
  const message = field(response.body, 'message');
  const complaints = stringsOf(Array.isArray(message) ? message : [message]);
  return (
    isInvalid(response) &&
    complaints.length > 0 &&
    complaints.every((complaint) => complaint.startsWith('contactEmail '))
  );
}

/** Whether SciCat says that there is no job with the id in the path. */
export function saysUnknownJob(response: HttpResponse): boolean {
  if (!isInvalid(response) && response.status !== 404) return false;
  const message = messageIn(response);
  return message === 'Invalid job id.' || /^Job id \S+ doesn't exist\.?$/.test(message);
}

/** Whether SciCat's job configuration lacks the type of a job. */
export function saysUnknownJobType(response: HttpResponse): boolean {
  return isInvalid(response) && messageIn(response).startsWith('Invalid job type: ');
}

/** Whether SciCat says that the session of a token has expired. */
export function saysSessionExpired({ status, body }: HttpResponse): boolean {
  return (
    status === 401 &&
    ['message', 'error', 'code'].some((name) => field(body, name) === 'SESSION_EXPIRED')
  );
}

/** The error for a user's token that SciCat does not accept. */
export function tokenRefused(): UnauthenticatedError {
  return new UnauthenticatedError(
    'SciCat does not accept this token: it is invalid or has expired. Log in to SciCat again and use the new token.',
  );
}

/** The error for a response that {@link saysDatasetGone}. */
export function datasetGone(response: HttpResponse, operation: string): DatasetGoneError {
  return new DatasetGoneError(
    'SciCat',
    `The dataset does not exist in SciCat, or no longer does, so SciCat refuses to store a job for it (${operation}, status ${response.status}).`,
    factsOf(response),
  );
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

/** Whether SciCat itself says that it has no such dataset; a gateway's 404 says nothing about it. */
export function saysNoDataset(response: HttpResponse): boolean {
  return isNotThere(response) && /^dataset\b.* not found/i.test(messageIn(response));
}

/** What an error keeps of SciCat's response. */
export function factsOf({ status, body }: HttpResponse): UpstreamErrorOptions {
  return { status, upstreamMessage: upstreamMessageOf(body) };
}

const MAX_MESSAGE = 500;

/** By a `#dataset…` job type, for whose jobs the owner must have access to the dataset. */
const DENIED_BY_TYPE = 'cannot create job';

/** By a job type that asks something of the datasets that new transfers do not have. */
const REFUSED_BY_TYPE = /^Invalid request\. (?:Invalid value for|Requires) /;

function messageIn({ body }: HttpResponse): string {
  return upstreamMessageOf(body) ?? '';
}

/**
 * Whether SciCat refuses a job because its dataset does not exist: of a new job, all datasets are checked;
 * they are loaded before any job is created or changed.
 */
export function saysDatasetGone(response: HttpResponse): boolean {
  const message = messageIn(response);
  if (isInvalid(response)) return /^Datasets with pid .* do not exist\.?$/.test(message);
  return response.status === 404 && message.startsWith('Unable to get a dataset');
}

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

/** A token that SciCat has just issued: a matter of clocks or of its settings, not of permissions. */
function expiredAtOnce(response: HttpResponse, operation: string): UpstreamUnavailableError {
  return new UpstreamUnavailableError(
    'SciCat',
    `SciCat says that the session of this service's own account has expired, although it has just begun (${operation}). Please try again in a few minutes; if the problem persists, the operator of this service must have SciCat's clocks and the lifetime of its tokens checked.`,
    { ...factsOf(response), outcomeUnclear: false },
  );
}

function notSetUp(response: HttpResponse, operation: string): UpstreamSetupError {
  const problem = saysUnknownJobType(response)
    ? 'SciCat does not have the job type that this service needs'
    : 'SciCat is not set up to accept the jobs of this service';
  return new UpstreamSetupError(
    'SciCat',
    `${problem} (${operation}, status ${response.status}). The operator of this service must have the job types of config/scicat/job-types.yaml added to SciCat's job configuration; there is nothing wrong with your request.`,
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
