import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCommandScript } from './command-script.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "it's a sandbox-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('sets what the commands need, whatever characters are in it, and hands on what is typed', () => {
  const secrets = { GLOBUS_CLIENT_SECRET: `a'b"$HOME\`c` };
  const config = join(folder, 'config.yaml');
  const script = writeCommandScript({ folder, secrets }, config);
  // In place of the program something that shows what it is called with.
  const shows =
    'JSON.stringify([process.env.GLOBUS_CLIENT_SECRET, process.env.SCICAT_GLOBUS_PROXY_CONFIG, process.argv.slice(2)])';
  const program = join(folder, 'show.cjs');
  writeFileSync(program, `console.log(${shows})`);
  const text = readFileSync(script, 'utf8').replace(/'[^']*dist\/cli\/main\.js'/, `"${program}"`);
  writeFileSync(script, text);
  expect(JSON.parse(execFileSync(script, ['doctor', 'a b'], { encoding: 'utf8' }))).toEqual([
    secrets.GLOBUS_CLIENT_SECRET,
    config,
    ['doctor', 'a b'],
  ]);
});
