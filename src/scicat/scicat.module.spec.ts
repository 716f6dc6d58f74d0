import { describe, expect, it } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { answer, LeapingClock, loggedIn } from '../../test/contract/scicat/scripted-scicat.js';
import { NO_REFUSALS } from '../../test/support/no-refusals.js';
import { RecordedEvents } from '../../test/support/recorded-events.js';
import { AuthModule } from '../auth/auth.module.js';
import { Authenticator } from '../auth/authenticator.js';
import { IDENTITIES } from '../ports/identities.port.js';
import type { AppConfig } from '../config/app-config.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { Secret } from '../config/secret.js';
import {
  HTTP_TRANSPORT,
  type HttpRequest,
  USERS_HTTP_TRANSPORT,
} from '../ports/http-transport.port.js';
import { UpstreamCalls } from '../http-client/upstream-calls.js';
import { createLogger, LOGGER } from '../logging/logger.js';
import { CLOCK } from '../ports/clock.port.js';
import { ARCHIVE_JOBS } from '../ports/archive-jobs.port.js';
import { DATASETS } from '../ports/datasets.port.js';
import { TRANSFER_EVENTS } from '../ports/transfer-events.port.js';
import { TRANSFER_JOBS, type TransferJobs } from '../ports/transfer-jobs.port.js';
import { ScicatArchiveJobs } from './scicat-archive-jobs.client.js';
import { ScicatDatasets } from './scicat-datasets.client.js';
import { ScicatHealth } from './scicat-health.js';
import { ScicatIdentities } from './scicat-identities.client.js';
import { ScicatTransferJobs } from './scicat-jobs.client.js';

const JOB = '2d5528e1-0f3e-4f0a-8c58-0a1b2c3d4e5f';

/** The part of the configuration that this module may read. */
function configWith(change: object, former: readonly string[]): AppConfig {
  const part: Pick<AppConfig, 'scicatUrl' | 'scicat' | 'secrets'> = {
    scicatUrl: 'https://scicat.test/base',
    scicat: { formerServiceUsers: former, statusCodes: 'numbers', operatorGroups: [] },
    secrets: {
      globusClientId: 'unused',
      globusClientSecret: new Secret('unused'),
      scicatServiceUser: { username: 'creator', password: new Secret('creator-pw') },
      ...change,
    },
  };
  return part as AppConfig;
}

async function wired(change: object = {}) {
  const sent: HttpRequest[] = [];
  const config = new ConfigSnapshots(configWith(change, ['former']));
  const transport = {
    send: (request: HttpRequest) => {
      sent.push(request);
      return Promise.resolve(
        request.url.endsWith('/auth/login') ? loggedIn('t') : answer(200, { id: JOB, type: 'x' }),
      );
    },
  };
  @Global()
  @Module({
    providers: [
      { provide: ConfigSnapshots, useValue: config },
      { provide: HTTP_TRANSPORT, useValue: transport },
      { provide: USERS_HTTP_TRANSPORT, useValue: transport },
      { provide: CLOCK, useValue: new LeapingClock() },
      NO_REFUSALS,
      { provide: TRANSFER_EVENTS, useValue: new RecordedEvents() },
      UpstreamCalls,
      { provide: LOGGER, useValue: createLogger('silent') },
    ],
    exports: [
      ConfigSnapshots,
      HTTP_TRANSPORT,
      USERS_HTTP_TRANSPORT,
      CLOCK,
      NO_REFUSALS.provide,
      TRANSFER_EVENTS,
      UpstreamCalls,
      LOGGER,
    ],
  })
  class SurroundingsModule {}
  const app = await Test.createTestingModule({
    imports: [SurroundingsModule, AuthModule],
  }).compile();
  return { app, sent, config, jobs: app.get<TransferJobs>(TRANSFER_JOBS, { strict: false }) };
}

const loginsAmong = (sent: readonly HttpRequest[]): unknown[] =>
  sent
    .filter(({ url }) => url === 'https://scicat.test/base/api/v3/auth/login')
    .map(({ body }) => JSON.parse(typeof body === 'string' ? body : '') as unknown);

describe('ScicatModule and AuthModule', () => {
  it('put SciCat behind all ports', async () => {
    const { app } = await wired();
    const classOf = (token: symbol | typeof ScicatHealth | typeof Authenticator) =>
      app.get<object>(token, { strict: false }).constructor;
    expect(
      [TRANSFER_JOBS, ARCHIVE_JOBS, DATASETS, IDENTITIES, ScicatHealth, Authenticator].map(classOf),
    ).toEqual([
      ScicatTransferJobs,
      ScicatArchiveJobs,
      ScicatDatasets,
      ScicatIdentities,
      ScicatHealth,
      Authenticator,
    ]);
    await app.close();
  });

  it('have one account do everything, with one login', async () => {
    const { app, sent, jobs } = await wired();
    await jobs.read(JOB);
    await jobs.remove(JOB);
    expect(loginsAmong(sent)).toEqual([{ username: 'creator', password: 'creator-pw' }]);
    await app.close();
  });

  it('have the update user remove jobs, where there is one', async () => {
    const updater = { username: 'updater', password: new Secret('updater-pw') };
    const { app, sent, jobs } = await wired({ scicatUpdateUser: updater });
    await jobs.remove(JOB);
    await jobs.read(JOB);
    expect(loginsAmong(sent)).toEqual([
      { username: 'updater', password: 'updater-pw' },
      { username: 'creator', password: 'creator-pw' },
    ]);
    await app.close();
  });

  it('know former names of the account from the configuration in force', async () => {
    const { app, config, jobs } = await wired();
    expect(jobs.ownAccounts()).toEqual(['creator', 'former']);
    config.replace(configWith({}, ['former', 'even earlier']));
    expect(jobs.ownAccounts()).toEqual(['creator', 'former', 'even earlier']);
    await app.close();
  });
});
