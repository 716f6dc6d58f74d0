import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const READY_WITHIN_MS = 30_000;
/** Between finding a free port and its being taken, somebody else may take it. */
const PORT_ATTEMPTS = 3;

/** How the proxy is started. */
export interface ProxyChildOptions {
  /** Writes the configuration for a port, and gives the file's path. */
  readonly writeConfig: (port: number) => Promise<string>;
  /** All of the process's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called as soon as there is a process that could be killed. */
  readonly spawned?: (child: ProxyChild) => void;
}

/** The proxy as it is run in production: the built program, in a process of its own. */
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
   * Starts it and waits until it takes requests, or has ended.
   *
   * @throws Error with its log when it does neither
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

  /** SIGKILL: nothing of it runs on. */
  kill(): void {
    this.process.kill('SIGKILL');
  }

  /** Asks it to stop, or to read its configuration again. */
  signal(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    this.process.kill(signal);
  }

  /** With which code it ended; null while it runs, or when it was killed. */
  get exitCode(): number | null {
    return this.process.exitCode;
  }

  /** Returns when the process is gone. */
  async gone(): Promise<void> {
    await this.exited;
  }

  private async readyOrEnded(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (this.runs) {
      const ready = await fetch(`${this.url}/health/ready`, {
        signal: AbortSignal.timeout(5000),
      }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) return;
      if (performance.now() > deadline) {
        this.kill();
        throw new Error(`The proxy did not get ready. Its log:\n${this.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await this.gone();
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
