import { HttpService } from '@nestjs/axios';
import type { AppConfig } from '../config/app-config.js';
import { AxiosTransport } from '../http-client/axios-transport.js';
import { ClosableTransport } from '../http-client/closable-transport.js';
import type { HttpTransport } from '../ports/http-transport.port.js';
import { UpstreamCaller } from '../http-client/upstream-caller.js';
import { ScicatApi } from '../scicat/scicat-api.js';
import { ScicatDatasets } from '../scicat/scicat-datasets.client.js';
import { ScicatIdentities } from '../scicat/scicat-identities.client.js';
import { ScicatTransferJobs } from '../scicat/scicat-jobs.client.js';
import { ServiceAccount } from '../scicat/service-account.js';
import type { Clock } from '../ports/clock.port.js';
import { SystemClock } from '../time/system-clock.js';

/**
 * The services behind the proxy, for commands: the very adapters that the service works with, but
 * none of its moving parts. Nothing is locked, nothing listens, and no call is made before a command
 * makes one, so that all this may be used while the service runs.
 */
export interface Upstreams {
  readonly clock: Clock;
  readonly transport: HttpTransport;
  readonly scicat: {
    readonly api: ScicatApi;
    /** The account that creates, lists and reads jobs. */
    readonly creator: ServiceAccount;
    /** The account that writes and removes jobs and reads datasets; the creator where there is one. */
    readonly updater: ServiceAccount;
    readonly identities: ScicatIdentities;
    readonly datasets: ScicatDatasets;
    readonly jobs: ScicatTransferJobs;
  };
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
  const api = new ScicatApi({
    scicatUrl: config.scicatUrl,
    caller: new UpstreamCaller({ upstream: 'SciCat', transport, clock, random: Math.random }),
  });
  const { scicatServiceUser, scicatUpdateUser } = config.secrets;
  const account = (
    { username, password }: typeof scicatServiceUser,
    setting: string,
  ): ServiceAccount =>
    new ServiceAccount({ api, clock, username, password: () => password.reveal(), setting });
  const creator = account(scicatServiceUser, 'SCICAT_SERVICE_USER');
  const updater =
    scicatUpdateUser === undefined ? creator : account(scicatUpdateUser, 'SCICAT_UPDATE_USER');
  return {
    clock,
    transport,
    scicat: {
      api,
      creator,
      updater,
      identities: new ScicatIdentities({ api }),
      datasets: new ScicatDatasets({ api, updater }),
      jobs: new ScicatTransferJobs({
        creator,
        updater,
        formerAccounts: () => config.scicat.formerServiceUsers,
      }),
    },
    close: () => {
      transport.close();
      network.onApplicationShutdown();
    },
  };
}
