import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { statusOf } from './error-status.js';
import { ProxyError } from './proxy-error.js';
import { InternalError } from './request.errors.js';

/** The one shape in which every error reaches a caller. All fields are strings. */
interface ErrorBody {
  readonly message: string;
  readonly details?: string;
  readonly code: string;
  readonly requestId: string;
}

/** An error as it goes over the wire. */
export interface ErrorResponse {
  readonly status: number;
  /** Seconds for `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly body: ErrorBody;
  /** True for an unexpected error: it is logged with its stack. */
  readonly unexpected: boolean;
}

const DEFAULT_RETRY_AFTER_SECONDS = 30;

/** Answers every error in the one shape. Nothing else turns errors into HTTP. */
@Catch()
export class ErrorResponseFilter implements ExceptionFilter {
  /** @param report is told each error, and what the caller was told */
  constructor(private readonly report: (error: unknown, answer: ErrorResponse) => void) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  /** Also for errors that never reach the framework's own handling. */
  answer(error: unknown, request: Request, response: Response): void {
    const answer = errorResponse(error, request.method, requestIdOf(request));
    this.report(error, answer);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // A file that was about to be sent has left its headers.
    for (const header of [
      'Accept-Ranges',
      'Cache-Control',
      'Content-Range',
      'ETag',
      'Last-Modified',
    ]) {
      response.removeHeader(header);
    }
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

/**
 * Turns anything that was thrown while a request was handled into the answer for its caller. What is
 * not one of the service's own errors says nothing about its inside.
 */
function errorResponse(error: unknown, method: string, requestId: string): ErrorResponse {
  if (!(error instanceof ProxyError)) {
    return (
      frameworkResponse(error, requestId) ??
      errorResponse(
        new InternalError('Internal error. Report the request id to the operator.'),
        method,
        requestId,
      )
    );
  }
  const { code, message, details, retryAfterSeconds = DEFAULT_RETRY_AFTER_SECONDS } = error;
  const status = statusOf(code, method);
  return {
    status,
    // A 500, which is what DELETE answers, promises nothing.
    ...(error.retryable && status !== 500
      ? { retryAfterSeconds: Math.ceil(retryAfterSeconds) }
      : {}),
    body: { message, ...(details === undefined ? {} : { details }), code, requestId },
    unexpected: code === 'INTERNAL',
  };
}

/** What the web framework refuses before any of our code sees the request. */
function frameworkResponse(error: unknown, requestId: string): ErrorResponse | undefined {
  const status = error instanceof HttpException ? error.getStatus() : statusField(error);
  if (status === 404) {
    const message = 'There is nothing at this address.';
    return { status, body: { message, code: 'NOT_FOUND', requestId }, unexpected: false };
  }
  if (status !== undefined && status >= 400 && status < 500) {
    const message = 'The request is not well-formed.';
    return {
      status: 400,
      body: { message, code: 'INVALID_REQUEST', requestId },
      unexpected: false,
    };
  }
  return undefined;
}

/** Express marks its own errors with `status`; a URL that can't be decoded is one of them. */
function statusField(error: unknown): number | undefined {
  if (error instanceof URIError) return 400;
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  return typeof error.status === 'number' ? error.status : undefined;
}
