import type { Command } from 'commander';
import type { CommandInstaller } from '../common/program.js';
import type { HoldOptions, ReleaseOptions } from './hold.js';

const TOKEN_HELP = `
The running service is called with the SciCat token of an operator, a member of one of
scicat.operatorGroups. Give the token in one of these ways:
  SCICAT_TOKEN        the token in this environment variable
  SCICAT_TOKEN_FILE   the path of a file that holds it
  --token-stdin       the token on standard input
Without --url, the service is expected on this machine, at the port of the configuration.

Exit codes: 0 success, 1 the service refused or can't be reached, 2 usage error.`;

const HOLD_HELP = `${TOKEN_HELP}

Example:
  scicat-globus-proxy hold ARCHIVE --message 'Maintenance of the tape library' \\
    --until 2026-11-30T18:00+01:00`;

/** `hold`: has the running service hold a facility. */
export const holdCommand: CommandInstaller = (program, terminal, ends) => {
  withCommonOptions(program.command('hold'))
    .description('Hold a facility: transfers from or to it are accepted, and wait.')
    .argument('<facility>', 'name of the facility')
    .requiredOption('--message <text>', 'why, on one line; shown to everybody')
    .option('--until <moment>', 'when the hold ends by itself, such as 2026-11-30T18:00+01:00')
    .addHelpText('after', HOLD_HELP)
    .action(async (facility: string, _options: unknown, command: Command) => {
      const { hold } = await import('./hold.js');
      const usageError = (message: string): never => command.error(`error: ${message}`);
      ends(await hold(terminal, facility, command.optsWithGlobals<HoldOptions>(), usageError));
    });
};

/** `release`: has the running service release a facility. */
export const releaseCommand: CommandInstaller = (program, terminal, ends) => {
  withCommonOptions(program.command('release'))
    .description('Release a facility that is held: the transfers that wait for it go.')
    .argument('<facility>', 'name of the facility')
    .addHelpText('after', TOKEN_HELP)
    .action(async (facility: string, _options: unknown, command: Command) => {
      const { release } = await import('./hold.js');
      const usageError = (message: string): never => command.error(`error: ${message}`);
      ends(
        await release(terminal, facility, command.optsWithGlobals<ReleaseOptions>(), usageError),
      );
    });
};

function withCommonOptions(command: Command): Command {
  return command
    .option('--url <address>', 'address of the service, if it is not on this machine')
    .option('--token-stdin', 'read the SciCat token from standard input')
    .option('--json', "print the service's response as JSON, for scripts");
}
