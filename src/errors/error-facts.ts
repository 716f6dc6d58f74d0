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
    ...(error.cause instanceof ProxyError ? { cause: errorFacts(error.cause) } : {}),
  };
}
