import type { Registry } from 'prom-client';
import type { ObservedCall } from '../http-client/upstream-caller.js';
import { metricsIn } from './define-metrics.js';
import { callOutcome } from './labels.js';

/** @returns a listener that counts and times calls to SciCat and Globus */
export function upstreamMetrics(registry: Registry): (call: ObservedCall) => void {
  const { counter, histogram } = metricsIn(registry);
  const labelNames = ['service', 'operation'] as const;
  const calls = counter(
    'upstream_calls_total',
    'Calls to SciCat and Globus by the outcome of their last attempt. Retries are not counted.',
    [...labelNames, 'outcome'],
  );
  const duration = histogram(
    'upstream_call_duration_seconds',
    'Duration of calls to SciCat and Globus, including retries and the pauses between them.',
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    labelNames,
  );
  const retries = counter(
    'upstream_retries_total',
    'Retries of calls to SciCat and Globus.',
    labelNames,
  );
  return ({ upstream, operation, outcome, attempts, durationMs }) => {
    const labels = { service: upstream, operation };
    calls.inc({ ...labels, outcome: callOutcome(outcome) });
    duration.observe(labels, durationMs / 1000);
    retries.inc(labels, Math.max(0, attempts - 1));
  };
}
