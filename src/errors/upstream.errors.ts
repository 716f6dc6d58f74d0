import { ProxyError, type ProxyErrorOptions } from './proxy-error.js';

/** The services that this one calls. */
export type Upstream = 'SciCat' | 'Globus';

/** Optional properties of a failed upstream call. */
export interface UpstreamErrorOptions extends ProxyErrorOptions {
  /** HTTP status, if there was a response. */
  readonly status?: number;
  /** The upstream's own error code, e.g. Globus's `ConsentRequired`. */
  readonly upstreamCode?: string | undefined;
  /** The upstream's own message: for logs and decisions, never for callers. */
  readonly upstreamMessage?: string | undefined;
  /** The upstream's request id, for its support. */
  readonly upstreamRequestId?: string | undefined;
}

/** Base class of failed calls to SciCat or Globus. */
export abstract class UpstreamError extends ProxyError {
  readonly status: number | undefined;
  readonly upstreamCode: string | undefined;
  readonly upstreamMessage: string | undefined;
  readonly upstreamRequestId: string | undefined;

  constructor(
    readonly upstream: Upstream,
    message: string,
    options: UpstreamErrorOptions = {},
  ) {
    super(message, options);
    this.status = options.status;
    this.upstreamCode = options.upstreamCode;
    this.upstreamMessage = options.upstreamMessage;
    this.upstreamRequestId = options.upstreamRequestId;
  }

  /**
   * Whether the upstream may have carried out the call nevertheless (timeout, dropped connection,
   * 5xx). If so, check before retrying.
   */
  abstract readonly outcomeUnclear: boolean;
}

/** No response in time. */
export class UpstreamTimeoutError extends UpstreamError {
  readonly code = 'UPSTREAM_TIMEOUT';
  readonly outcomeUnclear = true;
}

/** Unreachable, overloaded, rate-limiting, in maintenance, or failing internally. */
export class UpstreamUnavailableError extends UpstreamError {
  readonly code = 'UPSTREAM_UNAVAILABLE';
  readonly outcomeUnclear: boolean;

  constructor(
    upstream: Upstream,
    message: string,
    options: UpstreamErrorOptions & {
      /** False if the call was certainly not carried out (connection refused, 429). */
      readonly outcomeUnclear: boolean;
    },
  ) {
    super(upstream, message, options);
    this.outcomeUnclear = options.outcomeUnclear;
  }
}

/** The upstream understood the call and rejected it. */
export class UpstreamRejectedError extends UpstreamError {
  readonly code = 'UPSTREAM_REJECTED';
  readonly outcomeUnclear = false;
}

/** The response can't be understood. */
export class UpstreamMalformedError extends UpstreamError {
  readonly code = 'UPSTREAM_MALFORMED';
  readonly outcomeUnclear = true;
}

/** The response is larger than the call allows. The call has been carried out. */
export class UpstreamTooLargeError extends UpstreamMalformedError {}

/** One item can't be read, being too large or not as expected, although the upstream is well. */
export class UnreadableItemError extends UpstreamMalformedError {}

/** The service's own account, secret or scope was refused, which only the operator can fix. */
export class ServiceAccountError extends UpstreamError {
  readonly code = 'SERVICE_ACCOUNT';
  readonly outcomeUnclear = false;
}

/** The service's own account can't log in. */
export class LoginRefusedError extends ServiceAccountError {}

/**
 * The upstream is set up in a way that does not let the service work: a job type is missing, say, or
 * its version is not supported. The account is not the problem.
 */
export class UpstreamSetupError extends ServiceAccountError {}

/**
 * The upstream rejected a call because the dataset that it is about does not exist (any more). SciCat then
 * refuses every change to the dataset's jobs, which can still be read and removed.
 */
export class DatasetGoneError extends UpstreamRejectedError {}
