import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CleanUp } from './clean-up.js';
import { startProxy, type ProxyProcess, type ProxyProcessOptions } from './proxy-process.js';

/** For programs in place of the proxy; the configuration file contains just the port. */
const PREAMBLE = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const port = Number(readFileSync(process.argv[3], 'utf8'));
const serve = (status, text) =>
  createServer((request, response) => response.writeHead(status).end(text)).listen(port, '127.0.0.1');
`;

describe('startProxy', () => {
  let folder: string;
  let cleanUp: CleanUp;
  let ports: number[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proxy-process-'));
    cleanUp = new CleanUp();
    ports = [];
  });
  afterEach(async () => {
    const problems = await cleanUp.run();
    rmSync(folder, { recursive: true });
    expect(problems).toEqual([]);
  });

  function start(
    program: string,
    options: Partial<ProxyProcessOptions> = {},
  ): Promise<ProxyProcess> {
    const file = join(folder, 'program.mjs');
    writeFileSync(file, PREAMBLE + program);
    return startProxy({
      cleanUp,
      program: file,
      environment: { GIVEN: 'yes' },
      logFile: join(folder, 'log'),
      writeConfig: (port) => {
        ports.push(port);
        writeFileSync(join(folder, 'config'), String(port));
        return join(folder, 'config');
      },
      ...options,
    });
  }

  function isRunning(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }

  it('passes on none of its environment, waits until the proxy is ready, and stops it with SIGTERM', async () => {
    const proxy = await start(`
      console.log(JSON.stringify(Object.keys(process.env)));
      let asked = 0;
      createServer((request, response) => {
        asked += 1;
        response.writeHead(request.url === '/health/ready' && asked > 2 ? 200 : 503).end();
      }).listen(port, '127.0.0.1');
      process.on('SIGTERM', () => { console.log('stopped well'); process.exit(); });
    `);
    const before = isRunning(proxy.pid);
    await proxy.stop();
    await proxy.stop();
    expect({
      url: proxy.url,
      before,
      after: isRunning(proxy.pid),
      died: proxy.died.aborted,
      log: readFileSync(join(folder, 'log'), 'utf8'),
    }).toEqual({
      url: `http://127.0.0.1:${ports[0] ?? 0}`,
      before: true,
      after: false,
      died: false,
      log: '["GIVEN"]\nstopped well\n',
    });
  });

  it('kills a process that ignores SIGTERM', async () => {
    const proxy = await start(`process.on('SIGTERM', () => {}); serve(200);`, {
      stopTimeoutMs: 10,
    });
    await cleanUp.run();
    expect([isRunning(proxy.pid), proxy.died.aborted]).toEqual([false, false]);
  });

  it('reports the output of a process that ends before it is ready', async () => {
    await expect(
      start(`console.error('port: must be a number'); process.exit(3);`),
    ).rejects.toThrow('The proxy exited with code 3. Its last output:\nport: must be a number');
  });

  it('reports a process that dies later', async () => {
    const proxy = await start(`serve(200);`);
    const died = new Promise((resolve) => {
      proxy.died.addEventListener('abort', resolve, { once: true });
    });
    process.kill(proxy.pid, 'SIGKILL');
    await died;
    expect(proxy.died.reason).toEqual(new Error('The proxy was ended by SIGKILL.'));
  });

  it('gives up on a process that does not become ready, and stops it', async () => {
    await expect(
      start(`serve(503, 'recovery down'); console.error('still waiting');`, {
        readyTimeoutMs: 1_500,
      }),
    ).rejects.toThrow(
      /not ready within 1\.5 s\. .*answered 503 recovery down\. Its last output:\nstill waiting/,
    );
    await expect(fetch(`http://127.0.0.1:${ports[0] ?? 0}`)).rejects.toThrow('fetch failed');
  });

  it('tries another port if the first one is taken, but not in place of a requested port', async () => {
    let thief: Server | undefined;
    const steal = (port: number): Promise<void> =>
      new Promise((resolve) => {
        thief = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1', resolve);
      });
    const program = `
      import { existsSync, writeFileSync } from 'node:fs';
      if (existsSync('taken')) serve(200);
      else { writeFileSync('taken', ''); throw new Error('listen EADDRINUSE'); }
    `;
    const proxy = await start(program);
    await proxy.stop();
    expect([ports.length, proxy.url]).toEqual([2, `http://127.0.0.1:${ports[1] ?? 0}`]);

    const [port = 0] = ports;
    await steal(port);
    await expect(start(`serve(200);`, { port })).rejects.toThrow('EADDRINUSE');
    await new Promise((resolve) => thief?.close(resolve));
    expect(ports).toEqual([port, ports[1], port]);
  });
});
