/**
 * Codes that callers of the REST interface may see in `code`. Which HTTP status each one becomes is
 * decided in one place, the exception filter's table.
 */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'INVALID_REQUEST'
  | 'ACCESS_DENIED'
  | 'JOB_NOT_FOUND'
  | 'ALREADY_ENDED'
  | 'TRANSFER_REFUSED'
  | 'QUEUE_FULL'
  | 'TOO_BUSY'
  | 'TOO_MANY_FAILED_LOGINS'
  | 'NOT_READY'
  | 'SPOOL_UNAVAILABLE'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_UNAVAILABLE'
  | 'UPSTREAM_REJECTED'
  | 'UPSTREAM_MALFORMED'
  | 'SERVICE_ACCOUNT'
  | 'CONFIGURATION'
  | 'INTERNAL';

/** What an error carries besides its message. */
export interface ProxyErrorOptions {
  /** More for the caller to read; never an upstream body, an internal address or a token. */
  readonly details?: string;
  readonly cause?: unknown;
  /** Seconds after which it makes sense to ask again. */
  readonly retryAfterSeconds?: number;
}

/**
 * Base of every error that the service raises on purpose. `message` is a whole sentence for the
 * person who reads it: what failed, on what, and what to do.
 */
export abstract class ProxyError extends Error {
  abstract readonly code: ErrorCode;
  /** Whether the same call may succeed later without anybody changing anything. */
  abstract readonly retryable: boolean;
  readonly details: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: ProxyErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
