import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GlobusSandbox, startGlobusSandbox } from '../../../sandbox/globus/globus-sandbox.js';
import { UpstreamError } from '../../errors/upstream.errors.js';
import { AxiosTransport } from '../../http-client/axios-transport.js';
import { SystemClock } from '../../time/system-clock.js';
import { GlobusApi } from '../../globus/globus-api.client.js';
import { GlobusTransfersClient } from '../../globus/globus-transfers.client.js';
import { GlobusProbeClient } from './globus-probe.js';

const MAPPED = '6c54cade-bde5-45c1-bdea-f4bd71dba2cc';
const GUEST = '31ce9ba0-176d-45a5-add3-f37d233ba47d';
const UNKNOWN = '99999999-9999-4999-8999-999999999999';
const OFFSET_MS = 7 * 60_000;

const dataAccess = (collection: string): string =>
  `urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/${collection}/data_access]`;

describe('GlobusProbeClient against the emulated Globus', () => {
  let base: string;
  let sandbox: GlobusSandbox;
  let transport: AxiosTransport;
  let probe: GlobusProbeClient;
  const { signal } = new AbortController();

  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), 'globus-probe-'));
    mkdirSync(join(base, 'archive'));
    sandbox = await startGlobusSandbox({ clock: () => Date.now() + OFFSET_MS });
    const { machine } = sandbox;
    machine.addClient({ id: 'client', secret: 'secret' });
    machine.addCollection({ id: MAPPED, displayName: 'Disk', folder: base });
    machine.addCollection({ id: GUEST, displayName: 'Guest', kind: 'GCSv5_guest_collection' });
    transport = new AxiosTransport(new HttpService(axios.create()));
    probe = client('secret');
  });

  afterEach(async () => {
    transport.onApplicationShutdown();
    await sandbox.close();
    rmSync(base, { recursive: true, force: true });
  });

  const client = (clientSecret: string) => {
    const { authUrl, transferUrl } = sandbox;
    const options = { authUrl, transferUrl, clientId: 'client', clientSecret };
    const clock = new SystemClock();
    const api = new GlobusApi(options, { transport, clock, random: Math.random });
    const transfers = new GlobusTransfersClient({ api, clientId: 'client', clock });
    return new GlobusProbeClient({ api, transfers }, clock);
  };
  const place = (path: string, collection = MAPPED, scopes = [dataAccess(MAPPED)]) => ({
    collection,
    scopes,
    path,
  });
  /** Status and code of what was thrown. */
  async function failure(work: Promise<unknown>): Promise<unknown> {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof UpstreamError)) return error;
    return [error.name, error.status, error.upstreamCode];
  }

  it('tells a wrong secret from a scope that does not exist', async () => {
    expect(await failure(client('wrong').requestToken([], signal))).toEqual([
      'ServiceAccountError',
      401,
      'invalid_client',
    ]);
    expect([
      await probe.requestToken([], signal),
      await probe.requestToken([dataAccess(MAPPED)], signal),
      await probe.requestToken([dataAccess(GUEST)], signal),
    ]).toEqual([
      { kind: 'given' },
      { kind: 'given' },
      { kind: 'scope-refused', mark: 'status 400, UNKNOWN_SCOPE_ERROR' },
    ]);
  });

  it('reaches Globus Transfer and reads its clock', async () => {
    const aheadMs = (await probe.reachTransfer(signal)) ?? 0;
    expect(Math.round(aheadMs / 60_000)).toBe(7);
    sandbox.machine.revokeTokens('client');
    // A revoked token is renewed once, as the service does.
    await probe.reachTransfer(signal);
    sandbox.machine.setMaintenance(true);
    expect(await failure(probe.reachTransfer(signal))).toEqual([
      'UpstreamUnavailableError',
      503,
      'ServiceUnavailable',
    ]);
  });

  it("reads a collection's type and state", async () => {
    expect(await probe.collection(GUEST, signal)).toEqual({
      displayName: 'Guest',
      entityType: 'GCSv5_guest_collection',
      highAssurance: false,
      connected: undefined,
      paused: undefined,
    });
    sandbox.machine.addCollection({
      id: UNKNOWN,
      displayName: 'Laptop',
      kind: 'GCP_mapped_collection',
    });
    sandbox.machine.setConnected(UNKNOWN, false);
    expect(await probe.collection(UNKNOWN, signal)).toMatchObject({
      connected: false,
      paused: false,
    });
    sandbox.machine.deleteCollection(UNKNOWN);
    expect(await failure(probe.collection(UNKNOWN, signal))).toEqual([
      'UpstreamRejectedError',
      404,
      'EndpointDeleted',
    ]);
  });

  it("lists folders, and reports why it can't", async () => {
    await probe.list(place('/'), signal);
    await probe.list(place('/archive'), signal);
    expect(await failure(probe.list(place('/missing'), signal))).toEqual([
      'UpstreamRejectedError',
      404,
      'NotFound',
    ]);
    sandbox.machine.setPermission(MAPPED, []);
    expect(await failure(probe.list(place('/'), signal))).toEqual([
      'UpstreamRejectedError',
      403,
      'PermissionDenied',
    ]);
  });

  it('requests a missing consent, as the service does', async () => {
    await probe.list(place('/', MAPPED, []), signal);
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/ls')).length).toBe(2);
  });

  it('creates a folder, and has it deleted even if it does not exist', async () => {
    await probe.makeFolder(place('/archive/trial'), signal);
    expect(readdirSync(join(base, 'archive'))).toEqual(['trial']);
    expect(await failure(probe.makeFolder(place('/archive/trial'), signal))).toEqual([
      'UpstreamUnavailableError',
      502,
      'ExternalError.MkdirFailed.Exists',
    ]);
    for (const path of ['/archive/trial', '/archive/never-made']) {
      const taskId = await probe.deleteFolder(place(path), signal);
      expect(await untilEnd(taskId)).toBe('done');
    }
    expect(readdirSync(join(base, 'archive'))).toEqual([]);
  });

  it('reports a deletion that is under way, or has failed', async () => {
    mkdirSync(join(base, 'full/of/folders'), { recursive: true });
    sandbox.machine.pause(MAPPED);
    const taskId = await probe.deleteFolder(place('/full'), signal);
    expect(await probe.deletion(taskId, signal)).toBe('under-way');
    sandbox.machine.unpause(MAPPED);
    expect(await untilEnd(taskId)).toBe('failed');
  });

  async function untilEnd(taskId: string): Promise<string> {
    for (;;) {
      const reading = await probe.deletion(taskId, signal);
      if (reading !== 'under-way') return reading;
    }
  }
});
