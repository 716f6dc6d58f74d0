/** One HTTP request as an emulator's state machine sees it. */
export interface EmulatedRequest {
  /** Upper case. */
  readonly method: string;
  /** Path without query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Raw body text; empty when there is none. */
  readonly body: string;
}

/** The answer: `body` is sent as JSON unless it is a string with a content type of its own. */
export interface EmulatedResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** `undefined` sends an empty body. */
  readonly body?: unknown;
  /**
   * Milliseconds that the service takes before this answer leaves it; `Infinity` for never. The
   * machine has no time of its own: its server, or the simulation around it, does the waiting.
   */
  readonly delayMs?: number;
}

/**
 * A service as a state machine: all it does is a function of its state, the request and the time,
 * so that the same machine serves a real port and a simulation in virtual time.
 */
export interface Emulator {
  /** @param now wall clock in milliseconds since the epoch */
  handle(request: EmulatedRequest, now: number): EmulatedResponse;
}
