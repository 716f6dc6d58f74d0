import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  callsThatAreNotRun,
  type ConsoleBlock,
  consoleBlocks,
  isAsShown,
  withOutputs,
} from './console-blocks.js';
import type { Scene } from './scene.js';
import { SCENES } from './scenes.js';

/*
 * Every command line that the documentation shows is typed as shown, and what it prints is compared
 * with what the document says. How to write one:
 *
 *     ```console
 *     $ scicat-globus-proxy check-config good.yaml
 *     good.yaml: valid, 2 facilities
 *     $ scicat-globus-proxy check-config typo.yaml
 *     …
 *     typo.yaml: 1 error
 *     $ echo $?
 *     1
 *     ```
 *
 * - A fenced block of language `console` in which `scicat-globus-proxy` is called is run, from its
 *   first line to its last in one shell (`sh`). Behind "$ " stands what is typed (a `\` at the end
 *   of the line goes on in the next one), below it what both streams print.
 * - The working folder is a copy of `docs/examples/`: put files that examples need there. `$ cat
 *   FILE` shows one and is compared like everything else, so it can't grow stale.
 * - A command that ends with another exit code than 0 is followed by `$ echo $?`, so that readers
 *   learn of it.
 * - "…" alone on a line stands for any lines, and in a line for any text. The path of the working
 *   folder is shown as `/home/you`.
 * - ```` ```console scene=NAME ```` runs it in a scene of `scenes.ts`: variables, emulators, and how
 *   ids and times are made equal. Without a name it is `plain`: the secrets are set, no service is
 *   there.
 * - Calls of the program anywhere else but in `console` blocks are refused, `serve` excepted.
 *
 * `WRITE_DOCS=1 npm run test:docs` writes what was printed into the documents where it differs; look
 * at what it changed.
 */

const TOP = fileURLToPath(new URL('../../', import.meta.url));
const SHOWN_FOLDER = '/home/you';
/** Printed after each command; no program prints it. */
const MARK = '\u0001';
const WITHIN_MS = 60_000;

const documents = [
  ...readdirSync(TOP).filter((name) => name.endsWith('.md')),
  ...['docs', 'config'].flatMap((folder) =>
    readdirSync(join(TOP, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
];
const blocks = documents.flatMap((file) =>
  consoleBlocks(readFileSync(join(TOP, file), 'utf8')).map((block, index) => ({
    file,
    block,
    index,
  })),
);

describe('command lines in the documentation', () => {
  /** A copy of the built program: nothing that lies around in this folder may change what it does. */
  let application: string;

  beforeAll(() => {
    const built = join(TOP, 'dist');
    if (!existsSync(join(built, 'cli', 'main.js'))) {
      throw new Error('dist/cli/main.js is missing; run "npm run build" first.');
    }
    application = realpathSync(mkdtempSync(join(tmpdir(), 'docs-application-')));
    cpSync(built, join(application, 'dist'), { recursive: true });
    cpSync(join(TOP, 'package.json'), join(application, 'package.json'));
    symlinkSync(join(TOP, 'node_modules'), join(application, 'node_modules'), 'dir');
    mkdirSync(join(application, 'bin'));
    const command = join(application, 'bin', 'scicat-globus-proxy');
    writeFileSync(
      command,
      `#!/bin/sh\nexec '${process.execPath}' '${application}/dist/cli/main.js' "$@"\n`,
    );
    chmodSync(command, 0o755);
  });

  afterAll(() => {
    rmSync(application, { recursive: true, force: true });
  });

  it.each(documents)('%s calls the program only where it is tried', (file) => {
    expect(callsThatAreNotRun(readFileSync(join(TOP, file), 'utf8'))).toEqual([]);
  });

  it.each(blocks.map((place) => [`${place.file}:${place.block.line}`, place] as const))(
    '%s prints what it shows',
    async (_place, { file, block, index }) => {
      const begin = SCENES[block.scene];
      if (begin === undefined) throw new Error(`scenes.ts has no scene "${block.scene}".`);
      const scene = await begin();
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'docs-')));
      try {
        cpSync(join(TOP, 'docs', 'examples'), folder, { recursive: true });
        for (const [name, text] of Object.entries(scene.files ?? {})) {
          writeFileSync(join(folder, name), text);
        }
        const outcomes = await run(block, scene, folder, join(application, 'bin'));
        const outputs = outputsToShow(block, outcomes, scene, folder);
        const text = readFileSync(join(TOP, file), 'utf8');
        const corrected = withOutputs(text, consoleBlocks(text)[index] ?? block, outputs);
        if (process.env['WRITE_DOCS'] === '1') writeFileSync(join(TOP, file), corrected);
        else expect(text).toBe(corrected);
        expect(unsaidFailures(block, outcomes)).toEqual([]);
      } finally {
        await scene.close?.();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    WITHIN_MS + 10_000,
  );
});

interface Outcome {
  readonly printed: string;
  readonly exitCode: number;
}

/** Types all commands of a block into one shell. */
async function run(
  { commands }: ConsoleBlock,
  scene: Scene,
  folder: string,
  commandFolder: string,
): Promise<readonly Outcome[]> {
  const script = [
    // The exit code goes on to the next command, which may ask for it.
    `mark() { code=$?; printf '${MARK}%s${MARK}' "$code"; return "$code"; }`,
    'exec 2>&1',
    ...commands.flatMap(({ typed }) => [typed, 'mark']),
  ].join('\n');
  const shell = spawn('sh', ['-c', script], {
    cwd: folder,
    env: { ...scene.env, PATH: `${commandFolder}:${process.env['PATH'] ?? ''}`, HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: WITHIN_MS,
  });
  let text = '';
  shell.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(shell, 'close');
  const parts = text.split(MARK);
  return commands.map((_command, index) => ({
    printed: parts[2 * index] ?? '',
    exitCode: Number(parts[2 * index + 1] ?? NaN),
  }));
}

/** What each command printed, as the document would have to show it. */
function outputsToShow(
  { commands }: ConsoleBlock,
  outcomes: readonly Outcome[],
  { normalized = (text) => text }: Scene,
  folder: string,
): readonly (readonly string[])[] {
  return commands.map(({ printed }, index) => {
    const text = (outcomes[index]?.printed ?? '')
      .replace(/\n+$/, '')
      .replaceAll(folder, SHOWN_FOLDER);
    const real = text === '' ? [] : text.split('\n');
    const alike = isAsShown(
      normalized(printed.join('\n')).split('\n'),
      normalized(real.join('\n')).split('\n'),
    );
    return alike ? printed : real;
  });
}

/** Commands that fail without the document saying so. */
function unsaidFailures(
  { commands }: ConsoleBlock,
  outcomes: readonly Outcome[],
): readonly string[] {
  return commands.flatMap(({ typed }, index) => {
    const code = outcomes[index]?.exitCode ?? NaN;
    const asked = commands[index + 1]?.typed.trim() === 'echo $?';
    return code === 0 || asked ? [] : [`"${typed}" ends with ${code}; show "$ echo $?" below it`];
  });
}
