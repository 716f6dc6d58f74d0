import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { serviceVersion } from '../../health/service-version.js';
import type { Terminal } from './terminal.js';

/** 0: success; 1: a problem, which has been reported; 2: usage error. */
export type ExitCode = 0 | 1 | 2;

/** Options that every command takes. */
export interface CommonOptions {
  /** Path of the configuration file. @default the first one found */
  readonly config?: string;
}

/** Adds a command to the program; its action reports its exit code through `ends`. */
export type CommandInstaller = (
  program: Command,
  terminal: Terminal,
  ends: (code: ExitCode) => void,
) => void;

/**
 * Runs the command line.
 *
 * @param argv arguments after the program's name
 * @param installers one per command, in the order of the help
 */
export async function runCli(
  argv: readonly string[],
  terminal: Terminal,
  installers: readonly CommandInstaller[],
): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = new Command('scicat-globus-proxy')
    .description('Transfers SciCat datasets between facilities with Globus.')
    .version(serviceVersion())
    .option('--config <path>', 'configuration file (default: the first one found)')
    .showHelpAfterError('(run with --help for usage)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
    });
  for (const install of installers) install(program, terminal, (code) => (exitCode = code));
  for (const command of program.commands) {
    command.copyInheritedSettings(program);
    command.addHelpText('after', '\nGlobal options:\n  --config <path>  configuration file');
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // 0 for --help and --version.
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

/** The arguments for the search for the configuration file. */
export function configArguments(options: CommonOptions): readonly string[] {
  return options.config === undefined ? [] : ['--config', options.config];
}

/** @param range what `fits` allows, to follow "a number of seconds" */
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
