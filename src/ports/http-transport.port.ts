/** A body too long to be held as one string. */
export interface StreamedBody {
  readonly bytes: number;
  /** The body in pieces; each call begins at the start, for retries. */
  pieces(): AsyncIterable<Buffer>;
}

/** One HTTP request on the wire. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Already encoded. */
  readonly body?: string | StreamedBody;
  /** From the call to the last byte of the response. */
  readonly timeoutMs: number;
  /** Largest response, decompressed. @default that of the transport, which none exceeds */
  readonly maxResponseBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Use a connection that is new or was in use a moment ago. For calls that are unsafe to retry, since
   * the server may close a long idle connection at any moment.
   */
  readonly freshConnection?: boolean;
}

/** A response, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; the string itself when it is not JSON; undefined when empty. */
  readonly body: unknown;
}

/**
 * - `timeout`: no response in time.
 * - `not-sent`: the request certainly did not reach the service (no such host, refused).
 * - `lost`: the connection broke after the request may have been read.
 * - `too-large`: a response arrived, but is larger than the caller wants to read.
 * - `aborted`: the caller's signal; says nothing about the service.
 */
export type TransportFailure = 'timeout' | 'not-sent' | 'lost' | 'too-large' | 'aborted';

/**
 * Why there was no response. A metrics label.
 *
 * - `dns`: the host name can't be resolved.
 * - `refused`, `unreachable`: no connection to the host.
 * - `certificate`, `tls`: no encrypted connection that can be trusted.
 * - `proxy`: a web proxy could not be reached, or opened no connection.
 * - `invalid`: the request can't be sent at all.
 * - `timeout`, `lost`, `too-large`, `aborted`: as in {@link TransportFailure}.
 */
export const FAILURE_REASONS = [
  'dns',
  'refused',
  'unreachable',
  'certificate',
  'tls',
  'proxy',
  'invalid',
  'timeout',
  'lost',
  'too-large',
  'aborted',
] as const;

/** One of {@link FAILURE_REASONS}. */
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** What is known about a failure beyond its kind. */
export interface FailureFacts {
  /** @default `unreachable` for `not-sent`, else the failure itself */
  readonly reason?: FailureReason;
  /** The error code of the system or of TLS, e.g. `ENOTFOUND`. */
  readonly code?: string | undefined;
  /** What an operator can do, in whole sentences. */
  readonly advice?: string | undefined;
}

/**
 * No response. Holds nothing of the request, which contains tokens, and no address. The message says
 * what happened, followed by the advice.
 */
export class TransportError extends Error {
  readonly reason: FailureReason;
  readonly code: string | undefined;
  readonly advice: string | undefined;

  constructor(
    readonly failure: TransportFailure,
    /** Without the advice. */
    readonly what: string,
    { reason, code, advice }: FailureFacts = {},
  ) {
    super(advice === undefined ? what : `${what} ${advice}`);
    this.name = 'TransportError';
    this.reason = reason ?? (failure === 'not-sent' ? 'unreachable' : failure);
    this.code = code;
    this.advice = advice;
  }
}

/** The network: axios in the service, the emulators' state machines in a simulation. */
export interface HttpTransport {
  /** @throws TransportError, or the error of a streamed body, after which the request is incomplete */
  send(request: HttpRequest): Promise<HttpResponse>;
}

/** Injection token of the {@link HttpTransport} of the tracker and of everything else below. */
export const HTTP_TRANSPORT = Symbol('HttpTransport');

/**
 * Injection token of the {@link HttpTransport} of calls that a user's request makes. It has connections
 * of its own, so that however many users ask, the tracker's calls are sent at once.
 */
export const USERS_HTTP_TRANSPORT = Symbol('UsersHttpTransport');
