import { parseArgs } from 'node:util';
import {
  DEFAULT_GENERATION,
  SCICAT_GENERATIONS,
  type ScicatGeneration,
} from './scicat/generation.js';
import { writeCommandScript } from './world/command-script.js';
import { amountOf, readFolder } from './world/folder-entries.js';
import { runCommand, type ProgramContext } from './world/run-program.js';
import { fillSampleFolder } from './world/sample-folder.js';
import { startProxyIn, type ProxyInWorld } from './world/start-proxy-in-world.js';
import { counted, formatBytes, Printer, standardOutput } from './world/terminal.js';
import {
  CONFIG_FILE,
  discardSettings,
  startWorld,
  type Reach,
  type RegisteredDataset,
  type World,
} from './world/world.js';

const HELP = `Usage: npm run sandbox -- [options]

Starts an emulated SciCat, an emulated Globus that copies between local folders, and the proxy
between them. Prints everything needed to try it, and runs until Ctrl-C.

  --port N             port of the proxy (default: a free one)
  --speed MB           MB that Globus copies per second (default: 2)
  --scicat VERSION     which SciCat to emulate: 4.5, 5.2, or head, its development version after 5.2.1
                       (default: ${DEFAULT_GENERATION})
  --least-privilege    two SciCat service accounts with few rights instead of one with all
  --settings FOLDER    don't start a proxy; write configuration and secrets to this folder for a proxy
                       that is started elsewhere, on port 8080 unless --port is given
  --listen ADDRESS     with --settings: address that SciCat and Globus listen on (127.0.0.1)
  --name HOST          with --settings: their host name as seen from the proxy (127.0.0.1)
  --scicat-port N      with --settings: port of SciCat (default: a free one)
  --globus-port N      with --settings: port of Globus (default: a free one)
  --help               show this help
`;

interface SandboxOptions {
  readonly port: number | undefined;
  readonly bytesPerSecond: number;
  readonly scicatGeneration: ScicatGeneration;
  readonly leastPrivilege: boolean;
  readonly elsewhere: Elsewhere | undefined;
}

/** A proxy that is started elsewhere: where its settings go, and how it reaches the emulators. */
interface Elsewhere {
  readonly settings: string;
  readonly reach: Reach;
}

function parseOptions(args: string[]): SandboxOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string' },
      speed: { type: 'string', default: '2' },
      scicat: { type: 'string', default: DEFAULT_GENERATION },
      'least-privilege': { type: 'boolean', default: false },
      settings: { type: 'string' },
      listen: { type: 'string' },
      name: { type: 'string' },
      'scicat-port': { type: 'string' },
      'globus-port': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const { settings, listen = '127.0.0.1', name = '127.0.0.1' } = values;
  const port = portOf(values.port);
  const [scicatPort = 0, globusPort = 0] = [values['scicat-port'], values['globus-port']].map(
    portOf,
  );
  const speed = Number(values.speed);
  if (!(speed > 0)) throw new Error('--speed must be a number above 0.');
  const needSettings = ['listen', 'name', 'scicat-port', 'globus-port'] as const;
  if (settings === undefined && needSettings.some((option) => values[option] !== undefined)) {
    throw new Error('--listen, --name, --scicat-port and --globus-port require --settings.');
  }
  return {
    port,
    bytesPerSecond: speed * 1e6,
    scicatGeneration: generationOf(values.scicat),
    leastPrivilege: values['least-privilege'],
    elsewhere:
      settings === undefined
        ? undefined
        : { settings, reach: { listen, name, scicatPort, globusPort } },
  };
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new Error('A port must be a whole number from 1 to 65535.');
}

function generationOf(text: string): ScicatGeneration {
  const generation = SCICAT_GENERATIONS.find((known) => known === text);
  if (generation !== undefined) return generation;
  throw new Error(`--scicat must be one of ${SCICAT_GENERATIONS.join(', ')}.`);
}

const PORT_ELSEWHERE = 8080;

async function serve(
  { port, bytesPerSecond, scicatGeneration, leastPrivilege, elsewhere }: SandboxOptions,
  context: ProgramContext,
): Promise<number> {
  if (elsewhere !== undefined) await discardSettings(elsewhere.settings);
  const world = await startWorld(context.cleanUp, {
    serviceAccounts: leastPrivilege ? 'least-privilege' : 'one-account',
    scicatGeneration,
    ...(elsewhere === undefined ? {} : { reach: elsewhere.reach }),
  });
  // Slow enough to watch a transfer and cancel it.
  world.globus.machine.life.bytesPerSecond = bytesPerSecond;
  await fillSampleFolder(world.sourceFolder);
  const entries = await readFolder(world.sourceFolder);
  const dataset = world.registerDataset(entries);
  const { files, bytes } = amountOf(entries);
  const proxy = elsewhere === undefined ? await startProxyIn(world, context, port) : undefined;
  const url = proxy?.url ?? `http://127.0.0.1:${port ?? PORT_ELSEWHERE}`;
  if (elsewhere !== undefined) {
    const { settings } = elsewhere;
    context.cleanUp.add({
      name: 'the settings',
      remove: () => discardSettings(settings),
    });
    world.writeSettings(settings, port ?? PORT_ELSEWHERE);
  }
  const printer = new Printer(standardOutput(), process.env);
  printWorld(printer, world, url, { scicatGeneration, proxy, elsewhere });
  printer.heading('Dataset');
  printer.line('PID', dataset.document.pid);
  printer.line('owner group', `${dataset.document.ownerGroup}, the group of alice`);
  printer.line('holds', `${counted(files, 'file')}, ${formatBytes(bytes)}`);
  printer.line('source', world.sourceFolder);
  printer.line('destination', dataset.destinationFolder);
  printTrials(printer, world, url, dataset);
  printer.plain(`\n${printer.style('dim', 'Running until Ctrl-C.')}`);

  const ended = AbortSignal.any([context.signal, ...(proxy === undefined ? [] : [proxy.died])]);
  await new Promise((resolve) => {
    if (ended.aborted) resolve(undefined);
    else ended.addEventListener('abort', resolve, { once: true });
  });
  if (proxy?.died.aborted === true && !context.signal.aborted) throw proxy.died.reason;
  // Ctrl-C is the normal end.
  printer.plain('\nStopping.');
  return 0;
}

/** The wildcard address can be listened on, but not called. */
function fromHere(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:');
}

function printWorld(
  printer: Printer,
  world: World,
  url: string,
  {
    scicatGeneration,
    proxy,
    elsewhere,
  }: Pick<SandboxOptions, 'scicatGeneration' | 'elsewhere'> & {
    readonly proxy: ProxyInWorld | undefined;
  },
): void {
  printer.heading('SciCat Globus Proxy: sandbox');
  printer.line(
    'proxy',
    proxy === undefined ? `${url}  (elsewhere)` : `${url}  (process ${proxy.pid})`,
  );
  printer.line('Swagger', `${url}/docs/index.html`);
  printer.line('health', `${url}/health/ready`);
  if (proxy !== undefined) printer.line('log', proxy.logFile);
  const configFile = `${elsewhere?.settings ?? world.folder}/${CONFIG_FILE}`;
  printer.line('configuration', configFile);
  if (elsewhere === undefined) {
    printer.line('command line', `${writeCommandScript(world, configFile)} --help`);
  }
  printer.line('SciCat', `${fromHere(world.scicat.url)}  (emulated, ${scicatGeneration})`);
  printer.line('Globus Auth', `${fromHere(world.globus.authUrl)}  (emulated)`);
  printer.line('Globus Transfer', `${fromHere(world.globus.transferUrl)}  (emulated)`);

  printer.heading('Facilities');
  for (const { name, direction, accessValue, folder } of Object.values(world.facilities)) {
    printer.line(name, `${direction}  for ${accessValue.padEnd(15)} ${folder}`);
  }
  printer.heading('Users');
  const tokens: string[] = [];
  for (const { username, groups, token } of [world.alice, world.bob]) {
    printer.line(username, `member of ${groups.join(', ')}`);
    tokens.push(`${username.toUpperCase()}='${token}'`);
  }
  printer.heading('Their SciCat tokens as shell variables, to paste first');
  for (const token of tokens) printer.plain(token);
}

function printTrials(
  printer: Printer,
  world: World,
  proxyUrl: string,
  { document: { pid } }: RegisteredDataset,
): void {
  const post = (token: string, destination: string): string =>
    `curl -X POST -H "SciCat-API-Key: ${token}" '${proxyUrl}/transfer?sourceFacility=BEAMLINE&destFacility=${destination}&scicatPid=${encodeURIComponent(pid)}'`;
  printer.heading('Transfer the dataset as alice');
  printer.plain(post(world.alice.token, 'ARCHIVE'));
  printer.heading('Check its progress');
  printer.plain(`curl -H "SciCat-API-Key: $ALICE" '${proxyUrl}/transfer'`);
  printer.heading('A refused request: alice may not use VAULT');
  printer.plain(post('$ALICE', 'VAULT'));
  printer.heading('Another one: bob is not in a group of the dataset');
  printer.plain(post('$BOB', 'ARCHIVE'));
  printer.heading('Take SciCat down and up again (works for Globus, too)');
  for (const outage of ['true', 'false']) {
    printer.plain(
      `curl -d '{"outage":${outage}}' '${fromHere(world.scicat.url)}/__sandbox/faults'`,
    );
  }
}

await runCommand(HELP, parseOptions, serve);
