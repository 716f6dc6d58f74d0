import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { metricsIn } from './define-metrics.js';
import { isDocumentation, statusClass, statusLabel } from './labels.js';

/** Express adds the route that a request matched. */
type RoutedRequest = IncomingMessage & { readonly route?: { readonly path?: unknown } };

/** Counts and times HTTP requests. */
export class RequestMetrics {
  private readonly requests;
  private readonly duration;

  /** @param labels of the routes, see `routeLabels` */
  constructor(
    registry: Registry,
    private readonly labels: ReadonlyMap<string, string>,
  ) {
    const { counter, histogram } = metricsIn(registry);
    this.requests = counter(
      'requests_total',
      'Requests by operation and status; "aborted" if the client did not wait for the response.',
      ['operation', 'status'],
    );
    this.duration = histogram(
      'request_duration_seconds',
      'Time from the headers of a request to the end of its response, by operation and status class.',
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      ['operation', 'outcome'],
    );
  }

  /** Middleware; must come before all handlers. */
  readonly measure = (request: RoutedRequest, response: ServerResponse, next: () => void): void => {
    const startedAt = performance.now();
    // Routers change the URL.
    const { method = '', url = '' } = request;
    response.once('close', () => {
      const { statusCode, writableFinished } = response;
      const operation = this.operationOf(method, url, request);
      const status = writableFinished ? statusLabel(statusCode) : 'aborted';
      const outcome = writableFinished ? statusClass(statusCode) : 'aborted';
      this.requests.inc({ operation, status });
      this.duration.observe({ operation, outcome }, (performance.now() - startedAt) / 1000);
    });
    next();
  };

  private operationOf(method: string, url: string, { route }: RoutedRequest): string {
    const isDocs = method === 'GET' && isDocumentation(url.split('?', 1)[0] ?? '');
    return this.labels.get(`${method} ${String(route?.path)}`) ?? (isDocs ? 'docs' : 'other');
  }
}
