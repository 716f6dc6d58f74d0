import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { reasonOf, type CleanUp } from './clean-up.js';

/** How the proxy is started. */
export interface ProxyProcessOptions {
  /** Gets the process as soon as there is one. */
  readonly cleanUp: CleanUp;
  /** Writes the configuration for a port and gives the file's path. */
  readonly writeConfig: (port: number) => string;
  /** The whole environment of the process; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Gets what the process prints, its log. */
  readonly logFile: string;
  /** @default a free one */
  readonly port?: number;
  /** Gives up waiting for the proxy when it aborts. */
  readonly signal?: AbortSignal;
  /** @default the built server */
  readonly program?: string;
  /** Until it must be ready. @default 30000 */
  readonly readyTimeoutMs?: number;
  /** From SIGTERM to SIGKILL. @default 10000 */
  readonly stopTimeoutMs?: number;
}

/** A running proxy. */
export interface ProxyProcess {
  /** Without a trailing slash. */
  readonly url: string;
  readonly pid: number;
  /**
   * Aborts when the process ends without having been asked to; the reason is an error with what it
   * said last.
   */
  readonly died: AbortSignal;
  /** SIGTERM, then SIGKILL for one that does not listen. May be called twice. */
  readonly stop: () => Promise<void>;
}

const SERVER = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Between finding a free port and the proxy's taking it, somebody else may. */
const ATTEMPTS = 3;
const POLL_MS = 50;
const LAST_WORDS = 4_000;

/**
 * Starts the proxy in a process of its own and waits until it takes requests.
 *
 * @throws Error with the process's last words when it ends or does not get ready; nothing is left
 * running then
 */
export async function startProxy(options: ProxyProcessOptions): Promise<ProxyProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const child = new Child(options, options.writeConfig(port));
    options.cleanUp.add({
      name: `the proxy (process ${child.pid})`,
      remove: () => child.stop(),
      abandon: () => {
        child.kill();
      },
    });
    const url = `http://127.0.0.1:${port}`;
    try {
      await untilReady(child, url, options);
      return { url, pid: child.pid, died: child.died, stop: () => child.stop() };
    } catch (error) {
      await child.stop();
      const clash = child.lastWords().includes('EADDRINUSE');
      if (!clash || options.port !== undefined || attempt === ATTEMPTS) throw error;
    }
  }
}

/** A port that nobody listened on a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}

/** The process, and what it said. */
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
      // The folder of the configuration: a process must not lie in wait for what is in ours.
      { cwd: dirname(configFile), env: { ...options.environment }, stdio: ['ignore', log, 'pipe'] },
    );
    closeSync(log);
    this.process = child;
    this.pid = child.pid ?? 0;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-LAST_WORDS);
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
      // Not `exit`: by then its last words may not have been read.
      child.once('close', (code, signal) => {
        end(
          signal === null
            ? `The proxy ended by itself, with exit code ${code ?? 'unknown'}.${this.quoted()}`
            : `The proxy was ended by ${signal}.`,
        );
      });
    });
  }

  /** The end of what it printed to standard error, or else of its log. */
  lastWords(): string {
    if (this.errors.trim() !== '') return this.errors.trim();
    try {
      return readFileSync(this.logFile, 'utf8').trim().split('\n').slice(-3).join('\n');
    } catch {
      return '';
    }
  }

  quoted(): string {
    const words = this.lastWords();
    return words === '' ? '' : ` Its last words:\n${words}`;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (!this.isRunning()) return this.ended;
    this.process.kill('SIGTERM');
    const patience = new AbortController();
    await Promise.race([
      this.ended,
      delay(this.stopTimeoutMs, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    this.kill();
    await this.ended;
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
  const tooLate = AbortSignal.timeout(readyTimeoutMs);
  const giveUp = AbortSignal.any([child.died, tooLate, ...(signal === undefined ? [] : [signal])]);
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
  if (!tooLate.aborted) throw giveUp.reason;
  throw new Error(
    `The proxy was not ready within ${readyTimeoutMs / 1000} s. ${url}/health/ready answered ${answer}.${child.quoted()}`,
  );
}
