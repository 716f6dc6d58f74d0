import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Functions that define a metric in a registry. Their names begin with `globus_proxy_`. */
export function metricsIn(registry: Registry) {
  const common = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ) => ({ name: `globus_proxy_${name}`, help, labelNames, registers: [registry] });
  return {
    counter: <Label extends string>(name: string, help: string, labels: readonly Label[]) =>
      new Counter(common(name, help, labels)),
    gauge: <Label extends string = never>(
      name: string,
      help: string,
      labels: readonly Label[] = [],
    ) => new Gauge(common(name, help, labels)),
    histogram: <Label extends string = never>(
      name: string,
      help: string,
      buckets: number[],
      labels: readonly Label[] = [],
    ) => new Histogram({ ...common(name, help, labels), buckets }),
  };
}
