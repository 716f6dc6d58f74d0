import 'reflect-metadata';
import type { AppConfig, Secrets } from '../../config/app-config.js';
import { applicationFolder } from '../../config/application-folder.js';
import { ConfigurationError } from '../../config/problem.js';
import { type ConfigOptions, type ConfigReading, readConfig } from '../../config/load-config.js';
import { Secret } from '../../config/secret.js';
import { type CommonOptions, configArguments } from './program.js';
import type { Terminal } from './terminal.js';

/** In place of secrets that a command has no use for. */
const NO_SECRETS: Secrets = {
  globusClientId: '',
  globusClientSecret: new Secret(''),
  scicatServiceUser: { username: '', password: new Secret('') },
};

/** Reads the configuration that the service would start with, and all that is wrong with it. */
export function readForCommand(
  { env, platform, workingFolder }: Terminal,
  options: CommonOptions,
  more: Partial<ConfigOptions> = {},
): ConfigReading {
  return readConfig({
    argv: configArguments(options),
    env,
    platform,
    applicationFolder: applicationFolder(),
    workingFolder,
    ...more,
  });
}

/**
 * The configuration that the service would start with, for a command that needs one. Warnings are
 * `check-config`'s to show.
 *
 * @param secrets `ignored`: for a command that uses none of the service's accounts, so that it works
 *   where they are not set; the configuration then has empty ones
 * @returns undefined when it can't be used; the terminal has been told why
 */
export function loadForCommand(
  terminal: Terminal,
  options: CommonOptions,
  secrets: 'needed' | 'ignored' = 'needed',
): AppConfig | undefined {
  const { config, fileConfig, problems } = readForCommand(terminal, options, { secrets });
  if (config !== undefined) return config;
  if (secrets === 'ignored' && fileConfig !== undefined) {
    return { ...fileConfig, secrets: NO_SECRETS };
  }
  terminal.err(`${new ConfigurationError(problems).message}\n`);
  return undefined;
}

/** The liveness route of the service with this configuration, as seen from the same machine. */
export function livenessUrl(config: {
  readonly port: number;
  readonly server: { readonly host: string };
}): string {
  return `http://${reachable(config.server.host)}:${config.port}/health/live`;
}

/** An address to listen on says "everywhere" in ways that can't be called. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
