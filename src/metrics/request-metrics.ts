import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, Histogram, type Registry } from 'prom-client';
import { isDocumentation, statusClass, statusLabel } from './labels.js';

/** Express notes the route that a request has matched. */
interface RoutedRequest {
  readonly route?: { readonly path?: unknown };
}

/** Counts the requests that the service answers, and measures how long that takes. */
export class RequestMetrics {
  private readonly requests: Counter<'operation' | 'status'>;
  private readonly duration: Histogram<'operation' | 'outcome'>;

  /** @param labels of the routes, see `routeLabels` */
  constructor(
    registry: Registry,
    private readonly labels: ReadonlyMap<string, string>,
  ) {
    this.requests = new Counter({
      name: 'globus_proxy_requests_total',
      help: 'Requests by operation and status; "aborted" when the caller did not wait for the answer.',
      labelNames: ['operation', 'status'],
      registers: [registry],
    });
    this.duration = new Histogram({
      name: 'globus_proxy_request_duration_seconds',
      help: 'From the headers of a request to the end of its answer, by operation and class of status.',
      labelNames: ['operation', 'outcome'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    });
  }

  /** To stand before everything that answers. */
  readonly measure = (
    request: IncomingMessage & RoutedRequest,
    response: ServerResponse,
    next: () => void,
  ): void => {
    const startedAt = performance.now();
    const { method = '', url = '' } = request;
    response.once('close', () => {
      const { statusCode, writableFinished } = response;
      const status = writableFinished ? statusLabel(statusCode) : 'aborted';
      const operation = this.operationOf(method, url, request);
      const outcome = writableFinished ? statusClass(statusCode) : 'aborted';
      this.requests.inc({ operation, status });
      this.duration.observe({ operation, outcome }, (performance.now() - startedAt) / 1000);
    });
    next();
  };

  private operationOf(method: string, url: string, { route }: RoutedRequest): string {
    const label = this.labels.get(`${method} ${String(route?.path)}`);
    if (label !== undefined) return label;
    return method === 'GET' && isDocumentation(url.split('?', 1)[0] ?? '') ? 'docs' : 'other';
  }
}
