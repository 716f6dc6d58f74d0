import { type InjectionToken, Module, type Provider } from '@nestjs/common';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { UpstreamCalls } from '../http-client/upstream-calls.js';
import { ARCHIVE_JOBS } from '../ports/archive-jobs.port.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { DATASETS } from '../ports/datasets.port.js';
import {
  HTTP_TRANSPORT,
  type HttpTransport,
  USERS_HTTP_TRANSPORT,
} from '../ports/http-transport.port.js';
import { IDENTITIES } from '../ports/identities.port.js';
import { TRANSFER_JOBS, USERS_TRANSFER_JOBS } from '../ports/transfer-jobs.port.js';
import { ScicatHealth } from './scicat-health.js';
import { type ScicatServices, scicatServices } from './scicat-services.js';

const SERVICES = Symbol('ScicatServices');

/**
 * SciCat behind its ports. Needs `ConfigSnapshots`, `HTTP_TRANSPORT`,
 * `USERS_HTTP_TRANSPORT`, `UpstreamCalls` and `CLOCK` from
 * global modules.
 */
@Module({
  providers: [
    {
      provide: SERVICES,
      inject: [ConfigSnapshots, HTTP_TRANSPORT, USERS_HTTP_TRANSPORT, CLOCK, UpstreamCalls],
      useFactory: (
        snapshots: ConfigSnapshots,
        transport: HttpTransport,
        usersTransport: HttpTransport,
        clock: Clock,
        { observe, observeAttempt }: UpstreamCalls,
      ) => {
        const reports = { observe, observeAttempt };
        const deps = { transport, usersTransport, clock, random: Math.random, ...reports };
        return scicatServices(() => snapshots.current(), deps);
      },
    },
    part(TRANSFER_JOBS, 'jobs'),
    part(USERS_TRANSFER_JOBS, 'usersJobs'),
    part(ARCHIVE_JOBS, 'archiveJobs'),
    part(DATASETS, 'datasets'),
    part(IDENTITIES, 'identities'),
    part(ScicatHealth, 'health'),
  ],
  exports: [TRANSFER_JOBS, USERS_TRANSFER_JOBS, ARCHIVE_JOBS, DATASETS, IDENTITIES, ScicatHealth],
})
export class ScicatModule {}

function part(token: InjectionToken, name: keyof ScicatServices): Provider {
  return {
    provide: token,
    inject: [SERVICES],
    useFactory: (services: ScicatServices) => services[name],
  };
}
