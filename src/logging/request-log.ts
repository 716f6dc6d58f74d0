import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pinoHttp } from 'pino-http';
import type { Logger } from './logger.js';

/** A request id that a reverse proxy may have set; other values are ignored. */
const GIVEN_ID = /^[\w.:-]{1,128}$/;
const PATH_OF_JOB = /^\/transfer\/([0-9a-f-]{36})$/i;
const LONGEST_PATH = 200;

/**
 * Middleware that sets `id` on each request (from `X-Request-Id`, or a new one), returns it in that
 * header, and logs one line at the end of the request.
 *
 * @param factsOf additional fields of that line
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
    // Nothing else is logged: headers contain tokens.
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
    // The failure itself has its own line.
    customErrorObject: (request, _response, _error, value: object) => ({
      ...about(request),
      ...value,
      err: undefined,
    }),
  });
}

function levelOf(
  request: IncomingMessage,
  response: ServerResponse,
): 'debug' | 'info' | 'warn' | 'error' {
  // Probes are frequent, and their failures are logged elsewhere.
  if (/^\/(?:health|metrics)\b/.test(request.url ?? '')) return 'debug';
  // An upstream outage is temporary.
  if (response.statusCode === 503) return 'warn';
  return response.statusCode >= 500 ? 'error' : 'info';
}

/** Without the query, which may contain a token by mistake. */
function pathOf(url = ''): string {
  return url.split('?', 1)[0]?.slice(0, LONGEST_PATH) ?? '';
}
