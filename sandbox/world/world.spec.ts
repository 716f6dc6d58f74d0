import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { CleanUp } from './clean-up.js';
import { startWorld, type World, type WorldOptions } from './world.js';

describe('startWorld', () => {
  const cleanUp = new CleanUp();

  afterEach(async () => {
    expect(await cleanUp.run()).toEqual([]);
  });

  function start(options: WorldOptions = {}): Promise<World> {
    return startWorld(cleanUp, options);
  }

  async function login(world: World): Promise<number> {
    const answer = await fetch(`${world.scicat.url}/api/v3/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        username: world.secrets['SCICAT_SERVICE_USER_USERNAME'],
        password: world.secrets['SCICAT_SERVICE_USER_PASSWORD'],
      }),
    });
    return answer.status;
  }

  it('has services that match the configuration and the secrets', async () => {
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
      login: await login(world),
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

  it('resolves links in the given folders, and does not delete them', async () => {
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
