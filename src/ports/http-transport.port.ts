/** A body that is too long to be held as one string. */
export interface StreamedBody {
  /** How many bytes it has. */
  readonly bytes: number;
  /** The body in pieces, from the start at every call: a retry sends all of it again. */
  pieces(): AsyncIterable<Buffer>;
}

/** One HTTP request on the wire. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Already encoded. */
  readonly body?: string | StreamedBody;
  /** From the call to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Use a connection that is new, or was in use a moment ago. For calls that must not be retried
   * blindly: the server may drop one that has long been idle just when it is used.
   */
  readonly freshConnection?: boolean;
}

/** Any answer, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; the string itself when it is not JSON; undefined when there is none. */
  readonly body: unknown;
}

/**
 * - `timeout`: no answer in time.
 * - `not-sent`: the request certainly did not reach the service (no such host, refused).
 * - `lost`: the connection broke after the request may have been read.
 * - `aborted`: the caller's signal; says nothing about the service.
 */
export type TransportFailure = 'timeout' | 'not-sent' | 'lost' | 'aborted';

/** No answer. Carries nothing of the request, which holds tokens. */
export class TransportError extends Error {
  constructor(
    readonly failure: TransportFailure,
    message: string,
  ) {
    super(message);
    this.name = 'TransportError';
  }
}

/** The network as a port: axios in the service, an emulator's state machine in a simulation. */
export interface HttpTransport {
  /** @throws TransportError, and what a streamed body throws: then the request was not sent whole */
  send(request: HttpRequest): Promise<HttpResponse>;
}

/** Injection token of {@link HttpTransport}. */
export const HTTP_TRANSPORT = Symbol('HttpTransport');
