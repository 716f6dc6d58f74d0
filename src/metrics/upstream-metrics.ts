import { Counter, Histogram, type Registry } from 'prom-client';
import type { ObservedCall } from '../http-client/upstream-caller.js';
import { callOutcome } from './labels.js';

/** Counts and measures the calls to SciCat and Globus. */
export class UpstreamMetrics {
  private readonly calls: Counter<'service' | 'operation' | 'outcome'>;
  private readonly duration: Histogram<'service' | 'operation'>;
  private readonly retries: Counter<'service' | 'operation'>;

  constructor(registry: Registry) {
    this.calls = new Counter({
      name: 'globus_proxy_upstream_calls_total',
      help: 'Calls to SciCat and Globus, repeated attempts not counted, by how the last attempt ended.',
      labelNames: ['service', 'operation', 'outcome'],
      registers: [registry],
    });
    this.duration = new Histogram({
      name: 'globus_proxy_upstream_call_duration_seconds',
      help: 'Duration of calls to SciCat and Globus, with all attempts and the pauses between them.',
      labelNames: ['service', 'operation'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers: [registry],
    });
    this.retries = new Counter({
      name: 'globus_proxy_upstream_retries_total',
      help: 'Attempts beyond the first of calls to SciCat and Globus.',
      labelNames: ['service', 'operation'],
      registers: [registry],
    });
  }

  /** A call has ended. */
  readonly observe = ({
    upstream,
    operation,
    outcome,
    attempts,
    durationMs,
  }: ObservedCall): void => {
    const labels = { service: upstream, operation };
    this.calls.inc({ ...labels, outcome: callOutcome(outcome) });
    this.duration.observe(labels, durationMs / 1000);
    this.retries.inc(labels, Math.max(0, attempts - 1));
  };
}
