import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Functions that define a metric in a registry. Their names begin with `globus_proxy_`. */
export function metricsIn(registry: Registry) {
  const common = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ) => ({ name: `globus_proxy_${name}`, help, labelNames, registers: [registry] });
  return {
    counter: <Label extends string>(
      name: string,
      help: string,
      labels: readonly Label[],
      atScrape?: (counter: Counter<Label>) => void,
    ) => new Counter({ ...common(name, help, labels), ...collecting(atScrape) }),
    gauge: <Label extends string = never>(
      name: string,
      help: string,
      labels: readonly Label[] = [],
      atScrape?: (gauge: Gauge<Label>) => void,
    ) => new Gauge({ ...common(name, help, labels), ...collecting(atScrape) }),
    histogram: <Label extends string = never>(
      name: string,
      help: string,
      buckets: number[],
      labels: readonly Label[] = [],
    ) => new Histogram({ ...common(name, help, labels), buckets }),
  };
}

/** The library calls `collect` on the metric before it is read. */
function collecting<Metric>(atScrape: ((metric: Metric) => void) | undefined) {
  if (atScrape === undefined) return {};
  return {
    collect(this: Metric): void {
      atScrape(this);
    },
  };
}
