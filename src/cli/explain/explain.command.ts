import { type Command, Option } from 'commander';
import type { CommandInstaller } from '../common/program.js';
import type { ConnectUpstreams } from '../common/upstreams.js';

const HELP = `
Name the user in one of these ways:
  --username u --groups a,b   a user with this name and these groups
  --identity FILE             a JSON document as returned by SciCat's users/my/identity, for
                              facilities whose accessPath is not profile.accessGroups
  --token-stdin               a SciCat token on standard input
  SCICAT_TOKEN                a SciCat token in this environment variable, or in the file that
                              SCICAT_TOKEN_FILE names
With a token, SciCat is queried with that token only. Without one, anything not given by
--owner-group and --source-folder is read from SciCat with the service's account; only this
requires the service's secrets.
Nothing is changed. Globus is not contacted, and free slots are not considered.

Exit codes: 0 allowed, 1 refused or undecided, 2 usage error.

Examples:
  scicat-globus-proxy explain --groups p1,ARCHIVE-users --username alice \\
    --source BEAMLINE --dest ARCHIVE --pid 20.500.12345/ab1
  scicat-globus-proxy explain --token-stdin --source BEAMLINE --dest ARCHIVE \\
    --pid 20.500.12345/ab1 <token.txt`;

/** The other ways to name the user. */
const OTHER_USERS = ['identity', 'tokenStdin'];

/** `explain`: shows which rule decides on a request, and what would have to change. */
export function explainCommand(connect?: ConnectUpstreams): CommandInstaller {
  return (program, terminal, ends) => {
    program
      .command('explain')
      .description('Explain why a transfer is allowed or refused, and what would have to change.')
      .requiredOption('--source <facility>', 'sourceFacility of the request')
      .requiredOption('--dest <facility>', 'destFacility of the request')
      .requiredOption('--pid <pid>', 'scicatPid of the request')
      .option('--root <path>', 'collectionRootPath of the request')
      .addOption(new Option('--username <name>', 'user name, with --groups').conflicts(OTHER_USERS))
      .addOption(
        new Option('--groups <names>', 'access groups, comma-separated').conflicts(OTHER_USERS),
      )
      .addOption(
        new Option('--identity <file>', 'JSON file with an identity document').conflicts(
          'tokenStdin',
        ),
      )
      .option('--token-stdin', 'read a SciCat token from standard input')
      .option('--owner-group <name>', 'ownerGroup of the dataset; not with a token')
      .option('--source-folder <path>', 'sourceFolder of the dataset; not with a token')
      .option('--json', 'print the explanation as JSON, for scripts')
      .addHelpText('after', HELP)
      .action(async (_options: unknown, command: Command) => {
        const { explain } = await import('./explain.js');
        const usageError = (message: string): never => command.error(`error: ${message}`);
        ends(await explain(terminal, command.optsWithGlobals(), usageError, connect));
      });
  };
}
