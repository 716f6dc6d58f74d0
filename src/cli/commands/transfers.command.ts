import { type Command, InvalidArgumentError } from 'commander';
import type { CommandInstaller, CommonOptions } from '../program.js';
import type { ConnectUpstreams } from '../upstreams.js';

/** What the command line says. */
export interface TransfersOptions extends CommonOptions {
  /** Seconds between two looks; undefined: one look. */
  readonly watch?: number;
  readonly json?: true;
}

const USUAL_SECONDS = 5;
/** SciCat's list of jobs is no light call. */
const LEAST_SECONDS = 1;
const MOST_SECONDS = 86_400;

const HELP = `
Reads the open jobs of the service from SciCat, with the service's account, and nothing else:
it works while the service runs, while it does not, and on another machine.
With --json each look is one line: {"readAt": …, "transfers": [ … ]}, or {"readAt": …, "error": …}
for a look that failed under --watch.

Exit code: 0 done, 1 SciCat or the configuration can't be read, 2 wrong call.`;

/**
 * `transfers`: the open transfers, as SciCat shows them.
 *
 * @param connect the services that the configuration names unless a test says otherwise
 */
export function transfersCommand(connect?: ConnectUpstreams): CommandInstaller {
  return (program, terminal, ends) => {
    program
      .command('transfers')
      .description('Show the open transfers, oldest first: age, state, progress, why they wait.')
      .option(
        '--watch [seconds]',
        `look again every so many seconds (default: ${USUAL_SECONDS}) until Ctrl-C`,
        secondsOf,
      )
      .option('--json', 'print JSON, one line for each look')
      .addHelpText('after', HELP)
      .action(async (_options: unknown, command: Command) => {
        const { transfers } = await import('../transfers/transfers.js');
        const { watch, ...options } = command.optsWithGlobals<
          Omit<TransfersOptions, 'watch'> & { readonly watch?: number | true }
        >();
        const every = watch === true ? USUAL_SECONDS : watch;
        const asked = every === undefined ? options : { ...options, watch: every };
        ends(await transfers(terminal, asked, connect));
      });
  };
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS) return seconds;
  throw new InvalidArgumentError(
    `It must be a number of seconds from ${LEAST_SECONDS} to ${MOST_SECONDS}.`,
  );
}
