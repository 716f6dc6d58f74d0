export interface EmulatedRequest {
  /** Upper case. */
  readonly method: string;
  /** Path without query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty without a body. */
  readonly body: string;
}

export interface EmulatedResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is a string with its own content type. `undefined`: an empty body. */
  readonly body?: unknown;
  /**
   * Milliseconds until the service answers; `Infinity` for never. The caller of the emulator waits.
   */
  readonly delayMs?: number;
}

/** A service as a pure state machine, which can serve a real port or a simulation in virtual time. */
export interface Emulator {
  /** @param now wall clock in milliseconds since the epoch */
  handle(request: EmulatedRequest, now: number): EmulatedResponse;
}
