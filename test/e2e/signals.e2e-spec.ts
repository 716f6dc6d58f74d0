import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
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

describe('the program', () => {
  let world: Awaited<ReturnType<typeof startUpstreams>>;
  let folder: string;
  let proxy: ProxyChild;

  beforeEach(async () => {
    world = await startUpstreams();
    folder = await mkdtemp(join(tmpdir(), 'proxy-signals-'));
    proxy = await ProxyChild.start({
      writeConfig,
      environment: {
        GLOBUS_CLIENT_ID: CLIENT_ID,
        GLOBUS_CLIENT_SECRET: 'globus-secret',
        SCICAT_SERVICE_USER_USERNAME: SERVICE_USER,
        SCICAT_SERVICE_USER_PASSWORD: 'service-password',
      },
    });
  });

  afterEach(async () => {
    if (proxy.runs) proxy.kill();
    await proxy.gone();
    await world.scicat.close();
    await world.globus.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function writeConfig(port: number): Promise<string> {
    const file = join(folder, 'config.yaml');
    await writeFile(
      file,
      `
scicatUrl: ${world.scicat.url}
port: ${port}
server: { host: 127.0.0.1 }
dataDir: ${join(folder, 'data')}
globus: { authUrl: ${world.globus.authUrl}, transferUrl: ${world.globus.transferUrl} }
task: { pollInterval: 1 }
facilities:
  - { name: SOURCE, collection: ${COLLECTIONS.source}, direction: SRC }
  - { name: ARCHIVE, collection: ${COLLECTIONS.archive}, direction: DST }
`,
    );
    return file;
  }

  /** Requests a transfer; the response does not matter. */
  function request(): Promise<unknown> {
    const query = new URLSearchParams({
      sourceFacility: 'SOURCE',
      destFacility: 'ARCHIVE',
      scicatPid: ALICES_DATASET,
    });
    return fetch(`${proxy.url}/transfer?${query.toString()}`, {
      method: 'POST',
      headers: { 'SciCat-API-Key': world.scicat.mintToken('alice') },
      signal: AbortSignal.timeout(20_000),
    }).catch(() => undefined);
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('exits with 0 on %s while idle', async (signal) => {
    proxy.signal(signal);
    await proxy.gone();
    expect([proxy.exitCode, proxy.log.includes('"msg":"stopped"')]).toEqual([0, true]);
  });

  describe('stops well within the 10 seconds that Docker allows', () => {
    const sockets: Socket[] = [];
    afterEach(() => {
      for (const socket of sockets.splice(0)) socket.destroy();
    });
    /** Sends this, and no more. @returns the connection, and what comes back on it */
    async function send(
      text: string,
    ): Promise<{ readonly socket: Socket; readonly answer: () => string }> {
      let received = '';
      const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.setEncoding('utf8').on('data', (piece: string) => (received += piece));
      await once(socket, 'connect');
      if (text !== '') socket.write(text);
      return { socket, answer: () => received };
    }
    async function stops(): Promise<void> {
      const signalledAt = performance.now();
      proxy.signal('SIGTERM');
      await proxy.gone();
      expect([proxy.exitCode, proxy.log.includes('"msg":"stopped"')]).toEqual([0, true]);
      expect(performance.now() - signalledAt).toBeLessThan(8_000);
    }
    const upload = (bytes: number): string => {
      const query = new URLSearchParams({
        sourceFacility: 'SOURCE',
        destFacility: 'ARCHIVE',
        scicatPid: ALICES_DATASET,
      });
      return [
        `POST /transfer?${query.toString()} HTTP/1.1`,
        'Host: proxy',
        `SciCat-API-Key: ${world.scicat.mintToken('alice')}`,
        'Content-Type: application/json',
        `Content-Length: ${bytes}`,
        'Expect: 100-continue',
        '',
        '',
      ].join('\r\n');
    };

    it('with connections that are idle, new, or in the middle of their headers', async () => {
      const idle = await send('GET /version HTTP/1.1\r\nHost: proxy\r\n\r\n');
      await eventually(() => idle.answer().includes('200 OK'), 'the first is answered');
      await send('');
      await send('GET /version HTTP/1.1\r\nHost');
      await stops();
    });

    it('with a request on a kept connection, which is answered', async () => {
      world.scicat.faults.add({
        match: { method: 'GET', path: 'identity' },
        effect: { type: 'latency', ms: 500 },
      });
      const token = world.scicat.mintToken('alice');
      const slow = await send(
        `GET /transfer HTTP/1.1\r\nHost: proxy\r\nSciCat-API-Key: ${token}\r\n\r\n`,
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      await stops();
      expect(slow.answer()).toMatch(/^HTTP\/1\.1 200 OK/);
    });

    it('with a slow upload, whose caller gets a 503 and may come again', async () => {
      const begun = await send(upload(1_000_000));
      await eventually(() => begun.answer().includes('100 Continue'), 'the body is read');
      begun.socket.write('{"fileList": [');
      const drip = setInterval(() => begun.socket.write(' '.repeat(2_000)), 20);
      try {
        await stops();
      } finally {
        clearInterval(drip);
      }
      const [, response = ''] = begun.answer().split('100 Continue\r\n\r\n');
      expect(response).toMatch(/^HTTP\/1\.1 503 /);
      expect(response).toMatch(/^Retry-After: \d+\r$/im);
      expect(response).toContain(
        '"message":"The service is stopping; please try again in a minute."',
      );
      expect(world.scicat.machine.jobs()).toEqual([]);
    });

    it('with a request that waits for a SciCat which does not answer', async () => {
      world.scicat.faults.add({
        match: { method: 'GET', path: 'identity' },
        effect: { type: 'hang' },
      });
      const token = world.scicat.mintToken('alice');
      await send(`GET /transfer HTTP/1.1\r\nHost: proxy\r\nSciCat-API-Key: ${token}\r\n\r\n`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await stops();
    });
  });

  it('says at which address it listens', () => {
    const port = new URL(proxy.url).port;
    expect(proxy.log).toContain(`"url":"http://127.0.0.1:${port}","msg":"listening"`);
  });

  it('finishes a submission in progress and records its task in SciCat before it exits', async () => {
    world.globus.faults.add({
      match: { method: 'POST', path: '/v0.10/transfer' },
      effect: { type: 'latency', ms: 1500 },
    });
    const answered = request();
    await eventually(
      () => [...world.scicat.machine.jobs()].length === 1,
      'SciCat holds the transfer job',
    );
    proxy.signal('SIGTERM');
    await proxy.gone();
    await answered;
    const [task] = world.globus.machine.tasks();
    const [job] = world.scicat.machine.jobs();
    expect([proxy.exitCode, job?.jobResultObject?.['globusTaskId']]).toEqual([0, task?.id]);
  });

  it('exits immediately without writing anything when another instance has taken over its data folder', async () => {
    const lock = join(folder, 'data', 'lock');
    const own = JSON.parse(await readFile(lock, 'utf8')) as Record<string, unknown>;
    const taken = JSON.stringify({ ...own, token: 'another', pid: 1, host: 'elsewhere' });
    await writeFile(lock, taken);
    await proxy.gone();
    expect([proxy.exitCode, await readFile(lock, 'utf8')]).toEqual([1, taken]);
    expect(proxy.log).toContain('another instance took over the data folder');
    expect(proxy.log).not.toContain('"msg":"stopped"');
  });

  it('exits immediately on a second signal', async () => {
    world.globus.faults.add({
      match: { method: 'POST', path: '/v0.10/transfer' },
      effect: { type: 'hang' },
    });
    const answered = request();
    await eventually(
      () => [...world.scicat.machine.jobs()].length === 1,
      'SciCat holds the transfer job',
    );
    proxy.signal('SIGTERM');
    await eventually(() => proxy.log.includes('"msg":"stopping"'), 'it handles the first signal');
    proxy.signal('SIGTERM');
    await proxy.gone();
    await answered;
    expect([proxy.exitCode, proxy.log.includes('second signal, exiting immediately')]).toEqual([
      1,
      true,
    ]);
  });
});
