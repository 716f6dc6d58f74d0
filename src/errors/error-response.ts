import { HttpException } from '@nestjs/common';
import { errorStatus, operationOf } from './error-status.js';
import { ProxyError } from './proxy-error.js';

/** The one shape in which every error reaches a caller. All fields are texts. */
export interface ErrorBody {
  readonly message: string;
  readonly details?: string;
  readonly code: string;
  readonly requestId: string;
}

/** An error as it goes over the wire. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
  /** True for what nobody foresaw: it belongs into the log with its stack. */
  readonly unforeseen: boolean;
}

const DEFAULT_RETRY_AFTER_SECONDS = 30;

/**
 * Turns anything that was thrown while a request was handled into the answer for its caller. What is
 * not one of the service's own errors says nothing about its inside.
 */
export function errorResponse(error: unknown, method: string, requestId: string): ErrorResponse {
  if (error instanceof ProxyError) {
    const status = errorStatus[error.code][operationOf(method)];
    return {
      status,
      headers: status === 503 ? retryAfter(error.retryAfterSeconds) : {},
      body: {
        message: error.message,
        ...(error.details === undefined ? {} : { details: error.details }),
        code: error.code,
        requestId,
      },
      unforeseen: error.code === 'INTERNAL',
    };
  }
  const outer = outerStatus(error);
  if (outer !== undefined) {
    const { status, message, code } = outer;
    return { status, headers: {}, body: { message, code, requestId }, unforeseen: false };
  }
  return {
    status: 500,
    headers: {},
    body: {
      message: 'The service met an error of its own. Tell the operator the request id.',
      code: 'INTERNAL',
      requestId,
    },
    unforeseen: true,
  };
}

/** What the web framework refuses before any of our code sees the request. */
function outerStatus(
  error: unknown,
): { readonly status: number; readonly message: string; readonly code: string } | undefined {
  const status = error instanceof HttpException ? error.getStatus() : statusField(error);
  if (status === 404) {
    return { status, message: 'There is nothing at this address.', code: 'NOT_FOUND' };
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return { status: 400, message: 'The request is not well-formed.', code: 'INVALID_REQUEST' };
  }
  return undefined;
}

/** Express marks its own errors with `status`; a URL that can't be decoded is one of them. */
function statusField(error: unknown): number | undefined {
  if (error instanceof URIError) return 400;
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  return typeof error.status === 'number' ? error.status : undefined;
}

function retryAfter(seconds: number | undefined): Readonly<Record<string, string>> {
  return { 'Retry-After': String(Math.ceil(seconds ?? DEFAULT_RETRY_AFTER_SECONDS)) };
}
