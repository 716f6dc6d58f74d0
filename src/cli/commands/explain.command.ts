import { type Command, Option } from 'commander';
import type { CommandInstaller, CommonOptions } from '../program.js';
import type { ConnectUpstreams } from '../upstreams.js';

/** Where a token is looked for when nobody is named otherwise. */
export const TOKEN_VARIABLE = 'SCICAT_TOKEN';

/** What the command line says. */
export interface ExplainOptions extends CommonOptions {
  readonly source: string;
  readonly dest: string;
  readonly pid: string;
  readonly root?: string;
  readonly groups?: string;
  readonly username?: string;
  /** Path of a file. */
  readonly identity?: string;
  readonly tokenStdin?: true;
  readonly ownerGroup?: string;
  readonly sourceFolder?: string;
  readonly json?: true;
}

const HELP = `
Whose request it is, is said in one of these ways:
  --groups a,b --username u   somebody in these groups
  --identity FILE             a JSON document as SciCat's users/my/identity answers it, for
                              facilities whose accessPath is not profile.accessGroups
  --token-stdin               a SciCat token on standard input
  ${TOKEN_VARIABLE}                a SciCat token in this variable
With a token, SciCat is asked with that token only. Without one, what --owner-group and
--source-folder leave open is read from SciCat with the service's account; the service's
secrets are needed for this alone.
Nothing is changed anywhere. Globus is not asked, and whether a place is free neither.

Exit code: 0 allowed, 1 refused or not to be decided, 2 wrong call.

Examples:
  scicat-globus-proxy explain --groups p1,ARCHIVE-users --username alice \\
    --source BEAMLINE --dest ARCHIVE --pid 20.500.12345/ab1
  scicat-globus-proxy explain --token-stdin --source BEAMLINE --dest ARCHIVE \\
    --pid 20.500.12345/ab1 <token.txt`;

/**
 * `explain`: which rule decides on a request, and what would have to change.
 *
 * @param connect the services that the configuration names unless a test says otherwise
 */
export function explainCommand(connect?: ConnectUpstreams): CommandInstaller {
  return (program, terminal, ends) => {
    program
      .command('explain')
      .description('Say why a transfer is allowed or refused, and what would have to change.')
      .requiredOption('--source <facility>', 'sourceFacility of the request')
      .requiredOption('--dest <facility>', 'destFacility of the request')
      .requiredOption('--pid <pid>', 'scicatPid of the request')
      .option('--root <path>', 'collectionRootPath of the request')
      .addOption(
        new Option('--groups <names>', 'access groups, separated by commas').conflicts([
          'identity',
          'tokenStdin',
        ]),
      )
      .addOption(
        new Option('--username <name>', 'user name, with --groups').conflicts([
          'identity',
          'tokenStdin',
        ]),
      )
      .addOption(
        new Option('--identity <file>', 'JSON file with an identity document').conflicts([
          'tokenStdin',
        ]),
      )
      .option('--token-stdin', 'read a SciCat token from standard input')
      .option('--owner-group <name>', 'ownerGroup of the dataset; not with a token')
      .option('--source-folder <path>', 'sourceFolder of the dataset; not with a token')
      .option('--json', 'print the explanation as JSON, for scripts')
      .addHelpText('after', HELP)
      .action(async (_options: unknown, command: Command) => {
        const { explain } = await import('../explain/explain.js');
        const wrongCall = (message: string): never => command.error(`error: ${message}`);
        ends(await explain(terminal, command.optsWithGlobals(), wrongCall, connect));
      });
  };
}
