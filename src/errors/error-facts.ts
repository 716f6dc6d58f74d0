import { ProxyError } from './proxy-error.js';
import { UpstreamError } from './upstream.errors.js';

/**
 * What an operator may need to know of an error, fit for the log: the upstream's status, code, own
 * words (bounded by the adapters) and request id, also of the error that caused this one.
 */
export function errorFacts(error: ProxyError): Readonly<Record<string, unknown>> {
  return {
    code: error.code,
    reason: error.message,
    ...(error instanceof UpstreamError
      ? {
          upstream: error.upstream,
          upstreamStatus: error.status,
          upstreamCode: error.upstreamCode,
          upstreamMessage: error.upstreamMessage,
          upstreamRequestId: error.upstreamRequestId,
        }
      : {}),
    ...causeOf(error),
  };
}

/** What a cause that is none of ours says may hold an address or a token; a transport's does not. */
function causeOf({ cause }: ProxyError): Readonly<Record<string, unknown>> {
  if (cause instanceof ProxyError) return { cause: errorFacts(cause) };
  return isTransportError(cause) ? { cause: cause.message } : {};
}

/** By its name: this room knows no other. */
function isTransportError(cause: unknown): cause is Error {
  return cause instanceof Error && cause.name === 'TransportError';
}

/**
 * An error in one line for the log, with the upstream's own words. Not for callers, who never see
 * those.
 */
export function errorInWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof UpstreamError)) return error.message;
  const said = [error.upstreamCode, error.upstreamMessage].filter((part) => part !== undefined);
  const { cause } = error;
  if (said.length === 0) {
    if (isTransportError(cause)) return `${error.message} (${cause.message})`;
    return cause instanceof UpstreamError
      ? `${error.message} (${errorInWords(cause)})`
      : error.message;
  }
  return `${error.message} (${error.upstream} said: ${said.join(': ')})`;
}
