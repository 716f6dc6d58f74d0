import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { errorResponse, type ErrorResponse } from './error-response.js';

/** Where a filter reports what somebody should look at: `answer` is what the caller was told. */
export type ErrorListener = (error: unknown, answer: ErrorResponse) => void;

/** Answers every error in the one shape. The only one who turns errors into HTTP. */
@Catch()
export class ErrorResponseFilter implements ExceptionFilter {
  constructor(private readonly report: ErrorListener) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  /** Also for errors that never reach the framework's own handling. */
  answer(error: unknown, request: Request, response: Response): void {
    const requestId = requestIdOf(request);
    const answer = errorResponse(error, request.method, requestId);
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
    response.status(answer.status).type('json').set(answer.headers).json(answer.body);
  }
}

/** The id that every request gets before anything else happens to it. */
export function requestIdOf(request: object): string {
  const { id } = request as { readonly id?: unknown };
  return typeof id === 'string' ? id : 'unknown';
}
