import 'reflect-metadata';
import { applicationFolder } from '../config/application-folder.js';
import type { AppConfig, Secrets } from '../config/app-config.js';
import { ConfigurationError } from '../config/problem.js';
import { readConfig } from '../config/load-config.js';
import { Secret } from '../config/secret.js';
import { type CommonOptions, configArguments } from './program.js';
import type { Terminal } from './terminal.js';

/** In place of secrets that a command has no use for. */
const NO_SECRETS: Secrets = {
  globusClientId: '',
  globusClientSecret: new Secret(''),
  scicatServiceUser: { username: '', password: new Secret('') },
};

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
  const { env, platform, workingFolder } = terminal;
  const { config, fileConfig, problems } = readConfig({
    argv: configArguments(options),
    env,
    platform,
    applicationFolder: applicationFolder(),
    workingFolder,
    secrets,
  });
  if (config !== undefined) return config;
  if (secrets === 'ignored' && fileConfig !== undefined) {
    return { ...fileConfig, secrets: NO_SECRETS };
  }
  terminal.err(`${new ConfigurationError(problems).message}\n`);
  return undefined;
}
