import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pinoHttp } from 'pino-http';
import type { Logger } from './logger.js';

/** An id that a proxy in front may have given to the request; anything else is ignored. */
const GIVEN_ID = /^[\w.:-]{1,128}$/;
const PATH_OF_JOB = /^\/transfer\/([0-9a-f-]{36})$/i;
const LONGEST_PATH = 200;

/**
 * Gives each request its id (that of `X-Request-Id`, or a new one) as `id`, answers with it, and
 * writes one line when the request has ended: who, what about, which status, how long.
 *
 * @param factsOf what is known of a request when it has ended
 */
export function requestLog(logger: Logger, factsOf: (request: object) => object) {
  const about = (request: IncomingMessage): object => {
    const jobId = PATH_OF_JOB.exec(pathOf(request.url))?.[1];
    return { ...(jobId === undefined ? {} : { jobId }), ...factsOf(request) };
  };
  return pinoHttp({
    logger,
    genReqId: (request, response) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && GIVEN_ID.test(given) ? given : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'requestId' },
    // Only what is named here is written: headers hold tokens.
    serializers: {
      req: (request: { readonly method?: string; readonly url?: string }) => ({
        method: request.method,
        path: pathOf(request.url),
      }),
      res: (response: { readonly statusCode?: number | null }) => ({
        status: response.statusCode ?? undefined,
      }),
    },
    customLogLevel: levelOf,
    customSuccessObject: (request, _response, value: object) => ({ ...about(request), ...value }),
    customSuccessMessage: (_request, response) =>
      response.writableFinished ? 'request' : 'request aborted by the caller',
    customErrorMessage: () => 'request',
    // The reason of a failure has a line of its own, without a stack.
    customErrorObject: (request, _response, _error, value: object) => ({
      ...about(request),
      ...value,
      err: undefined,
    }),
  });
}

/** A user's mistake is no fault of the service, and an outage of another service passes. */
function levelOf(
  request: IncomingMessage,
  response: ServerResponse,
): 'debug' | 'info' | 'warn' | 'error' {
  // Probes come all the time; errors are logged where they happen.
  if (/^\/(?:health|metrics)\b/.test(request.url ?? '')) return 'debug';
  if (response.statusCode === 503) return 'warn';
  return response.statusCode >= 500 ? 'error' : 'info';
}

/** Without the query, which may hold a token by mistake. */
function pathOf(url = ''): string {
  return url.split('?', 1)[0]?.slice(0, LONGEST_PATH) ?? '';
}
