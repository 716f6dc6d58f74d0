import {
  ServiceAccountError,
  UpstreamError,
  UpstreamTimeoutError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import { broken, type Verdict } from './check.js';

/**
 * What an upstream did instead of answering well, to be put behind its name: "can't be reached
 * (ECONNREFUSED)". Nothing of an upstream's own words but its code and request id.
 */
export function deedOf(error: UpstreamError): string {
  if (error.status !== undefined) return `answers with ${markOf(error)}`;
  const cause = innermost(error);
  if (cause instanceof UpstreamTimeoutError) return 'does not answer in time';
  if (!(cause instanceof UpstreamUnavailableError)) return 'gives no answer that makes sense';
  const code = codeIn(cause.cause);
  const why = code === undefined ? '' : ` (${code})`;
  return cause.outcomeUnclear ? `breaks the connection${why}` : `can't be reached${why}`;
}

/** Status, code and request id, by which the upstream's people find the case. */
export function markOf(error: UpstreamError): string {
  const { status, upstreamCode, upstreamRequestId } = error;
  return [
    ...(status === undefined ? [] : [`status ${status}`]),
    ...[upstreamCode].filter(isWord),
    ...[upstreamRequestId].filter(isWord).map((id) => `request ${id}`),
  ].join(', ');
}

/** Whether nobody answered at all: a matter of addresses and networks. */
export function isUnreachable(error: UpstreamError): boolean {
  return (
    error.status === undefined &&
    (error instanceof UpstreamTimeoutError || error instanceof UpstreamUnavailableError)
  );
}

/** What is said of a failure that a check has no words of its own for. */
export function generalFailure(error: UpstreamError): Verdict {
  const { upstream } = error;
  const message = `${upstream} ${deedOf(error)}.`;
  if (error instanceof ServiceAccountError) {
    return broken(
      message,
      `The service's own account lacks a right at ${upstream}: see the other lines about it.`,
    );
  }
  return broken(
    message,
    isUnreachable(error)
      ? `Try again. If it lasts, check the network between this machine and ${upstream}.`
      : `Try again. If it lasts, ask the administrators of ${upstream}, and tell them status and request id.`,
  );
}

function innermost(error: UpstreamError): UpstreamError {
  return error.cause instanceof UpstreamError ? innermost(error.cause) : error;
}

/** A network failure's message ends in its code in brackets. */
function codeIn(cause: unknown): string | undefined {
  return cause instanceof Error ? /\(([A-Z][A-Z0-9_]*)\)/.exec(cause.message)?.[1] : undefined;
}

function isWord(text: string | undefined): text is string {
  return text !== undefined && /^[\w.-]{1,100}$/.test(text);
}
