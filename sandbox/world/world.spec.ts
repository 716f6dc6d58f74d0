import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { CleanUp } from './clean-up.js';
import {
  CONFIG_FILE,
  discardSettings,
  startWorld,
  type World,
  type WorldOptions,
} from './world.js';

describe('startWorld', () => {
  const cleanUp = new CleanUp();

  afterEach(async () => {
    expect(await cleanUp.run()).toEqual([]);
  });

  function start(options: WorldOptions = {}): Promise<World> {
    return startWorld(cleanUp, options);
  }

  async function login(world: World, kind: 'SERVICE' | 'UPDATE'): Promise<number> {
    const answer = await fetch(`${world.scicat.url}/api/v3/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        username: world.secrets[`SCICAT_${kind}_USER_USERNAME`],
        password: world.secrets[`SCICAT_${kind}_USER_PASSWORD`],
      }),
    });
    return answer.status;
  }

  it('has services that the configuration and the secrets fit', async () => {
    const world = await start();
    const config = world.writeConfig(4711);
    const basic = Buffer.from(
      `${world.secrets['GLOBUS_CLIENT_ID'] ?? ''}:${world.secrets['GLOBUS_CLIENT_SECRET'] ?? ''}`,
    ).toString('base64');
    const grant = await fetch(`${world.globus.authUrl}/v2/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: `urn:globus:auth:scope:transfer.api.globus.org:all[${Object.values(world.facilities)
          .map(({ collection }) => `*https://auth.globus.org/scopes/${collection}/data_access`)
          .join(' ')}]`,
      }),
    });
    expect({
      secrets: Object.keys(world.secrets),
      login: await login(world, 'SERVICE'),
      grant: grant.status,
      config: parse(await readFile(config, 'utf8')) as unknown,
    }).toEqual({
      secrets: [
        'GLOBUS_CLIENT_ID',
        'GLOBUS_CLIENT_SECRET',
        'SCICAT_SERVICE_USER_USERNAME',
        'SCICAT_SERVICE_USER_PASSWORD',
      ],
      login: 201,
      grant: 200,
      config: expect.objectContaining({
        port: 4711,
        scicatUrl: world.scicat.url,
        globus: { authUrl: world.globus.authUrl, transferUrl: world.globus.transferUrl },
        task: { pollInterval: 1 },
      }),
    });
  });

  it('leaves settings for a proxy elsewhere, and takes the configuration away again', async () => {
    const world = await start({
      reach: { listen: '127.0.0.1', name: 'emulators', scicatPort: 0, globusPort: 0 },
    });
    const settings = mkdtempSync(join(tmpdir(), 'settings-'));
    cleanUp.add({
      name: 'the settings',
      remove: async () => {
        rmSync(settings, { recursive: true });
        await Promise.resolve();
      },
    });
    world.writeSettings(settings, 8080);
    const read = (name: string) => readFileSync(join(settings, name), 'utf8');
    expect({
      files: readdirSync(settings).sort(),
      clientId: read('globus-client-id').trim(),
      password: read('scicat-service-user-password').trim(),
      config: parse(read(CONFIG_FILE)) as unknown,
    }).toEqual({
      files: [
        'globus-client-id',
        'globus-client-secret',
        CONFIG_FILE,
        'scicat-service-user-password',
        'scicat-service-user-username',
      ],
      clientId: world.secrets['GLOBUS_CLIENT_ID'],
      password: world.secrets['SCICAT_SERVICE_USER_PASSWORD'],
      config: {
        port: 8080,
        server: { host: '0.0.0.0' },
        scicatUrl: `http://emulators:${world.scicat.port}`,
        globus: {
          authUrl: `http://emulators:${world.globus.port}`,
          transferUrl: `http://emulators:${world.globus.port}/v0.10`,
        },
        facilities: expect.any(Array),
        task: { pollInterval: 1 },
      },
    });
    discardSettings(settings);
    expect(existsSync(join(settings, CONFIG_FILE))).toBe(false);
    discardSettings(settings);
  });

  it('can have two accounts with few rights instead of one', async () => {
    const world = await start({ serviceAccounts: 'least-privilege' });
    expect([await login(world, 'SERVICE'), await login(world, 'UPDATE')]).toEqual([201, 201]);
    expect(world.secrets['SCICAT_SERVICE_USER_USERNAME']).not.toBe(
      world.secrets['SCICAT_UPDATE_USER_USERNAME'],
    );
  });

  it("registers a dataset of Alice's that can't be archived yet, and that Bob can't read", async () => {
    const world = await start();
    const { document, destinationFolder } = world.registerDataset([
      { path: 'a', kind: 'folder', size: 0 },
      { path: 'a/b', kind: 'file', size: 12 },
      { path: 'c', kind: 'file', size: 30 },
    ]);
    const reads = await Promise.all(
      [world.alice, world.bob].map(async ({ token }) => {
        const path = `datasets/${encodeURIComponent(document.pid)}`;
        const answer = await fetch(`${world.scicat.url}/api/v4/${path}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        return answer.status;
      }),
    );
    const { size, numberOfFiles, ownerGroup, sourceFolder, datasetlifecycle } = document;
    expect({
      reads,
      size,
      numberOfFiles,
      ownerGroup,
      sourceFolder,
      archivable: datasetlifecycle['archivable'],
      destinationFolder,
    }).toEqual({
      reads: [200, 403],
      size: 42,
      numberOfFiles: 2,
      ownerGroup: world.alice.ownerGroup,
      sourceFolder: world.sourceFolder,
      archivable: false,
      destinationFolder: join(
        world.facilities.archive.folder,
        'alice',
        basename(document.pid),
        basename(world.sourceFolder),
      ),
    });
  });

  it('takes folders that it was given by their real path, and leaves them where they are', async () => {
    const mine = realpathSync(mkdtempSync(join(tmpdir(), 'world-')));
    mkdirSync(join(mine, 'real'));
    symlinkSync('real', join(mine, 'link'));
    const world = await start({
      sourceFolder: join(mine, 'link'),
      archiveFolder: join(mine, 'to'),
    });
    const { folder, sourceFolder, facilities } = world;
    await cleanUp.run();
    expect({
      source: sourceFolder,
      root: facilities.beamline.folder,
      allowed: facilities.beamline.allowedSourceFolders,
      archive: facilities.archive.folder,
      left: [folder, join(mine, 'real'), join(mine, 'to')].map((path) => existsSync(path)),
    }).toEqual({
      source: join(mine, 'real'),
      root: mine,
      allowed: [join(mine, 'real')],
      archive: join(mine, 'to'),
      left: [false, true, true],
    });
    await expect(fetch(world.scicat.url)).rejects.toThrow('fetch failed');
    await expect(fetch(world.globus.url)).rejects.toThrow('fetch failed');
    rmSync(mine, { recursive: true });
  });
});
