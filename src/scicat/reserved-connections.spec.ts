import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aRecord } from '../../test/support/builders.js';
import type { AppConfig } from '../config/app-config.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { Secret } from '../config/secret.js';
import { HttpClientModule } from '../http-client/http-client.module.js';
import { createLogger, LOGGER } from '../logging/logger.js';
import { CLOCK } from '../ports/clock.port.js';
import { DATASETS, type Datasets } from '../ports/datasets.port.js';
import { IDENTITIES, type Identities } from '../ports/identities.port.js';
import {
  TRANSFER_JOBS,
  type TransferJobs,
  USERS_TRANSFER_JOBS,
} from '../ports/transfer-jobs.port.js';
import { SystemClock } from '../time/system-clock.js';
import { ScicatModule } from './scicat.module.js';

const JOB = '2d5528e1-0f3e-4f0a-8c58-0a1b2c3d4e5f';
const ALICE = { username: 'alice', accessGroups: [] };
const USERS_CONNECTIONS = 128;
/** Several times as many. */
const FLOOD = 3 * USERS_CONNECTIONS;

describe('connections to SciCat', () => {
  let server: Server;
  let app: TestingModule;
  let hanging: number;

  beforeEach(async () => {
    hanging = 0;
    // It answers logins and the calls of the tracker, and nothing else.
    server = createServer((request, response) => {
      const job = { id: JOB, type: 'globus_transfer_job' };
      if (request.url?.endsWith('/auth/login') === true) {
        response.writeHead(201).end('{"access_token":"t","expires_in":3600}');
      } else if (request.method === 'PATCH') response.end(JSON.stringify(job));
      else if (request.url?.includes('%24nin') === true) response.end('[]');
      else hanging += 1;
      request.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const config = {
      scicatUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      scicat: { formerServiceUsers: [] },
      secrets: { scicatServiceUser: { username: 'proxy', password: new Secret('proxy-pw') } },
    } as unknown as AppConfig;
    @Global()
    @Module({
      imports: [HttpClientModule],
      providers: [
        { provide: ConfigSnapshots, useValue: new ConfigSnapshots(config) },
        { provide: CLOCK, useValue: new SystemClock() },
        { provide: LOGGER, useValue: createLogger('silent') },
      ],
      exports: [HttpClientModule, ConfigSnapshots, CLOCK, LOGGER],
    })
    class SurroundingsModule {}
    app = await Test.createTestingModule({ imports: [SurroundingsModule, ScicatModule] }).compile();
    app.enableShutdownHooks();
  });

  afterEach(async () => {
    await app.close();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });

  it.each<[string, (app: TestingModule, signal: AbortSignal) => Promise<unknown>]>([
    ['identities', (app, signal) => app.get<Identities>(IDENTITIES).identify('token', signal)],
    ['datasets', (app, signal) => app.get<Datasets>(DATASETS).readAs('token', 'a/b', signal)],
    ['a transfer', (app, signal) => app.get<TransferJobs>(USERS_TRANSFER_JOBS).read(JOB, signal)],
    [
      'their transfers',
      (app, signal) => app.get<TransferJobs>(USERS_TRANSFER_JOBS).list(ALICE, 1, 10, signal),
    ],
    [
      'new transfers',
      (app, signal) =>
        app.get<TransferJobs>(USERS_TRANSFER_JOBS).create({ record: aRecord() } as never, signal),
    ],
  ])('users who ask for %s delay no call of the tracker', async (_what, ask) => {
    const flood = new AbortController();
    setMaxListeners(0, flood.signal);
    let gaveUp = 0;
    const asking = Array.from({ length: FLOOD }, () =>
      ask(app, flood.signal).catch(() => (gaveUp += 1)),
    );
    await until(() => hanging >= 90);
    const { signal } = flood;
    const jobs = app.get<TransferJobs>(TRANSFER_JOBS);
    const view = { statusCode: '002', statusMessage: '', jobResultObject: {} };
    // One of each kind: they use different connections.
    await Promise.all([jobs.write(JOB, view as never, signal), jobs.listOpenIds(undefined, 1)]);
    // Otherwise, it would have waited until one of the others timed out.
    expect(gaveUp).toBe(0);
    expect(hanging).toBeLessThanOrEqual(USERS_CONNECTIONS);
    flood.abort();
    await Promise.all(asking);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
