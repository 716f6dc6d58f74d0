import type { Command } from 'commander';
import { type CommandInstaller, secondsReader } from '../common/program.js';
import type { ConnectUpstreams } from '../common/upstreams.js';
import type { TransfersOptions } from './transfers.js';

const DEFAULT_SECONDS = 5;
/** Listing jobs is expensive for SciCat. */
const LEAST_SECONDS = 1;
const MOST_SECONDS = 86_400;

const HELP = `
Reads the open jobs of the service from SciCat, with the service's account. Works whether or not
the service is running, and from another machine too. Changes nothing.
With --json each poll prints one line: {"readAt": …, "transfers": [ … ]}, or with --watch
{"readAt": …, "error": …} for a poll that failed.

Exit codes: 0 success, 1 SciCat or the configuration can't be read, 2 usage error.`;

/** `transfers`: shows the open transfers as stored in SciCat. */
export function transfersCommand(connect?: ConnectUpstreams): CommandInstaller {
  return (program, terminal, ends) => {
    program
      .command('transfers')
      .description(
        'Show the open transfers, oldest first: age, state, progress, and why they wait.',
      )
      .option(
        '--watch [seconds]',
        `poll at this interval (default: ${DEFAULT_SECONDS} seconds) until Ctrl-C`,
        secondsReader(
          (seconds) => seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS,
          `from ${LEAST_SECONDS} to ${MOST_SECONDS}`,
        ),
      )
      .option('--json', 'print JSON, one line for each poll')
      .addHelpText('after', HELP)
      .action(async (_options: unknown, command: Command) => {
        const { transfers } = await import('./transfers.js');
        const { watch, ...options } = command.optsWithGlobals<
          Omit<TransfersOptions, 'watch'> & { readonly watch?: number | true }
        >();
        const seconds = watch === true ? DEFAULT_SECONDS : watch;
        const polling = seconds === undefined ? {} : { watch: seconds };
        ends(await transfers(terminal, { ...options, ...polling }, connect));
      });
  };
}
