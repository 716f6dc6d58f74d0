import { HttpService } from '@nestjs/axios';
import type { AppConfig } from '../../config/app-config.js';
import { globusServices, type GlobusServices } from '../../globus/globus-services.js';
import { AxiosTransport } from '../../http-client/axios-transport.js';
import { ClosableTransport } from '../../http-client/closable-transport.js';
import type { Clock } from '../../ports/clock.port.js';
import { scicatServices, type ScicatServices } from '../../scicat/scicat-services.js';
import { SystemClock } from '../../time/system-clock.js';

/**
 * The service's adapters for SciCat and Globus, without the rest of the service. They make no calls
 * on their own, so a command can run while the service does.
 */
export interface Upstreams {
  readonly clock: Clock;
  readonly scicat: ScicatServices;
  readonly globus: GlobusServices;
  /** Ends all calls and connections, so that the process can exit. */
  close(): void;
}

/** Connects to the services in the configuration; tests replace it. */
export type ConnectUpstreams = (config: AppConfig) => Upstreams;

export function connectUpstreams(config: AppConfig): Upstreams {
  const clock = new SystemClock();
  const network = new AxiosTransport(new HttpService());
  const transport = new ClosableTransport(network);
  const deps = { transport, clock, random: Math.random };
  return {
    clock,
    scicat: scicatServices(() => config, deps),
    globus: globusServices(config, deps),
    close: () => {
      transport.close();
      network.onApplicationShutdown();
    },
  };
}
