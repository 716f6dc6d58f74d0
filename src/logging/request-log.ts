import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pinoHttp } from 'pino-http';
import type { Logger } from './logger.js';

/** A request id that a reverse proxy, or a caller, may have set; other values are ignored. */
const GIVEN_ID = /^[\w.:-]{1,128}$/;
const PATH_OF_JOB = /^\/transfer\/([0-9a-f-]{36})$/i;
const LONGEST_PATH = 200;

/** What is known about a request elsewhere. */
export interface RequestLogOptions {
  /** Additional fields of its line. */
  readonly factsOf: (request: object) => object;
  /** Whether it comes from a trusted reverse proxy. */
  readonly isFromProxy: (request: IncomingMessage) => boolean;
  /** Whether it is one of a flood, of which the log has a line already. */
  readonly isOneOfMany: (request: object) => boolean;
}

/**
 * Middleware that sets `id` on each request, returns it in `X-Request-Id`, and logs one line at the
 * end of the request.
 *
 * The id is that of a trusted reverse proxy, or a new one. Anybody else could make up ids to mix their
 * requests with those of others; theirs is logged in a field of its own.
 */
export function requestLog(logger: Logger, options: RequestLogOptions) {
  const { factsOf, isFromProxy, isOneOfMany } = options;
  const about = (request: IncomingMessage): object => {
    const jobId = PATH_OF_JOB.exec(pathOf(request.url))?.[1];
    const callerRequestId = isFromProxy(request) ? undefined : givenId(request);
    return {
      ...(jobId === undefined ? {} : { jobId }),
      ...(callerRequestId === undefined ? {} : { callerRequestId }),
      ...factsOf(request),
    };
  };
  return pinoHttp({
    logger,
    genReqId: (request, response) => {
      const id = (isFromProxy(request) ? givenId(request) : undefined) ?? randomUUID();
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
    customLogLevel: (request, response) =>
      isOneOfMany(request) ? 'debug' : levelOf(request, response),
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

function givenId({ headers }: IncomingMessage): string | undefined {
  const given = headers['x-request-id'];
  return typeof given === 'string' && GIVEN_ID.test(given) ? given : undefined;
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
