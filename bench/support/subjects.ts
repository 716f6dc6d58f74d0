import type { BareClientControls, BareLoad, BareResult } from './bare-client.process.js';
import { startChild } from './child.js';
import type { LoadResult } from './load.js';
import { ACCOUNTS } from './names.js';
import type { BenchProxy } from './proxy.js';
import { ProxyClient } from './proxy-client.js';
import type { Remote } from './remote.js';
import type { BenchWorld } from './world.js';

const SERIES = 'run';

/** Some load; each request gets a dataset of its own, since an equal one would share its transfer. */
export interface Load extends Pick<BareLoad, 'pattern' | 'count' | 'concurrency'> {
  readonly files?: number;
}

/** Load on the proxy, with the processor time that it took of the proxy, in milliseconds. */
export interface ProxyLoadResult extends LoadResult {
  readonly cpuMs: number;
}

/** What is measured against each other: a bare client, and proxies, over the same services. */
export class Subjects {
  private next = 1;

  private constructor(
    private readonly world: BenchWorld,
    private readonly bareClient: Remote<BareClientControls>,
    /** A scientist's. */
    readonly userToken: string,
  ) {}

  static async start(world: BenchWorld): Promise<Subjects> {
    const bareClient = startChild<BareClientControls>(
      world.cleanUp,
      new URL('./bare-client.process.js', import.meta.url),
      'the bare client',
    );
    const userToken = await world.scicat.mintToken(ACCOUNTS.scientist.username);
    await bareClient.access({
      scicatUrl: await world.scicat.url(),
      globusUrl: await world.globus.url(),
      userToken,
      serviceToken: await world.scicat.mintToken(ACCOUNTS.baseline.username),
      globusToken: await world.globus.token('baseline'),
    });
    return new Subjects(world, bareClient, userToken);
  }

  async bare({ pattern, count, concurrency, files }: Load): Promise<BareResult> {
    const from = await this.datasets(count);
    return this.bareClient.run({ pattern, series: SERIES, from, count, concurrency, files });
  }

  async proxy(
    proxy: BenchProxy,
    { count, concurrency }: Pick<Load, 'count' | 'concurrency'>,
    body?: Buffer,
  ): Promise<ProxyLoadResult> {
    const from = await this.datasets(count);
    const client = new ProxyClient(proxy.url, this.userToken);
    const before = await proxy.controls.cpuMs();
    const result = await client.load(SERIES, from, count, concurrency, body);
    const cpuMs = (await proxy.controls.cpuMs()) - before;
    client.close();
    return { ...result, cpuMs };
  }

  /** Makes new datasets. @returns number of the first; they are called {@link Subjects.series} */
  async datasets(count: number): Promise<number> {
    const from = this.next;
    this.next += count;
    await this.world.scicat.addDatasets(SERIES, from, count);
    return from;
  }

  /** What the datasets are numbered in. */
  get series(): string {
    return SERIES;
  }
}
