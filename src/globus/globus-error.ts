import {
  ServiceAccountError,
  type UpstreamError,
  type UpstreamErrorOptions,
  UpstreamMalformedError,
  UpstreamRejectedError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import { retryAfterMs } from '../http-client/retry-safety.js';
import type { HttpResponse } from '../ports/http-transport.port.js';
import type { SubmitOutcome } from '../ports/globus-transfers.port.js';
import { oneLine, readError, type WireError } from './globus.wire.js';

/** An error response of Globus. */
interface Refusal extends WireError {
  readonly status: number;
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * What the error response to a submission means. A reason to wait is the same at every attempt (no
 * status, no request id), because the job in SciCat is rewritten when it changes. 401 and
 * `ConsentRequired` get here only after a new token did not help.
 *
 * @param now wall clock in milliseconds since the epoch, for a `Retry-After` with a date
 */
export function outcomeOfRefusal(response: HttpResponse, now: number): SubmitOutcome {
  const refusal = refusalOf(response, now);
  const { status, code = '', message = '', retryAfterSeconds } = refusal;
  const busy = (reason: string): SubmitOutcome => ({ kind: 'busy', reason, retryAfterSeconds });
  if (code.includes('TooManyPendingJobs')) {
    return busy('Globus already has as many transfers from this service as it allows');
  }
  if (status === 429) return busy('Globus is limiting the rate of requests from this service');
  if (status === 503 && code.includes('ServiceUnavailable')) {
    return busy('Globus is down for maintenance');
  }
  // 408: the service stopped reading, or a proxy in front of it stopped waiting.
  if (status >= 500 || status === 408) {
    return { kind: 'unclear', reason: 'Globus reported an internal error' };
  }
  if (status === 401) {
    const reason = "Globus does not accept the token of the service's Globus client";
    return { kind: 'account-refused', reason };
  }
  if (status < 400) return UNCLEAR_ANSWER;
  if (/submission[\s_-]?id/i.test(`${code} ${message}`)) {
    return { kind: 'submission-id-refused', reason: 'Globus does not accept the submission id' };
  }
  if (status === 409) {
    const reason = 'an earlier Globus transfer of the same files has not ended yet';
    return { kind: 'conflict', reason };
  }
  return { kind: 'refused', reason: explanation(refusal) };
}

/** The outcome of a submission whose response is neither an error nor a task. */
export const UNCLEAR_ANSWER: SubmitOutcome = {
  kind: 'unclear',
  reason: 'Globus gave no clear answer',
};

/** The error for an error response to any other call. */
export function errorOfRefusal(
  response: HttpResponse,
  operation: string,
  now: number,
): UpstreamError {
  const refusal = refusalOf(response, now);
  const { status } = refusal;
  const facts = factsOf(refusal);
  const named = `${operation}: ${mark(refusal)}`;
  if (status === 401) {
    return new ServiceAccountError(
      'Globus',
      `Globus does not accept the token of the service's Globus client (${named}). An operator must check GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET.`,
      facts,
    );
  }
  if (status === 429 || status >= 500) {
    return new UpstreamUnavailableError(
      'Globus',
      `Globus is overloaded or unavailable (${named}). Please try again in a few minutes.`,
      { ...facts, outcomeUnclear: status !== 429 },
    );
  }
  if (status < 400) return malformed(operation, status);
  return new UpstreamRejectedError('Globus', `Globus refused the request (${named}).`, facts);
}

/** What an error keeps of Globus's response. */
export function factsOf(refusal: Refusal): UpstreamErrorOptions {
  const { status, code, message, requestId, retryAfterSeconds } = refusal;
  return {
    status,
    upstreamCode: code,
    upstreamMessage: message,
    upstreamRequestId: requestId,
    retryAfterSeconds,
  };
}

/** The error for a response without the expected content. */
export function malformed(operation: string, status: number): UpstreamMalformedError {
  return new UpstreamMalformedError(
    'Globus',
    `Globus sent an unexpected response (${operation}: status ${status}). Please try again in a few minutes.`,
    { status },
  );
}

/** The scopes to request, if the response says that a consent is missing. */
export function missingConsent(response: HttpResponse): readonly string[] | undefined {
  if (response.status !== 403) return undefined;
  const { code, requiredScopes } = readError(response.body);
  return code === 'ConsentRequired' ? requiredScopes : undefined;
}

/** Whether the problem outlasts a quick retry: a collection offline, maintenance, a full queue. */
export function retryIsFutile(response: HttpResponse): boolean {
  const { code = '' } = readError(response.body);
  return /ExternalError|EndpointError|ServiceUnavailable|TooManyPendingJobs/.test(code);
}

const ASK_OPERATORS = 'Please ask the operator of this service.';
const ASK_FACILITY = 'Please ask the facility that owns the collection.';
const NO_PERMISSION = `the service has no permission on one of the two collections. ${ASK_FACILITY}`;
const NO_COLLECTION = `one of the two collections does not exist or was deleted. ${ASK_OPERATORS}`;

/** What Globus objects to and who can help, by the last part of Globus's code; for scientists. */
const EXPLANATIONS: ReadonlyMap<string | undefined, string> = new Map([
  [
    'ConsentRequired',
    `the service has no consent for the data of one of the two collections. ${ASK_OPERATORS}`,
  ],
  ['PermissionDenied', NO_PERMISSION],
  ['EndpointPermissionDenied', NO_PERMISSION],
  [
    'AuthPolicyFailed',
    `the authentication policy of one of the two collections excludes the service. ${ASK_FACILITY}`,
  ],
  ['EndpointNotFound', NO_COLLECTION],
  ['EndpointDeleted', NO_COLLECTION],
  [
    'NotSupported',
    `one of the two collections runs a version that Globus no longer supports. ${ASK_FACILITY}`,
  ],
  ['NoTransferItems', 'it has no files.'],
]);

function explanation(refusal: Refusal): string {
  const { status, code, message } = refusal;
  const refused = `Globus refuses the transfer (${mark(refusal)})`;
  const known = EXPLANATIONS.get(code?.split('.').at(-1));
  if (known !== undefined) return `${refused}: ${known}`;
  if (status === 413) {
    return `${refused}: its file list is too long. Please transfer the whole folder, or fewer files at a time.`;
  }
  // Without a code, the message may be the page of a proxy.
  const quoted = message === undefined || code === undefined ? '' : oneLine(message, MAX_MESSAGE);
  return quoted === '' ? `${refused}.` : `${refused}: "${quoted}".`;
}

const MAX_MESSAGE = 200;

/** Code and request id, by which Globus's support finds the case. */
function mark({ status, code, requestId }: Refusal): string {
  const parts = [code !== undefined && isWord(code) ? code : `status ${status}`];
  if (requestId !== undefined && isWord(requestId)) parts.push(`Globus request ${requestId}`);
  return parts.join(', ');
}

function isWord(text: string): boolean {
  return /^[\w.-]{1,100}$/.test(text);
}

function refusalOf(response: HttpResponse, now: number): Refusal {
  const pauseMs = retryAfterMs(response, now);
  return {
    ...readError(response.body),
    status: response.status,
    retryAfterSeconds: pauseMs === undefined ? undefined : Math.ceil(pauseMs / 1000),
  };
}
