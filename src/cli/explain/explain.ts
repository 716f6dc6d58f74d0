import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AppConfig } from '../../config/app-config.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { loadForCommand } from '../common/command-config.js';
import { givenToken, TOKEN_VARIABLE, type UsageError } from '../common/given-token.js';
import type { CommonOptions, ExitCode } from '../common/program.js';
import type { Terminal } from '../common/terminal.js';
import { connectUpstreams, type ConnectUpstreams, type Upstreams } from '../common/upstreams.js';
import { explanationText } from './explanation-text.js';
import {
  explainRequest,
  explainUnknownUser,
  type Explanation,
  type RequestingUser,
} from './explanation.js';
import {
  BY_TOKEN,
  datasetByToken,
  datasetWithoutToken,
  userByDocument,
  userByGroups,
} from './gather-facts.js';

/** The options of the command. */
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

/** A user's SciCat token, or the user that the options describe. */
type Requester = string | RequestingUser;

/** Prints why a request is allowed or refused. Changes nothing. */
export async function explain(
  terminal: Terminal,
  options: ExplainOptions,
  usageError: UsageError,
  connect: ConnectUpstreams = connectUpstreams,
): Promise<ExitCode> {
  const requester = await requesterOf(terminal, options, usageError);
  // Without it, a new configuration can be tried on a machine that has no secrets.
  const needsAccount =
    typeof requester !== 'string' &&
    (options.ownerGroup === undefined || options.sourceFolder === undefined);
  const config = loadForCommand(terminal, options, needsAccount ? 'needed' : 'ignored');
  if (config === undefined) return 1;
  const upstreams = connect(config);
  try {
    const { interrupted } = terminal;
    const explanation = await explanationOf(config, upstreams, requester, options, interrupted);
    terminal.out(
      options.json === true
        ? `${JSON.stringify(explanation, undefined, 2)}\n`
        : explanationText(explanation, terminal.colours),
    );
    return explanation.decision === 'allowed' ? 0 : 1;
  } catch (error) {
    if (!terminal.interrupted.aborted) throw error;
    terminal.err('Interrupted.\n');
    return 1;
  } finally {
    upstreams.close();
  }
}

async function requesterOf(
  terminal: Terminal,
  options: ExplainOptions,
  usageError: UsageError,
): Promise<Requester> {
  const { groups, username, identity: file } = options;
  if (groups !== undefined) {
    if (username === undefined) return usageError('--groups needs --username');
    return userByGroups(
      username,
      groups.split(',').flatMap((name) => name.trim() || []),
    );
  }
  if (username !== undefined) return usageError('--username needs --groups');
  if (file !== undefined) return userInFile(resolve(terminal.workingFolder, file), usageError);
  const token = await givenToken(terminal, options.tokenStdin === true, usageError);
  if (token === undefined) {
    return usageError(
      `no user was given; use --username and --groups, --identity, --token-stdin, or a token in ${TOKEN_VARIABLE}`,
    );
  }
  if (options.ownerGroup !== undefined || options.sourceFolder !== undefined) {
    return usageError(
      'with a token, the dataset is read from SciCat; remove --owner-group and --source-folder, or name the user with --username and --groups, or with --identity',
    );
  }
  return token;
}

function userInFile(file: string, usageError: UsageError): RequestingUser {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : "can't be read";
    return usageError(`the identity document ${file} ${why}`);
  }
  return (
    userByDocument(document) ??
    usageError(
      `${file} is not an identity document as returned by SciCat's users/my/identity: it has no profile.username`,
    )
  );
}

async function explanationOf(
  config: AppConfig,
  { scicat }: Upstreams,
  requester: Requester,
  options: ExplainOptions,
  signal: AbortSignal,
): Promise<Explanation> {
  const { pid, source, dest, root, ownerGroup, sourceFolder } = options;
  const facilities = new FacilityAuthorization(() => config.facilities);
  const parameters = { sourceFacility: source, destFacility: dest, collectionRootPath: root };
  if (typeof requester !== 'string') {
    const given = { pid, ownerGroup, sourceFolder };
    const dataset = await datasetWithoutToken(scicat, given, requester.identity, signal);
    return explainRequest(facilities, requester, dataset, parameters);
  }
  let user: RequestingUser;
  try {
    const identity = await scicat.identities.identify(requester, signal);
    user = { identity, from: BY_TOKEN, document: 'whole' };
  } catch (error) {
    if (error instanceof ProxyError) return explainUnknownUser(error);
    throw error;
  }
  const dataset = await datasetByToken(scicat, requester, pid, signal);
  return explainRequest(facilities, user, dataset, parameters);
}
