import { Module } from '@nestjs/common';
import { IDENTITIES } from '../ports/identities.port.js';
import type { Account } from '../config/app-config.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { HTTP_TRANSPORT, type HttpTransport } from '../ports/http-transport.port.js';
import { UpstreamCaller } from '../http-client/upstream-caller.js';
import { UpstreamCalls } from '../http-client/upstream-calls.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { ARCHIVE_JOBS } from '../ports/archive-jobs.port.js';
import { DATASETS } from '../ports/datasets.port.js';
import { TRANSFER_JOBS, type TransferJobs } from '../ports/transfer-jobs.port.js';
import { ScicatApi } from './scicat-api.js';
import { ScicatArchiveJobs } from './scicat-archive-jobs.client.js';
import { ScicatDatasets } from './scicat-datasets.client.js';
import { ScicatHealth } from './scicat-health.js';
import { ScicatIdentities } from './scicat-identities.client.js';
import { ScicatTransferJobs } from './scicat-jobs.client.js';
import { ServiceAccount } from './service-account.js';

/** The account that creates, lists and reads jobs. */
const CREATOR = Symbol('ScicatCreator');
/** The account that writes and removes jobs and sets lifecycles; may be the creator. */
const UPDATER = Symbol('ScicatUpdater');

/**
 * SciCat behind the ports of the transfers and of authentication. Needs `ConfigSnapshots`,
 * `HTTP_TRANSPORT`, `UpstreamCalls` and `CLOCK` from modules that are global. Address and accounts are those that the
 * service started with: another SciCat is another set of jobs.
 */
@Module({
  providers: [
    {
      provide: ScicatApi,
      useFactory: (
        config: ConfigSnapshots,
        transport: HttpTransport,
        calls: UpstreamCalls,
        clock: Clock,
      ) =>
        new ScicatApi({
          scicatUrl: config.current().scicatUrl,
          caller: new UpstreamCaller({
            upstream: 'SciCat',
            transport,
            clock,
            random: Math.random,
            observe: calls.observe,
          }),
        }),
      inject: [ConfigSnapshots, HTTP_TRANSPORT, UpstreamCalls, CLOCK],
    },
    {
      provide: CREATOR,
      useFactory: (config: ConfigSnapshots, api: ScicatApi, clock: Clock) =>
        serviceAccount(
          config.current().secrets.scicatServiceUser,
          'SCICAT_SERVICE_USER',
          api,
          clock,
        ),
      inject: [ConfigSnapshots, ScicatApi, CLOCK],
    },
    {
      provide: UPDATER,
      useFactory: (
        config: ConfigSnapshots,
        api: ScicatApi,
        clock: Clock,
        creator: ServiceAccount,
      ) => {
        const account = config.current().secrets.scicatUpdateUser;
        return account === undefined
          ? creator
          : serviceAccount(account, 'SCICAT_UPDATE_USER', api, clock);
      },
      inject: [ConfigSnapshots, ScicatApi, CLOCK, CREATOR],
    },
    {
      provide: TRANSFER_JOBS,
      useFactory: (creator: ServiceAccount, updater: ServiceAccount, config: ConfigSnapshots) =>
        new ScicatTransferJobs({
          creator,
          updater,
          formerAccounts: () => config.current().scicat.formerServiceUsers,
        }),
      inject: [CREATOR, UPDATER, ConfigSnapshots],
    },
    {
      provide: ARCHIVE_JOBS,
      useFactory: (creator: ServiceAccount, jobs: TransferJobs) =>
        new ScicatArchiveJobs({ creator, ownAccounts: () => jobs.ownAccounts() }),
      inject: [CREATOR, TRANSFER_JOBS],
    },
    {
      provide: DATASETS,
      useFactory: (api: ScicatApi, updater: ServiceAccount) => new ScicatDatasets({ api, updater }),
      inject: [ScicatApi, UPDATER],
    },
    {
      provide: IDENTITIES,
      useFactory: (api: ScicatApi) => new ScicatIdentities({ api }),
      inject: [ScicatApi],
    },
    {
      provide: ScicatHealth,
      useFactory: (api: ScicatApi) => new ScicatHealth({ api }),
      inject: [ScicatApi],
    },
  ],
  exports: [TRANSFER_JOBS, ARCHIVE_JOBS, DATASETS, IDENTITIES, ScicatHealth],
})
export class ScicatModule {}

function serviceAccount(
  { username, password }: Account,
  setting: string,
  api: ScicatApi,
  clock: Clock,
): ServiceAccount {
  return new ServiceAccount({ api, clock, username, password: () => password.reveal(), setting });
}
