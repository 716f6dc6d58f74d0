import 'reflect-metadata';
import type { AppConfig, Secrets } from '../../config/app-config.js';
import { applicationFolder } from '../../config/application-folder.js';
import { ConfigurationError } from '../../config/problem.js';
import { type ConfigOptions, type ConfigReading, readConfig } from '../../config/load-config.js';
import { Secret } from '../../config/secret.js';
import { type CommonOptions, configArguments } from './program.js';
import type { Terminal } from './terminal.js';

/** For commands that need no secrets. */
const NO_SECRETS: Secrets = {
  globusClientId: '',
  globusClientSecret: new Secret(''),
  scicatServiceUser: { username: '', password: new Secret('') },
};

/** Reads the configuration that the service would start with, and all problems in it. */
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
 * The configuration that the service would start with. Warnings are left to `check-config`.
 *
 * @param secrets `ignored`: for commands that use none of the service's accounts, so that they work
 *   without secrets; those of the configuration are then empty
 * @returns undefined if it can't be used, after printing why
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

/** Where the service listens. */
type Listening = Pick<AppConfig, 'port'> & {
  readonly server: Pick<AppConfig['server'], 'host'> &
    Partial<Pick<AppConfig['server'], 'adminHost' | 'adminPort'>>;
};

/** The service's address, for callers on the same machine. */
export function serviceUrl({
  port,
  server,
}: Pick<AppConfig, 'port'> & { readonly server: Pick<AppConfig['server'], 'host'> }): string {
  return `http://${reachable(server.host)}:${port}`;
}

/** The service's liveness route, for callers on the same machine. */
export function livenessUrl({ port, server }: Listening): string {
  const { host, adminHost = host, adminPort } = server;
  return adminPort === undefined
    ? `http://${reachable(host)}:${port}/health/live`
    : `http://${reachable(adminHost)}:${adminPort}/health/live`;
}

/** Addresses that mean "all interfaces" can't be connected to. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
