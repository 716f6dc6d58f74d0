import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { statusOf } from './error-status.js';
import { ProxyError } from './proxy-error.js';
import { InternalError, MethodNotAllowedError } from './request.errors.js';

/** The body of every error response. All fields are strings. */
interface ErrorBody {
  readonly message: string;
  readonly details?: string;
  readonly code: string;
  readonly requestId: string;
}

/** The response to an error. */
export interface ErrorResponse {
  readonly status: number;
  readonly retryAfterSeconds?: number;
  readonly body: ErrorBody;
  /** Whether to log the error with its stack. */
  readonly unexpected: boolean;
}

const DEFAULT_RETRY_AFTER_SECONDS = 30;

/** Headers of a file that failed to be sent. */
const FILE_HEADERS = ['Accept-Ranges', 'Cache-Control', 'Content-Range', 'ETag', 'Last-Modified'];

/** Value of `Cache-Control` that keeps what users see out of every cache. */
export const NOT_CACHED = 'no-store';

/** Turns every error into a response. Nothing else does. */
@Catch()
export class ErrorResponseFilter implements ExceptionFilter {
  /** @param report called with each error and its response */
  constructor(private readonly report: (error: unknown, answer: ErrorResponse) => void) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  /** Also used for errors outside the framework's error handling. */
  answer(error: unknown, request: Request, response: Response): void {
    const answer = errorResponse(error, request.method, requestIdOf(request));
    this.report(error, answer);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const isCacheable = response.get('Cache-Control') !== NOT_CACHED;
    for (const header of FILE_HEADERS) response.removeHeader(header);
    if (!isCacheable) response.set('Cache-Control', NOT_CACHED);
    if (error instanceof MethodNotAllowedError) response.set('Allow', error.allowed.join(', '));
    const { status, retryAfterSeconds, body } = answer;
    if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
    response.status(status).type('json').json(body);
  }
}

/** The id that every request gets before anything else happens to it. */
export function requestIdOf(request: object): string {
  const { id } = request as { readonly id?: unknown };
  return typeof id === 'string' ? id : 'unknown';
}

/** Errors other than {@link ProxyError} reveal nothing about the service's internals. */
function errorResponse(error: unknown, method: string, requestId: string): ErrorResponse {
  if (!(error instanceof ProxyError)) {
    const internal = new InternalError('Internal error. Report the request id to the operator.');
    return frameworkResponse(error, requestId) ?? errorResponse(internal, method, requestId);
  }
  const { code, message, details, retryAfterSeconds = DEFAULT_RETRY_AFTER_SECONDS } = error;
  const status = statusOf(code, method);
  return {
    status,
    // A 500, which DELETE returns for all failures, has no Retry-After.
    ...(error.retryable && status !== 500
      ? { retryAfterSeconds: Math.ceil(retryAfterSeconds) }
      : {}),
    body: { message, ...(details === undefined ? {} : { details }), code, requestId },
    unexpected: code === 'INTERNAL',
  };
}

/** For requests that the web framework rejects before they reach our code. */
function frameworkResponse(error: unknown, requestId: string): ErrorResponse | undefined {
  const status = error instanceof HttpException ? error.getStatus() : statusField(error);
  if (status === undefined || status < 400 || status >= 500) return undefined;
  const [message, code] =
    status === 404
      ? ['There is nothing at this address.', 'NOT_FOUND']
      : ['The request is malformed.', 'INVALID_REQUEST'];
  return {
    status: status === 404 ? 404 : 400,
    body: { message, code, requestId },
    unexpected: false,
  };
}

/** Express's own errors have a `status`; a URL that can't be decoded is one of them. */
function statusField(error: unknown): number | undefined {
  if (error instanceof URIError) return 400;
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  return typeof error.status === 'number' ? error.status : undefined;
}
