import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { StateMetrics } from './state-metrics.js';

/** All metrics of the service, as Prometheus reads them. */
export class ServiceMetrics {
  /** @param version of the service */
  constructor(
    private readonly registry: Registry,
    private readonly state: StateMetrics,
    version: string,
  ) {
    // The event loop's delay is measured by a timer: ten a second wake an idle service often enough.
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
    new Gauge({
      name: 'globus_proxy_build_info',
      help: 'Always 1; its labels say what runs.',
      labelNames: ['version', 'node_version'],
      registers: [registry],
    }).set({ version, node_version: process.version }, 1);
  }

  /** All that there is to know now, in Prometheus's text format. */
  async scrape(): Promise<string> {
    this.state.refresh();
    return this.registry.metrics();
  }
}
