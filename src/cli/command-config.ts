import 'reflect-metadata';
import { applicationFolder } from '../application-folder.js';
import type { AppConfig } from '../config/app-config.js';
import { ConfigurationError } from '../config/configuration.errors.js';
import { loadConfig } from '../config/load-config.js';
import { type CommonOptions, configArguments } from './program.js';
import type { Terminal } from './terminal.js';

/**
 * The configuration that the service would start with, for a command that needs one. Warnings are
 * `check-config`'s to show.
 *
 * @returns undefined when it can't be used; the terminal has been told why
 */
export function loadForCommand(terminal: Terminal, options: CommonOptions): AppConfig | undefined {
  const { env, platform, workingFolder } = terminal;
  try {
    return loadConfig({
      argv: configArguments(options),
      env,
      platform,
      applicationFolder: applicationFolder(),
      workingFolder,
    }).config;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    terminal.err(`${error.message}\n`);
    return undefined;
  }
}
