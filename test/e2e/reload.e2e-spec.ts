import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ALICES_DATASET,
  CLIENT_ID,
  COLLECTIONS,
  eventually,
  SERVICE_USER,
  startUpstreams,
} from '../support/service.js';
import { ProxyChild } from './crash/proxy-child.js';

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [fact: string]: unknown;
}

const KEPT = 'configuration rejected; the previous one stays in effect';
const IN_FORCE = 'configuration reloaded';

describe('the configuration of the running program is changed', () => {
  const cleanUps: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function start(before = '') {
    const world = await startUpstreams();
    cleanUps.push(
      () => world.scicat.close(),
      () => world.globus.close(),
    );
    const folder = await mkdtemp(join(tmpdir(), 'proxy-reload-'));
    cleanUps.push(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'config.yaml');
    let text = '';
    const proxy = await ProxyChild.start({
      writeConfig: async (port) => {
        text = `${before}
scicatUrl: ${world.scicat.url}
port: ${port}
server: { host: 127.0.0.1 }
dataDir: ${join(folder, 'data')}
globus: { authUrl: ${world.globus.authUrl}, transferUrl: ${world.globus.transferUrl} }
task: { pollInterval: 1 }
transfer: { syncLevel: 3 }
facilities:
  - name: SOURCE
    collection: ${COLLECTIONS.source}
    direction: SRC
    collectionRootPath: /data
    allowedSourceFolders: [/data]
  - name: ARCHIVE
    collection: ${COLLECTIONS.archive}
    direction: DST
    destinationPath: /old/{{ .PidShort }}
`;
        await writeFile(file, text);
        return file;
      },
      environment: {
        GLOBUS_CLIENT_ID: CLIENT_ID,
        GLOBUS_CLIENT_SECRET: 'globus-secret',
        SCICAT_SERVICE_USER_USERNAME: SERVICE_USER,
        SCICAT_SERVICE_USER_PASSWORD: 'service-password',
      },
    });
    cleanUps.push(async () => {
      if (proxy.runs) proxy.kill();
      await proxy.gone();
    });

    /** Lines of its log with this message. */
    const logged = (message: string): readonly LogLine[] =>
      proxy.log
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as LogLine)
        .filter(({ msg }) => msg === message);
    const request = async (): Promise<number> => {
      const query = new URLSearchParams({
        sourceFacility: 'SOURCE',
        destFacility: 'ARCHIVE',
        scicatPid: ALICES_DATASET,
      });
      const answer = await fetch(`${proxy.url}/transfer?${query.toString()}`, {
        method: 'POST',
        headers: { 'SciCat-API-Key': world.scicat.mintToken('alice') },
        signal: AbortSignal.timeout(20_000),
      });
      await answer.text();
      return answer.status;
    };
    const destinations = (): readonly string[] =>
      world.globus.machine
        .tasks()
        .flatMap(({ request: { items } }) => items.map(({ destination }) => destination));
    return { world, proxy, folder, file, text, logged, request, destinations };
  }

  it('SIGHUP takes over a sound one for new requests; what runs goes on as it was asked for', async () => {
    const { world, proxy, file, text, logged, request, destinations } = await start();
    world.globus.machine.pause(COLLECTIONS.source);
    expect(await request()).toBe(200);
    await eventually(() => destinations().length === 1, 'Globus has the first transfer');

    await writeFile(file, text.replace('/old/', '/new/'));
    proxy.signal('SIGHUP');
    await eventually(() => logged(IN_FORCE).length === 1, 'it is in force');
    expect(logged(IN_FORCE)).toMatchObject([
      { level: 'info', cause: 'SIGHUP', file, changed: ['facilities.ARCHIVE.destinationPath'] },
    ]);
    expect(await request()).toBe(200);
    await eventually(() => destinations().length === 2, 'Globus has the second transfer');
    expect(destinations()).toEqual(['/old/alices-run/', '/new/alices-run/']);
    world.globus.machine.unpause(COLLECTIONS.source);
    const codes = () =>
      [...world.scicat.machine.jobs()].map(({ type, statusCode }) =>
        type === 'globus_transfer_job' ? statusCode : '003',
      );
    await eventually(() => codes().every((code) => code === '003'), 'both are finished');
  });

  it('SIGHUP refuses a broken one with all its errors, and goes on with the old one', async () => {
    const { proxy, file, text, logged, request } = await start();
    await writeFile(
      file,
      text.replace('/old/{{ .PidShort }}', '/new/{{ .Pod }}').replace('SRC', 'src'),
    );
    proxy.signal('SIGHUP');
    await eventually(() => logged(KEPT).length === 1, 'it is refused');
    expect(logged(KEPT)).toMatchObject([{ level: 'error', cause: 'SIGHUP', errors: 2 }]);
    expect(
      logged('configuration')
        .filter(({ level }) => level === 'error')
        .map(({ problem }) => problem),
    ).toMatchObject([
      { path: 'facilities[0].direction', line: 12, suggestion: 'did you mean "SRC"?' },
      { path: 'facilities[1].destinationPath', line: 18 },
    ]);
    expect(await request()).toBe(200);
  });

  it('SIGHUP names what needs a restart, and takes over the rest', async () => {
    const { proxy, file, text, logged, request } = await start();
    await writeFile(
      file,
      text
        .replace(/^port: .*$/m, 'port: 1')
        .replace('host: 127.0.0.1', 'host: 127.0.0.2')
        .replace('pollInterval: 1', 'pollInterval: 2'),
    );
    proxy.signal('SIGHUP');
    await eventually(() => logged(IN_FORCE).length === 1, 'the rest is in force');
    expect(logged('changed setting takes effect after a restart')).toMatchObject([
      { level: 'warn', setting: 'port' },
      { level: 'warn', setting: 'server.host' },
    ]);
    expect(logged(IN_FORCE)).toMatchObject([{ changed: ['task.pollInterval'] }]);
    expect(await request()).toBe(200);
  });

  it('with watch: true a file that is replaced needs no signal, and a broken one changes nothing', async () => {
    const { proxy, folder, file, text, logged, request } = await start('watch: true');
    const replace = async (changed: string): Promise<void> => {
      await writeFile(join(folder, 'next.yaml'), changed);
      await rename(join(folder, 'next.yaml'), file);
    };
    await replace(text.slice(0, text.indexOf('facilities')));
    await eventually(() => logged(KEPT).length === 1, 'half a file is refused');
    expect(await request()).toBe(200);

    await replace(text.replace('name: ARCHIVE', 'name: TAPE'));
    await eventually(() => logged(IN_FORCE).length === 1, 'the whole one is in force');
    expect(logged(IN_FORCE)).toMatchObject([
      {
        cause: 'file changed',
        changed: ['facilities.TAPE added', 'facilities.ARCHIVE removed'],
      },
    ]);
    expect(await request()).toBe(403);

    proxy.signal('SIGTERM');
    await proxy.gone();
    expect(proxy.exitCode).toBe(0);
  });
});
