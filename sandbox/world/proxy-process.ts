import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { reasonOf, type CleanUp } from './clean-up.js';

/** How to start the proxy. */
export interface ProxyProcessOptions {
  /** Stops the process. */
  readonly cleanUp: CleanUp;
  /** Writes the configuration for a port and returns the file's path. */
  readonly writeConfig: (port: number) => string;
  /** The complete environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Receives the process's output. */
  readonly logFile: string;
  /** @default a free one */
  readonly port?: number;
  /** Stops waiting for the proxy. */
  readonly signal?: AbortSignal;
  /** @default the built server */
  readonly program?: string;
  /** @default 30000 */
  readonly readyTimeoutMs?: number;
  /** From SIGTERM to SIGKILL. @default 10000 */
  readonly stopTimeoutMs?: number;
}

/** A running proxy. */
export interface ProxyProcess {
  /** Without a trailing slash. */
  readonly url: string;
  readonly pid: number;
  /** Aborts if the process ends unexpectedly; the reason is an error with the end of its output. */
  readonly died: AbortSignal;
  /** Sends SIGTERM, then SIGKILL if necessary. Idempotent. */
  readonly stop: () => Promise<void>;
}

const SERVER = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Another process may take a free port before the proxy does. */
const ATTEMPTS = 3;
const POLL_MS = 50;
const LAST_OUTPUT = 4_000;

/**
 * Starts the proxy in its own process and waits until it is ready.
 *
 * @throws Error with the end of its output if it ends or does not become ready; it is stopped then
 */
export async function startProxy(options: ProxyProcessOptions): Promise<ProxyProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const child = new Child(options, options.writeConfig(port));
    options.cleanUp.add({
      name: `the proxy (process ${child.pid})`,
      remove: () => child.stop(),
      abandon: () => child.kill(),
    });
    const url = `http://127.0.0.1:${port}`;
    try {
      await untilReady(child, url, options);
      return { url, pid: child.pid, died: child.died, stop: () => child.stop() };
    } catch (error) {
      await child.stop();
      const clash = child.lastOutput().includes('EADDRINUSE');
      if (!clash || options.port !== undefined || attempt === ATTEMPTS) throw error;
    }
  }
}

async function freePort(): Promise<number> {
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

class Child {
  readonly died: AbortSignal;
  readonly pid: number;
  private readonly process: ChildProcess;
  private readonly ended: Promise<void>;
  private readonly stopTimeoutMs: number;
  private readonly logFile: string;
  private errors = '';
  private stopping = false;

  constructor(options: ProxyProcessOptions, configFile: string) {
    this.logFile = options.logFile;
    this.stopTimeoutMs = options.stopTimeoutMs ?? 10_000;
    const log = openSync(this.logFile, 'w');
    const child = spawn(
      process.execPath,
      [options.program ?? SERVER, '--config', configFile],
      // Not our own folder, so that the proxy does not depend on it.
      { cwd: dirname(configFile), env: { ...options.environment }, stdio: ['ignore', log, 'pipe'] },
    );
    closeSync(log);
    this.process = child;
    this.pid = child.pid ?? 0;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-LAST_OUTPUT);
    });
    const death = new AbortController();
    this.died = death.signal;
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        if (!this.stopping) death.abort(new Error(how));
        resolve();
      };
      child.once('error', (error) => {
        end(`The proxy could not be started: ${error.message}`);
      });
      // Not `exit`: by then its output may not have been read completely.
      child.once('close', (code, signal) => {
        end(
          signal === null
            ? `The proxy exited with code ${code ?? 'unknown'}.${this.quoted()}`
            : `The proxy was ended by ${signal}.`,
        );
      });
    });
  }

  /** The end of its standard error, or else of its log. */
  lastOutput(): string {
    if (this.errors.trim() !== '') return this.errors.trim();
    try {
      return readFileSync(this.logFile, 'utf8').trim().split('\n').slice(-3).join('\n');
    } catch {
      return '';
    }
  }

  quoted(): string {
    const output = this.lastOutput();
    return output === '' ? '' : ` Its last output:\n${output}`;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (!this.isRunning()) return this.ended;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), this.stopTimeoutMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.stopping = true;
    if (this.isRunning()) this.process.kill('SIGKILL');
  }

  private isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null && this.pid !== 0;
  }
}

async function untilReady(
  child: Child,
  url: string,
  { readyTimeoutMs = 30_000, signal }: ProxyProcessOptions,
): Promise<void> {
  const timeout = AbortSignal.timeout(readyTimeoutMs);
  const giveUp = AbortSignal.any([child.died, timeout, ...(signal === undefined ? [] : [signal])]);
  let answer = 'nothing';
  while (!giveUp.aborted) {
    try {
      const response = await fetch(`${url}/health/ready`, { signal: giveUp });
      if (response.ok) return;
      answer = `${response.status} ${await response.text()}`;
    } catch (error) {
      answer = `nothing (${reasonOf(error)})`;
    }
    await delay(POLL_MS, undefined, { signal: giveUp }).catch(() => undefined);
  }
  if (!timeout.aborted) throw giveUp.reason;
  throw new Error(
    `The proxy was not ready within ${readyTimeoutMs / 1000} s. ${url}/health/ready answered ${answer}.${child.quoted()}`,
  );
}
