import type { Registry } from 'prom-client';
import { metricsIn } from './define-metrics.js';

/** What each scrape reads. */
export interface DoorSource {
  readonly connections: () => number;
  /** Requests that are processed, and that wait for their turn. */
  readonly requests: () => { readonly running: number; readonly waiting: number };
  readonly bodyBytes: () => number;
  /** Refusals since the start, by kind. */
  readonly refusals: () => ReadonlyMap<string, number>;
}

/** Defines metrics of who waits at the door, and who is refused there. Read when the registry is. */
export function doorMetrics(registry: Registry, source: DoorSource): void {
  const { counter, gauge } = metricsIn(registry);
  gauge('connections', 'Open connections to the port of the REST API.', [], (connections) => {
    connections.set(source.connections());
  });
  gauge(
    'requests_running',
    'Requests being processed; at most server.maxRequests.',
    [],
    (running) => {
      running.set(source.requests().running);
    },
  );
  gauge(
    'requests_waiting',
    'Requests that wait for their turn; at most server.maxWaitingRequests.',
    [],
    (waiting) => {
      waiting.set(source.requests().waiting);
    },
  );
  gauge(
    'request_body_bytes',
    'Memory reserved for request bodies; see server.maxBodiesMiB.',
    [],
    (bytes) => {
      bytes.set(source.bodyBytes());
    },
  );
  counter(
    'refused_total',
    'Connections, requests and bodies that were refused because of a bound of the service, by what was refused.',
    ['what'],
    (refused) => {
      refused.reset();
      for (const [kind, times] of source.refusals()) refused.inc({ what: kind }, times);
    },
  );
}
