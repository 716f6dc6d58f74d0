import { parseArgs } from 'node:util';
import { reasonOf } from './world/clean-up.js';
import { writeCommandScript } from './world/command-script.js';
import { amountOf, readFolder } from './world/folder-entries.js';
import { runProgram, type ProgramContext } from './world/run-program.js';
import { fillSampleFolder } from './world/sample-folder.js';
import { startProxyIn, type ProxyInWorld } from './world/start-proxy-in-world.js';
import { counted, formatBytes, Printer, standardOutput } from './world/terminal.js';
import { startWorld, type RegisteredDataset, type World } from './world/world.js';

const HELP = `Usage: npm run sandbox -- [options]

Starts an emulated SciCat, an emulated Globus that copies between local folders, and the proxy
between them; prints all that is needed to try it out, and serves until Ctrl-C.

  --port N             port of the proxy (default: a free one)
  --speed MB           how many MB Globus copies in a second (default: 2)
  --least-privilege    two SciCat service accounts with few rights instead of one with all
  --help               show this
`;

/** What the command line asks for, or why it can't be understood. */
type Wish =
  | {
      readonly kind: 'run';
      readonly port: number | undefined;
      readonly bytesPerSecond: number;
      readonly leastPrivilege: boolean;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

function readArguments(args: readonly string[]): Wish {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        speed: { type: 'string', default: '2' },
        'least-privilege': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const port = values.port === undefined ? undefined : Number(values.port);
    if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
      return { kind: 'wrong', message: '--port must be a whole number from 1 to 65535.' };
    }
    const speed = Number(values.speed);
    if (!(speed > 0)) return { kind: 'wrong', message: '--speed must be a number above 0.' };
    return {
      kind: 'run',
      port,
      bytesPerSecond: speed * 1e6,
      leastPrivilege: values['least-privilege'],
    };
  } catch (error) {
    return { kind: 'wrong', message: reasonOf(error) };
  }
}

async function serve(
  context: ProgramContext,
  { port, bytesPerSecond, leastPrivilege }: Extract<Wish, { readonly kind: 'run' }>,
): Promise<number> {
  const world = await startWorld(context.cleanUp, {
    serviceAccounts: leastPrivilege ? 'least-privilege' : 'one-account',
  });
  // Slow enough to watch a transfer, and to cancel it by hand.
  world.globus.machine.life.bytesPerSecond = bytesPerSecond;
  await fillSampleFolder(world.sourceFolder);
  const entries = await readFolder(world.sourceFolder);
  const dataset = world.registerDataset(entries);
  const { files, bytes } = amountOf(entries);
  const proxy = await startProxyIn(world, context, port);
  const printer = new Printer(standardOutput(), process.env);
  printWorld(printer, world, proxy);
  printer.heading('Dataset');
  printer.line('PID', dataset.document.pid);
  printer.line('owner group', `${dataset.document.ownerGroup}, which is alice's`);
  printer.line('holds', `${counted(files, 'file')}, ${formatBytes(bytes)}`);
  printer.line('source', world.sourceFolder);
  printer.line('destination', dataset.destinationFolder);
  printTrials(printer, world, proxy, dataset);
  printer.plain(`\n${printer.style('dim', 'Serving until Ctrl-C.')}`);

  const ended = AbortSignal.any([context.signal, proxy.died]);
  await new Promise((resolve) => {
    if (ended.aborted) resolve(undefined);
    else ended.addEventListener('abort', resolve, { once: true });
  });
  if (proxy.died.aborted && !context.signal.aborted) throw proxy.died.reason;
  // Ctrl-C is how this program is meant to end.
  printer.plain('\nStopping.');
  return 0;
}

function printWorld(printer: Printer, world: World, proxy: ProxyInWorld): void {
  printer.heading('SciCat Globus Proxy: sandbox');
  printer.line('proxy', `${proxy.url}  (process ${proxy.pid})`);
  printer.line('Swagger', `${proxy.url}/docs/index.html`);
  printer.line('health', `${proxy.url}/health/ready`);
  printer.line('log', proxy.logFile);
  const configFile = `${world.folder}/scicat-globus-proxy-config.yaml`;
  printer.line('configuration', configFile);
  printer.line('command line', `${writeCommandScript(world, configFile)} --help`);
  printer.line('SciCat', `${world.scicat.url}  (emulated)`);
  printer.line('Globus Auth', `${world.globus.authUrl}  (emulated)`);
  printer.line('Globus Transfer', `${world.globus.transferUrl}  (emulated)`);

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
  proxy: ProxyInWorld,
  { document: { pid } }: RegisteredDataset,
): void {
  const post = (token: string, destination: string): string =>
    `curl -X POST -H "SciCat-API-Key: ${token}" '${proxy.url}/transfer?sourceFacility=BEAMLINE&destFacility=${destination}&scicatPid=${encodeURIComponent(pid)}'`;
  printer.heading('Transfer the dataset, as alice');
  printer.plain(post(world.alice.token, 'ARCHIVE'));
  printer.heading('See how it goes');
  printer.plain(`curl -H "SciCat-API-Key: $ALICE" '${proxy.url}/transfer'`);
  printer.heading('Be refused: alice may not use VAULT');
  printer.plain(post('$ALICE', 'VAULT'));
  printer.heading('Be refused: the dataset belongs to none of the groups of bob');
  printer.plain(post('$BOB', 'ARCHIVE'));
  printer.heading('Switch SciCat off, and on again (the same works on Globus)');
  for (const outage of ['true', 'false']) {
    printer.plain(`curl -d '{"outage":${outage}}' '${world.scicat.url}/__sandbox/faults'`);
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
