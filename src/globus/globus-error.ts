import {
  ServiceAccountError,
  type UpstreamError,
  type UpstreamErrorOptions,
  UpstreamMalformedError,
  UpstreamRejectedError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import { type RetryCheck, retryAfterMs } from '../http-client/retry-safety.js';
import type { HttpResponse } from '../ports/http-transport.port.js';
import type { SubmitOutcome } from '../ports/globus-transfers.port.js';
import { oneLine, readError, type WireError } from './globus.wire.js';

/** An error answer of Globus Transfer. */
interface Refusal extends WireError {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
}

/**
 * What a submission's error answer means. Why a transfer waits is told in words that are the same
 * at every attempt (no status, no request id): the job in SciCat is written anew when they change.
 * 401 and `ConsentRequired` come here only after a new token did not help.
 *
 * @param now wall clock in milliseconds since the epoch, for a `Retry-After` with a date
 */
export function outcomeOfRefusal(response: HttpResponse, now: number): SubmitOutcome {
  const refusal = refusalOf(response, now);
  const { status, code = '', message = '' } = refusal;
  if (code.includes('TooManyPendingJobs')) {
    return busy(refusal, 'Globus holds as many of our transfers as it allows');
  }
  if (status === 429) return busy(refusal, 'Globus limits how often it may be asked');
  if (status === 503 && code.includes('ServiceUnavailable')) {
    return busy(refusal, 'Globus is in maintenance');
  }
  // 408: the service gave up reading, or a proxy before it gave up waiting for its answer.
  if (status >= 500 || status === 408) {
    return { kind: 'unclear', reason: 'Globus has a problem of its own' };
  }
  if (status === 401) {
    const reason = 'Globus does not accept the token of the service account';
    return { kind: 'account-refused', reason };
  }
  if (status < 400) return { kind: 'unclear', reason: 'Globus gave no clear answer' };
  if (/submission[\s_-]?id/i.test(`${code} ${message}`)) {
    return { kind: 'submission-id-refused', reason: 'Globus does not accept the submission id' };
  }
  if (status === 409) {
    const reason = 'an earlier Globus transfer of the same files has not ended yet';
    return { kind: 'conflict', reason };
  }
  return { kind: 'refused', reason: `${explanation(refusal)} (${mark(refusal)})` };
}

/** An error answer to a call other than a submission, as an error. */
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
      `Globus does not accept the token of the service account (${named}). An operator must check the Globus client.`,
      facts,
    );
  }
  if (status === 429 || status >= 500) {
    return new UpstreamUnavailableError(
      'Globus',
      `Globus is overloaded or not available at present (${named}). Please try again in a few minutes.`,
      { ...facts, outcomeUnclear: status !== 429 },
    );
  }
  if (status < 400) return malformed(operation, status);
  return new UpstreamRejectedError('Globus', `Globus refused the request (${named}).`, facts);
}

/** What an error carries of Globus's answer. */
export function factsOf(
  refusal: WireError & { readonly status: number; readonly retryAfterSeconds?: number | undefined },
): UpstreamErrorOptions {
  const { status, code, message, requestId, retryAfterSeconds } = refusal;
  return {
    status,
    ...(code === undefined ? {} : { upstreamCode: code }),
    ...(message === undefined ? {} : { upstreamMessage: message }),
    ...(requestId === undefined ? {} : { upstreamRequestId: requestId }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** An answer that is not what was asked for. */
export function malformed(operation: string, status: number): UpstreamMalformedError {
  return new UpstreamMalformedError(
    'Globus',
    `Globus gave an answer that makes no sense (${operation}: status ${status}). Please try again in a few minutes.`,
    { status },
  );
}

/** Whether the answer says that a consent is missing, and with which scopes it is to be had. */
export function missingConsent(response: HttpResponse): readonly string[] | undefined {
  if (response.status !== 403) return undefined;
  const { code, requiredScopes } = readError(response.body);
  return code === 'ConsentRequired' ? requiredScopes : undefined;
}

/**
 * Trouble that a quick retry does not end: a collection that is offline, a maintenance, a full
 * queue.
 */
export const noQuickRetry: RetryCheck = ({ result }) => {
  if (result.kind === 'failure') return 'no opinion';
  const { code } = readError(result.response.body);
  return code !== undefined &&
    /ExternalError|EndpointError|ServiceUnavailable|TooManyPendingJobs/.test(code)
    ? 'stop'
    : 'no opinion';
};

function busy(refusal: Refusal, why: string): SubmitOutcome {
  const { retryAfterSeconds } = refusal;
  return {
    kind: 'busy',
    reason: why,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** For a scientist: what Globus objects to, and who can help. */
function explanation({ status, code, message }: Refusal): string {
  const name = code?.split('.').at(-1);
  switch (name) {
    case 'ConsentRequired':
      return "Globus refuses the transfer: the service account has no consent for the data of a collection. Please ask the proxy's operators.";
    case 'PermissionDenied':
    case 'EndpointPermissionDenied':
      return 'Globus refuses the transfer: the service account has no permission on a collection. Please ask the facility that owns it.';
    case 'AuthPolicyFailed':
      return "Globus refuses the transfer: a collection's authentication policy shuts the service account out. Please ask the facility that owns it.";
    case 'EndpointNotFound':
    case 'EndpointDeleted':
      return "Globus refuses the transfer: a collection does not exist (any more). Please ask the proxy's operators.";
    case 'NotSupported':
      return 'Globus refuses the transfer: a collection runs a version that Globus no longer supports. Please ask the facility that owns it.';
    case 'NoTransferItems':
      return 'Globus refuses the transfer: it has no files.';
    default:
      break;
  }
  if (status === 413) {
    return 'Globus refuses the transfer: its file list is too long. Please transfer the whole folder, or fewer files at a time.';
  }
  // Only Globus's own words: a message without a code may be a page of something in between.
  const said = message === undefined || code === undefined ? '' : oneLine(message, MAX_MESSAGE);
  return said === '' ? 'Globus refuses the transfer.' : `Globus refuses the transfer: "${said}".`;
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
  const pauseMs = retryAfterMs({ kind: 'answer', response }, now);
  return {
    ...readError(response.body),
    status: response.status,
    retryAfterSeconds: pauseMs === undefined ? undefined : Math.ceil(pauseMs / 1000),
  };
}
