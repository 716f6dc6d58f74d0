import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { serviceVersion } from '../../health/service-version.js';
import type { Terminal } from './terminal.js';

/** How a command ended: well; with a problem that it has reported; called wrongly. */
export type ExitCode = 0 | 1 | 2;

/** Options that every command takes. */
export interface CommonOptions {
  /** Path of the configuration file; without it, it is searched for. */
  readonly config?: string;
}

/** Adds a command to the program; its action reports its exit code through `ends`. */
export type CommandInstaller = (
  program: Command,
  terminal: Terminal,
  ends: (code: ExitCode) => void,
) => void;

/**
 * Runs the command line of the service.
 *
 * @param argv arguments after the program's name
 * @param installers one for each command, in the order of the help
 */
export async function runCli(
  argv: readonly string[],
  terminal: Terminal,
  installers: readonly CommandInstaller[],
): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = new Command('scicat-globus-proxy')
    .description('Moves SciCat datasets between facilities with Globus.')
    .version(serviceVersion())
    .option('--config <path>', 'configuration file (default: the first one found)')
    .showHelpAfterError('(run with --help for usage)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        terminal.out(text);
      },
      writeErr: (text) => {
        terminal.err(text);
      },
    });
  for (const install of installers) {
    install(program, terminal, (code) => {
      exitCode = code;
    });
  }
  for (const command of program.commands) {
    command.copyInheritedSettings(program);
    command.addHelpText('after', '\nGlobal options:\n  --config <path>  configuration file');
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end well when asked for; everything else is a usage error.
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

/** The arguments that the search for the configuration understands. */
export function configArguments(options: CommonOptions): readonly string[] {
  return options.config === undefined ? [] : ['--config', options.config];
}

/** @param range what {@link fits} allows, to follow "a number of seconds" */
export function secondsReader(
  fits: (seconds: number) => boolean,
  range: string,
): (text: string) => number {
  return (text) => {
    const seconds = Number(text);
    if (text.trim() !== '' && fits(seconds)) return seconds;
    throw new InvalidArgumentError(`It must be a number of seconds ${range}.`);
  };
}
