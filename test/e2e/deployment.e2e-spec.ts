import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { eventually } from '../support/service.js';

const TOP = fileURLToPath(new URL('../../', import.meta.url));
const CONFIG_FILE = 'scicat-globus-proxy-config.yaml';

interface ComposeService {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A program of compose.yaml, run here instead of in a container. */
class Program {
  said = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    // As in the image: nothing but what is given.
    this.child = spawn(process.execPath, args, {
      cwd: TOP,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    }
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** @returns its exit code */
  stop(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}

let folder: string;
const programs: Program[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compose-'));
});

afterEach(async () => {
  for (const program of programs.splice(0)) await program.stop('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const program = new Program(args, env);
  programs.push(program);
  return program;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('compose.yaml, the profile "sandbox"', () => {
  it('has emulators and a proxy that find each other, and a transfer that arrives', async () => {
    const { services } = parse(await readFile(join(TOP, 'compose.yaml'), 'utf8')) as {
      readonly services: Readonly<Record<'proxy' | 'emulators', ComposeService>>;
    };
    const port = await freePort();
    // What differs without containers: the folder of the volume, the network, and fixed ports.
    const [, ...command] = services.emulators.command
      .filter((part) => !/^--(?:scicat|globus)-port=/.test(part))
      .map((part) =>
        part
          .replace('/settings', folder)
          .replace('0.0.0.0', '127.0.0.1')
          .replace('--name=emulators', '--name=127.0.0.1'),
      );
    const emulators = run([...command, `--port=${port}`]);
    const config = join(folder, CONFIG_FILE);
    await eventually(
      () => existsSync(config) && emulators.said.includes('Running until'),
      () => `the emulators serve: ${emulators.said}`,
    );

    const environment = Object.fromEntries(
      Object.entries(services.proxy.environment)
        .filter(([name]) => name !== 'LOG_LEVEL')
        .map(([name, value]) => [name, value.replace('/run/settings', folder)]),
    );
    const proxy = run(['dist/main.js'], { ...environment, XDG_STATE_HOME: join(folder, 'data') });
    const url = `http://127.0.0.1:${port}`;
    await eventually(
      () =>
        fetch(`${url}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      () => `the proxy is ready: ${proxy.said}`,
    );

    // The bundle leaves out parts of libraries; these need what is next to them.
    const openApi = await fetch(`${url}/openapi.yaml`).then((one) => one.text());
    expect(openApi).toBe(await readFile(join(TOP, 'openapi.yaml'), 'utf8'));
    const pages = ['openapi.json', 'docs/index.html', 'docs/swagger-ui.css', 'metrics'];
    const statuses = pages.map((page) => fetch(`${url}/${page}`).then(({ status }) => status));
    expect(await Promise.all(statuses)).toEqual(pages.map(() => 200));

    const token = /^ALICE='([^']+)'/m.exec(emulators.said)?.[1] ?? '';
    const pid = /^ *PID +(\S+)/m.exec(emulators.said)?.[1] ?? '';
    const headers = { 'SciCat-API-Key': token };
    const query = new URLSearchParams({
      sourceFacility: 'BEAMLINE',
      destFacility: 'ARCHIVE',
      scicatPid: pid,
    });
    const misspelt = new URLSearchParams({ ...Object.fromEntries(query), autoArchiv: 'true' });
    const [refused, answer] = await Promise.all(
      [misspelt, query].map((parameters) =>
        fetch(`${url}/transfer?${parameters.toString()}`, { method: 'POST', headers }),
      ),
    );
    if (refused === undefined || answer === undefined) throw new Error('No answer.');
    expect(await refused.json()).toMatchObject({ code: 'INVALID_REQUEST' });
    expect(answer.status).toBe(200);
    const { jobId } = (await answer.json()) as { readonly jobId: string };
    let seen: unknown;
    await eventually(
      async () => {
        seen = await fetch(`${url}/transfer/${jobId}`, { headers }).then((one) => one.json());
        return (seen as { readonly status?: unknown }).status === 'finished';
      },
      () => `the transfer is finished: ${JSON.stringify(seen)}`,
    );

    expect(await proxy.stop('SIGTERM')).toBe(0);
    await emulators.stop('SIGTERM');
    // It would fit no other emulators, and the next ones may be slower than the proxy.
    expect(existsSync(config)).toBe(false);
  });
});
