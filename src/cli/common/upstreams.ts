import { HttpService } from '@nestjs/axios';
import type { AppConfig } from '../../config/app-config.js';
import { globusServices, type GlobusServices } from '../../globus/globus-services.js';
import { AxiosTransport } from '../../http-client/axios-transport.js';
import { ClosableTransport } from '../../http-client/closable-transport.js';
import type { Clock } from '../../ports/clock.port.js';
import { scicatServices, type ScicatServices } from '../../scicat/scicat-services.js';
import { SystemClock } from '../../time/system-clock.js';

/**
 * SciCat and Globus for commands: the adapters of the service without its moving parts. Nothing is
 * locked, nothing listens and no call is made before a command makes one, so a command can run
 * beside the service.
 */
export interface Upstreams {
  readonly clock: Clock;
  readonly scicat: ScicatServices;
  readonly globus: GlobusServices;
  /** Ends all calls and connections, so that the process can end. */
  close(): void;
}

/** Connects to the services that a configuration names. Commands take it as a parameter. */
export type ConnectUpstreams = (config: AppConfig) => Upstreams;

/** As {@link ConnectUpstreams}, over the network of this machine. */
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
