import type { Registry } from 'prom-client';
import type { ObservedAttempt, ObservedCall } from '../http-client/upstream-caller.js';
import { metricsIn } from './define-metrics.js';
import { ATTEMPT_FAILURES, attemptFailure, callOutcome } from './labels.js';

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

const SERVICES = ['SciCat', 'Globus'] as const;

/** @returns a listener that counts failed attempts to call SciCat and Globus by their cause */
export function attemptMetrics(registry: Registry): (attempt: ObservedAttempt) => void {
  const failures = metricsIn(registry).counter(
    'upstream_failures_total',
    'Failed attempts to call SciCat and Globus, retries included, by cause.',
    ['service', 'reason'],
  );
  // From 0: `increase()` does not see an increase that creates its series.
  for (const service of SERVICES) {
    for (const reason of ATTEMPT_FAILURES) failures.inc({ service, reason }, 0);
  }
  return ({ upstream, result }) => {
    const reason = attemptFailure(result);
    if (reason !== undefined) failures.inc({ service: upstream, reason });
  };
}
