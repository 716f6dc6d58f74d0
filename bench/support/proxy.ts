import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { end, endWith } from './child.js';
import { HttpClient } from './http-client.js';
import { ACCOUNTS, COLLECTIONS, GLOBUS_CLIENTS } from './names.js';
import type { ProxyControls } from './proxy-hook.js';
import { type Remote, remote } from './remote.js';
import type { BenchRun } from './run.js';
import type { BenchWorld } from './world.js';

/** The part of the proxy's configuration that measurements differ by. */
export interface TaskSettings {
  readonly maxConcurrency?: number;
  /** Seconds. @default 86400: it never polls Globus */
  readonly pollInterval?: number;
  readonly progressWritesPerSecond?: number;
}

/** A running proxy. */
export interface BenchProxy {
  /** Without a trailing slash. */
  readonly url: string;
  readonly controls: Remote<ProxyControls>;
  /** From its being spawned to its being ready. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** The built service. */
export const PROXY_PROGRAM = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

const HOOK = new URL('./proxy-hook.js', import.meta.url).href;
const DAY_SECONDS = 86_400;
const READY_WITHIN_MS = 120_000;
/** Not so often that the asking is what makes the start slow. */
const ASK_EVERY_MS = 20;

/**
 * Starts the built proxy with a configuration file of its own and waits until it is ready. Its data
 * folder is that of the last start in the same world.
 */
export async function startProxy(world: BenchWorld, task: TaskSettings = {}): Promise<BenchProxy> {
  const port = await freePort();
  const config = join(world.folder, 'proxy.yaml');
  writeFileSync(config, await configText(world, port, task));
  const { child, startMs } = await startProgram(
    world,
    ['--import', HOOK, PROXY_PROGRAM, '--config', config],
    port,
    proxyEnvironment(),
  );
  return {
    url: `http://127.0.0.1:${port}`,
    controls: remote<ProxyControls>(child),
    startMs,
    stop: () => end(child),
  };
}

/** Does something once more with a profile of the proxy, if profiles are wanted. */
export async function profiled(
  { profileFolder }: Pick<BenchRun, 'profileFolder'>,
  proxy: BenchProxy,
  name: string,
  work: () => Promise<unknown>,
): Promise<void> {
  if (profileFolder === undefined) return;
  await proxy.controls.startProfile();
  await work();
  await proxy.controls.endProfile(join(profileFolder, `${name}.cpuprofile`));
}

/** Starts a server and waits until its `/health/ready` is 200. */
export async function startProgram(
  world: BenchWorld,
  args: readonly string[],
  port: number,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly child: ChildProcess; readonly startMs: number }> {
  const logFile = join(world.folder, 'log');
  const log = openSync(logFile, 'w');
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: world.folder,
    env,
    serialization: 'advanced',
    // A channel takes memory: only for what uses it.
    stdio: ['ignore', log, log, ...(args.includes(HOOK) ? (['ipc'] as const) : [])],
  });
  closeSync(log);
  endWith(world.cleanUp, child, `process ${child.pid ?? 'unknown'}`);
  const http = new HttpClient();
  try {
    for (;;) {
      const answer = await http
        .send('GET', `http://127.0.0.1:${port}/health/ready`)
        .catch(() => undefined);
      const startMs = performance.now() - started;
      if (answer?.status === 200) return { child, startMs };
      if (child.exitCode !== null || startMs > READY_WITHIN_MS) {
        throw new Error(`It did not get ready:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
      }
      await delay(ASK_EVERY_MS);
    }
  } finally {
    http.close();
  }
}

/** The secrets that the proxy reads from its environment, and nothing else. */
export function proxyEnvironment(): Readonly<Record<string, string>> {
  return {
    GLOBUS_CLIENT_ID: GLOBUS_CLIENTS.proxy.id,
    GLOBUS_CLIENT_SECRET: GLOBUS_CLIENTS.proxy.secret,
    SCICAT_SERVICE_USER_USERNAME: ACCOUNTS.proxy.username,
    SCICAT_SERVICE_USER_PASSWORD: ACCOUNTS.proxy.password,
  };
}

/** The text of the proxy's configuration file. */
export async function configText(
  world: BenchWorld,
  port: number,
  task: TaskSettings,
): Promise<string> {
  const globusUrl = await world.globus.url();
  return stringify({
    scicatUrl: await world.scicat.url(),
    port,
    server: { host: '127.0.0.1' },
    dataDir: join(world.folder, 'data'),
    globus: { authUrl: globusUrl, transferUrl: `${globusUrl}/v0.10` },
    facilities: [
      {
        name: 'SOURCE',
        collection: COLLECTIONS.source,
        direction: 'SRC',
        collectionRootPath: '/data',
      },
      {
        name: 'ARCHIVE',
        collection: COLLECTIONS.archive,
        direction: 'DST',
        destinationPath: '/archive/{{ .PidShort }}',
      },
    ],
    task: { pollInterval: DAY_SECONDS, ...task },
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}
