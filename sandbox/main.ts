import { parseArgs } from 'node:util';
import { reasonOf } from './world/clean-up.js';
import { writeCommandScript } from './world/command-script.js';
import { amountOf, readFolder } from './world/folder-entries.js';
import { runProgram, type ProgramContext } from './world/run-program.js';
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
between them; prints all that is needed to try it out, and serves until Ctrl-C.

  --port N             port of the proxy (default: a free one)
  --speed MB           how many MB Globus copies in a second (default: 2)
  --least-privilege    two SciCat service accounts with few rights instead of one with all
  --settings FOLDER    start no proxy, but leave configuration and secrets in this folder for one
                       that is started elsewhere, on port 8080 if --port does not say otherwise
  --listen ADDRESS     with --settings: address that SciCat and Globus listen on (127.0.0.1)
  --name HOST          with --settings: under which name the proxy reaches them (127.0.0.1)
  --scicat-port N      with --settings: port of SciCat (default: a free one)
  --globus-port N      with --settings: port of Globus (default: a free one)
  --help               show this
`;

/** What the command line asks for, or why it can't be understood. */
type Wish =
  | {
      readonly kind: 'run';
      readonly port: number | undefined;
      readonly bytesPerSecond: number;
      readonly leastPrivilege: boolean;
      readonly elsewhere: Elsewhere | undefined;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** A proxy that somebody else starts, and how it finds the emulators. */
interface Elsewhere {
  readonly settings: string;
  readonly reach: Reach;
}

function readArguments(args: readonly string[]): Wish {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        speed: { type: 'string', default: '2' },
        'least-privilege': { type: 'boolean', default: false },
        settings: { type: 'string' },
        listen: { type: 'string' },
        name: { type: 'string' },
        'scicat-port': { type: 'string' },
        'globus-port': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const ports = {
      port: values.port,
      scicat: values['scicat-port'],
      globus: values['globus-port'],
    };
    if (!Object.values(ports).every(isPort)) {
      return { kind: 'wrong', message: 'A port must be a whole number from 1 to 65535.' };
    }
    const speed = Number(values.speed);
    if (!(speed > 0)) return { kind: 'wrong', message: '--speed must be a number above 0.' };
    const { settings, listen = '127.0.0.1', name = '127.0.0.1' } = values;
    if (
      settings === undefined &&
      [values.listen, values.name, ports.scicat, ports.globus].some((value) => value !== undefined)
    ) {
      return {
        kind: 'wrong',
        message: '--listen, --name, --scicat-port and --globus-port go with --settings only.',
      };
    }
    return {
      kind: 'run',
      port: ports.port === undefined ? undefined : Number(ports.port),
      bytesPerSecond: speed * 1e6,
      leastPrivilege: values['least-privilege'],
      elsewhere:
        settings === undefined
          ? undefined
          : {
              settings,
              reach: {
                listen,
                name,
                scicatPort: Number(ports.scicat ?? 0),
                globusPort: Number(ports.globus ?? 0),
              },
            },
    };
  } catch (error) {
    return { kind: 'wrong', message: reasonOf(error) };
  }
}

function isPort(text: string | undefined): boolean {
  if (text === undefined) return true;
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

const PORT_ELSEWHERE = 8080;

async function serve(
  context: ProgramContext,
  { port, bytesPerSecond, leastPrivilege, elsewhere }: Extract<Wish, { kind: 'run' }>,
): Promise<number> {
  if (elsewhere !== undefined) discardSettings(elsewhere.settings);
  const world = await startWorld(context.cleanUp, {
    serviceAccounts: leastPrivilege ? 'least-privilege' : 'one-account',
    ...(elsewhere === undefined ? {} : { reach: elsewhere.reach }),
  });
  // Slow enough to watch a transfer, and to cancel it by hand.
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
      remove: () => {
        discardSettings(settings);
        return Promise.resolve();
      },
    });
    world.writeSettings(settings, port ?? PORT_ELSEWHERE);
  }
  const printer = new Printer(standardOutput(), process.env);
  printWorld(printer, world, url, proxy, elsewhere);
  printer.heading('Dataset');
  printer.line('PID', dataset.document.pid);
  printer.line('owner group', `${dataset.document.ownerGroup}, which is alice's`);
  printer.line('holds', `${counted(files, 'file')}, ${formatBytes(bytes)}`);
  printer.line('source', world.sourceFolder);
  printer.line('destination', dataset.destinationFolder);
  printTrials(printer, world, url, dataset);
  printer.plain(`\n${printer.style('dim', 'Serving until Ctrl-C.')}`);

  const ended = AbortSignal.any([context.signal, ...(proxy === undefined ? [] : [proxy.died])]);
  await new Promise((resolve) => {
    if (ended.aborted) resolve(undefined);
    else ended.addEventListener('abort', resolve, { once: true });
  });
  if (proxy?.died.aborted === true && !context.signal.aborted) throw proxy.died.reason;
  // Ctrl-C is how this program is meant to end.
  printer.plain('\nStopping.');
  return 0;
}

/** "Everywhere" is an address to listen on, and none to call. */
function fromHere(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:');
}

function printWorld(
  printer: Printer,
  world: World,
  url: string,
  proxy: ProxyInWorld | undefined,
  elsewhere: Elsewhere | undefined,
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
  printer.line('SciCat', `${fromHere(world.scicat.url)}  (emulated)`);
  printer.line('Globus Auth', `${fromHere(world.globus.authUrl)}  (emulated)`);
  printer.line('Globus Transfer', `${fromHere(world.globus.transferUrl)}  (emulated)`);

  printer.heading('Facilities');
  for (const { name, direction, accessValue, folder } of Object.values(world.facilities)) {
    printer.line(name, `${direction}  for ${accessValue.padEnd(15)} ${folder}`);
  }
  printer.heading('Users');
  const tokens: string[] = [];
  for (const { username, groups, token } of [world.alice, world.bob]) {
    printer.line(username, `in the groups ${groups.join(', ')}`);
    tokens.push(`${username.toUpperCase()}='${token}'`);
  }
  printer.heading('Their SciCat tokens, as shell variables: paste them first');
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
  printer.heading('Transfer the dataset, as alice');
  printer.plain(post(world.alice.token, 'ARCHIVE'));
  printer.heading('See how it goes');
  printer.plain(`curl -H "SciCat-API-Key: $ALICE" '${proxyUrl}/transfer'`);
  printer.heading('Be refused: alice may not use VAULT');
  printer.plain(post('$ALICE', 'VAULT'));
  printer.heading('Be refused: the dataset belongs to none of the groups of bob');
  printer.plain(post('$BOB', 'ARCHIVE'));
  printer.heading('Switch SciCat off, and on again (the same works on Globus)');
  for (const outage of ['true', 'false']) {
    printer.plain(
      `curl -d '{"outage":${outage}}' '${fromHere(world.scicat.url)}/__sandbox/faults'`,
    );
  }
}

const wish = readArguments(process.argv.slice(2));
switch (wish.kind) {
  case 'help':
    process.stdout.write(HELP);
    break;
  case 'wrong':
    process.stderr.write(`${wish.message}\n\n${HELP}`);
    process.exitCode = 2;
    break;
  case 'run':
    await runProgram((context) => serve(context, wish));
    break;
}
