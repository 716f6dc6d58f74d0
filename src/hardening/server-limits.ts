/** What a stranger can take from the service at most, in connections, time and memory. */
export interface ServerLimits {
  /** Connections at the same time. Further ones are closed at once. */
  readonly connections: number;
  /** Milliseconds from the beginning of a connection, or of a request on it, to its last header. */
  readonly headersMs: number;
  /** Milliseconds for a whole request, a big body on a slow line included. */
  readonly requestMs: number;
  /** Milliseconds for which a connection is kept for its next request. */
  readonly keepAliveMs: number;
  /**
   * Milliseconds after which a connection is closed on which nothing moves either way: somebody does
   * not read the answer. Longer than any request takes to be answered.
   */
  readonly silenceMs: number;
  /** Milliseconds between two looks at these times: each may be exceeded by as much. */
  readonly checkEveryMs: number;
  /**
   * Milliseconds for which the rest of a body is thrown away after its request was answered. A
   * sender who is cut off earlier may never see the answer.
   */
  readonly lingerMs: number;
  /** Bytes of bodies that are read or worked on at the same time; one body is always let in. */
  readonly bodyBytesAtOnce: number;
  /** What a body has to bring in each second … */
  readonly bodyBytesPerSecond: number;
  /** … but for as many seconds in a row. */
  readonly slowBodySeconds: number;
}

const MIB = 1024 * 1024;

/**
 * The limits of the service. They are no settings: nobody has had a reason to change one, and what
 * an installation may well want to change is in the section `server` of the configuration.
 */
export const SERVER_LIMITS: ServerLimits = {
  // Below what systems allow a process to open, so that calls to SciCat and Globus still can.
  connections: 2_000,
  headersMs: 20_000,
  requestMs: 300_000,
  // Longer than reverse proxies usually keep theirs: who closes first must be the one who asks.
  keepAliveMs: 65_000,
  silenceMs: 300_000,
  checkEveryMs: 5_000,
  lingerMs: 30_000,
  // As much as one body may have by default. Lists take up to six times as much in memory.
  bodyBytesAtOnce: 128 * MIB,
  bodyBytesPerSecond: 1024,
  slowBodySeconds: 20,
};

/** Injection token of {@link ServerLimits}. */
export const LIMITS = Symbol('ServerLimits');
