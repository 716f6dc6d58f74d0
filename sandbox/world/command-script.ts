import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { World } from './world.js';

const COMMAND_LINE = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * Writes a script that runs the proxy's command line with a world's configuration and secrets.
 *
 * @param configFile of the running proxy
 * @returns the script's path
 */
export function writeCommandScript(
  world: Pick<World, 'folder' | 'secrets'>,
  configFile: string,
): string {
  const variables = { ...world.secrets, SCICAT_GLOBUS_PROXY_CONFIG: configFile };
  const script = join(world.folder, 'scicat-globus-proxy');
  writeFileSync(
    script,
    [
      '#!/bin/sh',
      "# The proxy's command line for a sandbox; these secrets are worthless outside of it.",
      ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
      `exec ${quoted(process.execPath)} ${quoted(COMMAND_LINE)} "$@"`,
      '',
    ].join('\n'),
    { mode: 0o700 },
  );
  return script;
}

/** Quotes a string for the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
