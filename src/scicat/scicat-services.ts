import type { Account, AppConfig } from '../config/app-config.js';
import { type ObservedCall, UpstreamCaller } from '../http-client/upstream-caller.js';
import type { Clock } from '../ports/clock.port.js';
import type { HttpTransport } from '../ports/http-transport.port.js';
import { ScicatApi } from './scicat-api.js';
import { ScicatArchiveJobs } from './scicat-archive-jobs.client.js';
import { ScicatDatasets } from './scicat-datasets.client.js';
import { ScicatHealth } from './scicat-health.js';
import { ScicatIdentities } from './scicat-identities.client.js';
import { ScicatTransferJobs } from './scicat-jobs.client.js';
import { ServiceAccount } from './service-account.js';

/** The part of the configuration that says where SciCat is and who the service is there. */
export type ScicatConfig = Pick<AppConfig, 'scicatUrl' | 'scicat' | 'secrets'>;

/** What SciCat is reached with. */
export interface ScicatDeps {
  readonly transport: HttpTransport;
  readonly clock: Clock;
  /** From 0 (included) to 1; spreads retries. */
  readonly random: () => number;
  /** Told of every call. */
  readonly observe?: (call: ObservedCall) => void;
}

/** Everything that talks to SciCat. */
export interface ScicatServices {
  readonly api: ScicatApi;
  /** The account that creates, lists and reads jobs. */
  readonly creator: ServiceAccount;
  /** The account that writes and deletes jobs and sets lifecycles; may be the creator. */
  readonly updater: ServiceAccount;
  readonly jobs: ScicatTransferJobs;
  readonly archiveJobs: ScicatArchiveJobs;
  readonly datasets: ScicatDatasets;
  readonly identities: ScicatIdentities;
  readonly health: ScicatHealth;
}

/**
 * Composes the SciCat adapters, for the service and the command line alike. Sends nothing itself.
 *
 * @param config read now for the address and the accounts, which never change while the service
 *   runs (another SciCat is another set of jobs), and again at each use of `formerServiceUsers`
 */
export function scicatServices(config: () => ScicatConfig, deps: ScicatDeps): ScicatServices {
  const { scicatUrl, secrets } = config();
  const { scicatServiceUser, scicatUpdateUser } = secrets;
  const caller = new UpstreamCaller({ ...deps, upstream: 'SciCat' });
  const api = new ScicatApi({ scicatUrl, caller });
  const account = ({ username, password }: Account, setting: string): ServiceAccount => {
    const { clock } = deps;
    return new ServiceAccount({ api, clock, username, password: () => password.reveal(), setting });
  };
  const creator = account(scicatServiceUser, 'SCICAT_SERVICE_USER');
  const updater =
    scicatUpdateUser === undefined ? creator : account(scicatUpdateUser, 'SCICAT_UPDATE_USER');
  const formerAccounts = (): readonly string[] => config().scicat.formerServiceUsers;
  const jobs = new ScicatTransferJobs({ creator, updater, formerAccounts });
  return {
    api,
    creator,
    updater,
    jobs,
    archiveJobs: new ScicatArchiveJobs({ creator, ownAccounts: () => jobs.ownAccounts() }),
    datasets: new ScicatDatasets({ api, updater }),
    identities: new ScicatIdentities({ api }),
    health: new ScicatHealth({ api }),
  };
}
