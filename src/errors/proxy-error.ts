import { type ErrorCode, errorStatus } from './error-status.js';

/** Optional properties of an error. */
export interface ProxyErrorOptions {
  /** Shown to the caller; must not contain an upstream body, an internal address or a token. */
  readonly details?: string;
  readonly cause?: unknown;
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Base class of the service's own errors. The message is one or more whole sentences for the caller:
 * what failed, on what, and what to do.
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

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    return errorStatus[this.code].retryable;
  }
}
