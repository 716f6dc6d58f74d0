import { ProxyError, type ProxyErrorOptions } from './proxy-error.js';

/** The services behind the proxy. */
export type Upstream = 'SciCat' | 'Globus';

/** What is known of a failed upstream call. */
export interface UpstreamErrorOptions extends ProxyErrorOptions {
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  /** The upstream's own error code, e.g. Globus's `ConsentRequired`. */
  readonly upstreamCode?: string | undefined;
  /** The upstream's own words: for logs and for deciding, never for callers. */
  readonly upstreamMessage?: string | undefined;
  /** The upstream's request id, for its support. */
  readonly upstreamRequestId?: string | undefined;
}

/** Base of all that goes wrong in a call to SciCat or Globus. */
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
   * Whether the upstream may have carried out the call although it failed here: a time-out, a
   * dropped connection, a 5xx. If so, check before retrying.
   */
  abstract readonly outcomeUnclear: boolean;
}

/** No answer in time. */
export class UpstreamTimeoutError extends UpstreamError {
  readonly code = 'UPSTREAM_TIMEOUT';
  readonly outcomeUnclear = true;
}

/** Not reachable, overloaded, rate-limiting, in maintenance, or broken inside. */
export class UpstreamUnavailableError extends UpstreamError {
  readonly code = 'UPSTREAM_UNAVAILABLE';
  readonly outcomeUnclear: boolean;

  constructor(
    upstream: Upstream,
    message: string,
    options: UpstreamErrorOptions & {
      /** False when the call certainly was not carried out (refused connection, 429). */
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

/** An answer that can't be understood. */
export class UpstreamMalformedError extends UpstreamError {
  readonly code = 'UPSTREAM_MALFORMED';
  readonly outcomeUnclear = true;
}

/** The proxy's own account, secret or scope was refused: a matter for the operator, never the user. */
export class ServiceAccountError extends UpstreamError {
  readonly code = 'SERVICE_ACCOUNT';
  readonly outcomeUnclear = false;
}

/** The proxy's own account can't even log in, which says nothing of what it may do. */
export class LoginRefusedError extends ServiceAccountError {}
