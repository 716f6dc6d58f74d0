import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readScicatToken } from '../../auth/scicat-token.js';
import type { AppConfig } from '../../config/app-config.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { UnauthenticatedError } from '../../errors/request.errors.js';
import { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { loadForCommand } from '../common/command-config.js';
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

/** Ends the command as one that was called wrongly, with this message. */
type UsageError = (message: string) => never;

/** The user, as the command line or the environment names them. */
type Requester =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'user'; readonly user: RequestingUser };

/** Where a token is read from when no option names the user. */
const TOKEN_VARIABLE = 'SCICAT_TOKEN';

/** Prints why a request is allowed or refused. Changes nothing. */
export async function explain(
  terminal: Terminal,
  options: ExplainOptions,
  usageError: UsageError,
  connect: ConnectUpstreams = connectUpstreams,
): Promise<ExitCode> {
  const requester = await requesterOf(terminal, options, usageError);
  // A new configuration can be tried on a machine that has no secrets.
  const secrets = needsAccount(requester, options) ? 'needed' : 'ignored';
  const config = loadForCommand(terminal, options, secrets);
  if (config === undefined) return 1;
  const upstreams = connect(config);
  try {
    const explanation = await explanationOf(config, upstreams, requester, options, terminal);
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

/** Whether something is left to be read with the service's own account. */
function needsAccount({ kind }: Requester, { ownerGroup, sourceFolder }: ExplainOptions): boolean {
  return kind === 'user' && (ownerGroup === undefined || sourceFolder === undefined);
}

async function requesterOf(
  terminal: Terminal,
  options: ExplainOptions,
  usageError: UsageError,
): Promise<Requester> {
  const { groups, username, identity: file } = options;
  if (groups !== undefined) {
    if (username === undefined) return usageError('--groups needs --username');
    const names = groups.split(',').map((name) => name.trim());
    const user = userByGroups(
      username,
      names.filter((name) => name !== ''),
    );
    return { kind: 'user', user };
  }
  if (username !== undefined) return usageError('--username needs --groups');
  if (file !== undefined) {
    return { kind: 'user', user: userInFile(resolve(terminal.workingFolder, file), usageError) };
  }
  const fromInput = options.tokenStdin === true;
  const text = fromInput ? await terminal.readIn() : (terminal.env[TOKEN_VARIABLE] ?? '');
  if (text.trim() === '' && !fromInput) {
    return usageError(
      `no user was given; use --username and --groups, --identity, --token-stdin, or a token in ${TOKEN_VARIABLE}`,
    );
  }
  if (options.ownerGroup !== undefined || options.sourceFolder !== undefined) {
    return usageError(
      'with a token, the dataset is read from SciCat; remove --owner-group and --source-folder, or name the user with --groups or --identity',
    );
  }
  const source = fromInput ? 'standard input' : TOKEN_VARIABLE;
  return { kind: 'token', token: tokenIn(text, source, usageError) };
}

function tokenIn(text: string, source: string, usageError: UsageError): string {
  try {
    return readScicatToken({ 'scicat-api-key': text.trim() });
  } catch (error) {
    if (!(error instanceof UnauthenticatedError)) throw error;
    return usageError(
      text.trim() === ''
        ? `there is no token on ${source}`
        : `the content of ${source} can't be a SciCat token: it is too long, or contains spaces or special characters`,
    );
  }
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
  { pid, source, dest, root, ownerGroup, sourceFolder }: ExplainOptions,
  { interrupted }: Terminal,
): Promise<Explanation> {
  const facilities = new FacilityAuthorization(() => config.facilities);
  const request = {
    sourceFacility: source,
    destFacility: dest,
    ...(root === undefined ? {} : { collectionRootPath: root }),
  };
  switch (requester.kind) {
    case 'token': {
      const { token } = requester;
      let user: RequestingUser;
      try {
        const identity = await scicat.identities.identify(token, interrupted);
        user = { identity, from: BY_TOKEN, document: 'whole' };
      } catch (error) {
        if (error instanceof ProxyError) return explainUnknownUser(error);
        throw error;
      }
      const dataset = await datasetByToken(scicat, token, pid, interrupted);
      return explainRequest(facilities, user, dataset, request);
    }
    case 'user': {
      const { user } = requester;
      const given = { pid, ownerGroup, sourceFolder };
      const dataset = await datasetWithoutToken(scicat, given, user.identity, interrupted);
      return explainRequest(facilities, user, dataset, request);
    }
  }
}
