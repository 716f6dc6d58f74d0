import { type ErrorCode, errorStatus } from './error-status.js';

/** What an error carries besides its message. */
export interface ProxyErrorOptions {
  /** More for the caller to read; never an upstream body, an internal address or a token. */
  readonly details?: string;
  readonly cause?: unknown;
  /** Seconds after which it makes sense to ask again. */
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Base of every error that the service raises on purpose. `message` is a whole sentence for the
 * person who reads it: what failed, on what, and what to do.
 */
export abstract class ProxyError extends Error {
  abstract readonly code: ErrorCode;
  readonly details: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: ProxyErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** Whether the same call may succeed later without any change. */
  get retryable(): boolean {
    return errorStatus[this.code].retryable;
  }
}
