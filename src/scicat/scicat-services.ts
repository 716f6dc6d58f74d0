import type { Account, AppConfig } from '../config/app-config.js';
import { UpstreamCaller, type UpstreamDeps } from '../http-client/upstream-caller.js';
import { ScicatApi } from './scicat-api.js';
import { ScicatArchiveJobs } from './scicat-archive-jobs.client.js';
import { ScicatDatasets } from './scicat-datasets.client.js';
import { ScicatHealth } from './scicat-health.js';
import { ScicatIdentities } from './scicat-identities.client.js';
import { ScicatTransferJobs } from './scicat-jobs.client.js';
import { ServiceAccount } from './service-account.js';

/** The settings that hold SciCat's address and the service's accounts. */
export type ScicatConfig = Pick<AppConfig, 'scicatUrl' | 'secrets'> & {
  readonly scicat: Pick<AppConfig['scicat'], 'formerServiceUsers'>;
};

/** The SciCat adapters. */
export type ScicatServices = ReturnType<typeof scicatServices>;

/** Collaborators of the SciCat adapters. */
export interface ScicatDeps extends UpstreamDeps {
  /** For calls that users' requests make themselves. @default `transport` */
  readonly usersTransport?: UpstreamDeps['transport'];
}

/**
 * Composes the SciCat adapters, for both the service and the command line. Sends nothing.
 *
 * @param config called now for the address and the accounts, which never change while the service
 *   runs (another SciCat has other jobs), and at each use of `formerServiceUsers`
 */
export function scicatServices(config: () => ScicatConfig, deps: ScicatDeps) {
  const { scicatUrl, secrets } = config();
  const { scicatServiceUser, scicatUpdateUser } = secrets;
  const { usersTransport = deps.transport } = deps;
  const apiOver = (transport: UpstreamDeps['transport']) =>
    new ScicatApi({
      scicatUrl,
      caller: new UpstreamCaller({ ...deps, transport, upstream: 'SciCat' }),
    });
  const api = apiOver(deps.transport);
  const usersApi = apiOver(usersTransport);
  const account = ({ username, password }: Account, setting: string) =>
    new ServiceAccount({
      api,
      clock: deps.clock,
      username,
      password: () => password.reveal(),
      setting,
    });
  const creator = account(scicatServiceUser, 'SCICAT_SERVICE_USER');
  const updater =
    scicatUpdateUser === undefined ? creator : account(scicatUpdateUser, 'SCICAT_UPDATE_USER');
  const formerAccounts = (): readonly string[] => config().scicat.formerServiceUsers;
  const jobs = new ScicatTransferJobs({ creator, updater, formerAccounts, clock: deps.clock });
  return {
    api,
    /** The account that creates, lists and reads jobs. */
    creator,
    /** The account that writes and deletes jobs and sets lifecycles; may be the creator. */
    updater,
    jobs,
    /** For what users' requests ask themselves. */
    usersJobs: new ScicatTransferJobs({
      creator: creator.through(usersApi),
      updater: updater.through(usersApi),
      formerAccounts,
      clock: deps.clock,
    }),
    archiveJobs: new ScicatArchiveJobs({ creator, ownAccounts: () => jobs.ownAccounts() }),
    datasets: new ScicatDatasets({ api: usersApi, updater, creator }),
    identities: new ScicatIdentities(usersApi),
    health: new ScicatHealth(api),
  };
}
