import { ProxyError } from './proxy-error.js';
import { UpstreamError, UpstreamTimeoutError } from './upstream.errors.js';

/**
 * The facts about an error for the log, including the upstream's status, code, message (bounded by the
 * adapters) and request id, and those of the error that caused it.
 */
export function errorFacts(error: ProxyError): Readonly<Record<string, unknown>> {
  const { cause } = error;
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
    ...(cause instanceof ProxyError ? { cause: errorFacts(cause) } : {}),
    ...(isTransportError(cause) ? { cause: cause.message } : {}),
  };
}

/** The only foreign error whose message is logged: others may contain an address or a token. */
function isTransportError(cause: unknown): cause is Error {
  return cause instanceof Error && cause.name === 'TransportError';
}

/**
 * A message with the network's own reason, such as an unknown host or a certificate, but without what
 * the upstream said: for operators, on pages that need no login.
 */
export function reasonInWords(error: ProxyError): string {
  const { message, cause } = error;
  // What it says of a timeout is nothing new.
  if (error instanceof UpstreamTimeoutError) return message;
  if (isTransportError(cause)) return `${message} (${cause.message})`;
  return cause instanceof UpstreamError ? `${message} (${reasonInWords(cause)})` : message;
}

/** One line for the log, with the upstream's own message, which callers must never see. */
export function errorInWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (!(error instanceof UpstreamError)) return message;
  const said = [error.upstreamCode, error.upstreamMessage].filter((part) => part !== undefined);
  if (said.length > 0) return `${message} (${error.upstream} said: ${said.join(': ')})`;
  if (isTransportError(cause)) return `${message} (${cause.message})`;
  return cause instanceof UpstreamError ? `${message} (${errorInWords(cause)})` : message;
}
