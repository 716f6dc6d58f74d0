import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const READY_WITHIN_MS = 30_000;
/** Another process may take a free port before the proxy does. */
const PORT_ATTEMPTS = 3;

/** How the proxy is started. */
export interface ProxyChildOptions {
  /** Writes the configuration for a port and returns the file's path. */
  readonly writeConfig: (port: number) => Promise<string>;
  /** The complete environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called as soon as there is a process to kill. */
  readonly spawned?: (child: ProxyChild) => void;
}

/** The proxy as in production: the built program in its own process. */
export class ProxyChild {
  /** What it has printed so far. */
  log = '';
  private readonly exited: Promise<unknown>;

  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
  ) {
    this.exited = once(process, 'close');
    for (const stream of [process.stdout, process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    }
  }

  /**
   * Starts the proxy and waits until it is ready or has ended.
   *
   * @throws Error with its log if it does neither
   */
  static async start(options: ProxyChildOptions): Promise<ProxyChild> {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing; run "npm run build" first.`);
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const file = await options.writeConfig(port);
      const child = new ProxyChild(
        `http://127.0.0.1:${port}`,
        spawn(process.execPath, [PROGRAM, '--config', file], {
          cwd: dirname(file),
          env: options.environment,
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      );
      options.spawned?.(child);
      await child.readyOrEnded();
      const clash = !child.runs && child.log.includes('EADDRINUSE');
      if (!clash || attempt === PORT_ATTEMPTS) return child;
    }
  }

  get runs(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Sends SIGKILL. */
  kill(): void {
    this.process.kill('SIGKILL');
  }

  signal(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    this.process.kill(signal);
  }

  /** Null while it runs, or if it was killed. */
  get exitCode(): number | null {
    return this.process.exitCode;
  }

  /** Resolves when the process has ended and its log is complete. */
  async gone(): Promise<void> {
    await this.exited;
  }

  private async readyOrEnded(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (this.runs) {
      if (await this.isReady()) return;
      if (performance.now() > deadline) {
        this.kill();
        throw new Error(`The proxy did not become ready. Its log:\n${this.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await this.gone();
  }

  private async isReady(): Promise<boolean> {
    // Until the child listens, its port may be that of another process.
    if (!this.log.includes('"msg":"listening"')) return false;
    const signal = AbortSignal.timeout(5000);
    return fetch(`${this.url}/health/ready`, { signal }).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}
