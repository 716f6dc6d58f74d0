/** Limits that protect the service from misbehaving clients. */
export interface ServerLimits {
  /** From the start of a connection, or of a request on it, to the end of the headers. */
  readonly headersMs: number;
  /** For a whole request, including a large body over a slow connection. */
  readonly requestMs: number;
  /** How long an idle connection is kept open, unless there is no room for new ones. */
  readonly keepAliveMs: number;
  /** Closes a connection without traffic in either direction. Longer than any request takes. */
  readonly silenceMs: number;
  /** Interval at which the times above are checked; each may be exceeded by as much. */
  readonly checkEveryMs: number;
  /** How long the rest of a body is discarded after the response, so that the client receives it. */
  readonly lingerMs: number;
  /** How long requests may still be answered while the service stops, after the tracker has stopped. */
  readonly closeWithinMs: number;
  /** A body must bring at least this per second … */
  readonly bodyBytesPerSecond: number;
  /** … and is too slow once it is this many seconds behind. */
  readonly slowBodySeconds: number;
}

/** Not configurable. What installations may need to change is in the `server` section. */
export const SERVER_LIMITS: ServerLimits = {
  headersMs: 20_000,
  requestMs: 300_000,
  // The client must close first. If it sends a request just as the service closes, it gets a reset,
  // and a POST is not retried: the transfer fails. Idle connections are kept for 60 s by nginx and
  // AWS's load balancer, 90 s by Go (the Ingestor, Traefik), Rust and Azure Front Door, 115 s by
  // Firefox, 118 s by curl, 120 s by Caddy and older .NET, 300 s by Chrome, and 600 s by Google's
  // load balancer.
  keepAliveMs: 620_000,
  silenceMs: 300_000,
  checkEveryMs: 5_000,
  lingerMs: 30_000,
  // With the tracker's 15 s, within the 20 s of a stop.
  closeWithinMs: 4_000,
  bodyBytesPerSecond: 1024,
  slowBodySeconds: 20,
};

/** Injection token of {@link ServerLimits}. */
export const LIMITS = Symbol('ServerLimits');
