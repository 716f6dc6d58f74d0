import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readScicatToken } from '../../auth/scicat-token.js';
import type { AppConfig } from '../../config/app-config.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { UnauthenticatedError } from '../../errors/request.errors.js';
import { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { loadForCommand } from '../command-config.js';
import { type ExplainOptions, TOKEN_VARIABLE } from '../commands/explain.command.js';
import type { ExitCode } from '../program.js';
import type { Terminal } from '../terminal.js';
import { connectUpstreams, type ConnectUpstreams, type Upstreams } from '../upstreams.js';
import { explanationText } from './explanation-text.js';
import {
  datasetByToken,
  datasetWithoutToken,
  userByDocument,
  userByGroups,
  userByToken,
} from './gather-facts.js';
import {
  type AskingUser,
  explainNobody,
  explainRequest,
  type Explanation,
} from './request-explanation.js';

/** Ends the command as one that was called wrongly, with this message. */
export type WrongCall = (message: string) => never;

/** Who asks, as the command line or the environment says it. */
type Asker =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'user'; readonly user: AskingUser };

/** Prints why a request is allowed or refused. Changes nothing anywhere. */
export async function explain(
  terminal: Terminal,
  options: ExplainOptions,
  wrongCall: WrongCall,
  connect: ConnectUpstreams = connectUpstreams,
): Promise<ExitCode> {
  const asker = await askerOf(terminal, options, wrongCall);
  // Somebody who tries a new configuration on their own machine has no secrets there.
  const config = loadForCommand(
    terminal,
    options,
    needsAccount(asker, options) ? 'needed' : 'ignored',
  );
  if (config === undefined) return 1;
  const upstreams = connect(config);
  try {
    const explanation = await explanationOf(config, upstreams, asker, options, terminal);
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
function needsAccount({ kind }: Asker, { ownerGroup, sourceFolder }: ExplainOptions): boolean {
  return kind === 'user' && (ownerGroup === undefined || sourceFolder === undefined);
}

async function askerOf(
  terminal: Terminal,
  options: ExplainOptions,
  wrongCall: WrongCall,
): Promise<Asker> {
  const { groups, username, identity: file } = options;
  if (groups !== undefined) {
    if (username === undefined) return wrongCall('--groups needs --username');
    const names = groups.split(',').map((name) => name.trim());
    const user = userByGroups(
      username,
      names.filter((name) => name !== ''),
    );
    return { kind: 'user', user };
  }
  if (username !== undefined) return wrongCall('--username needs --groups');
  if (file !== undefined) {
    return { kind: 'user', user: userInFile(resolve(terminal.workingFolder, file), wrongCall) };
  }
  const place = options.tokenStdin === true ? 'standard input' : TOKEN_VARIABLE;
  const text =
    options.tokenStdin === true ? await terminal.readIn() : (terminal.env[TOKEN_VARIABLE] ?? '');
  if (text.trim() === '' && options.tokenStdin !== true) {
    return wrongCall(
      `it is not said whose request it is; give --groups and --username, --identity, --token-stdin, or a token in ${TOKEN_VARIABLE}`,
    );
  }
  if (options.ownerGroup !== undefined || options.sourceFolder !== undefined) {
    return wrongCall(
      'with a token, the dataset is what SciCat says of it; leave --owner-group and --source-folder out, or name the user with --groups or --identity',
    );
  }
  return { kind: 'token', token: tokenIn(text, place, wrongCall) };
}

function tokenIn(text: string, place: string, wrongCall: WrongCall): string {
  try {
    return readScicatToken({ 'scicat-api-key': text.trim() });
  } catch (error) {
    if (!(error instanceof UnauthenticatedError)) throw error;
    return wrongCall(
      text.trim() === ''
        ? `there is no token on ${place}`
        : `what is in ${place} can't be a SciCat token: it is too long, or has spaces or special characters in it`,
    );
  }
}

function userInFile(file: string, wrongCall: WrongCall): AskingUser {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : "can't be read";
    return wrongCall(`the identity document ${file} ${why}`);
  }
  return (
    userByDocument(document) ??
    wrongCall(
      `${file} is no identity document: it has no profile.username, as SciCat's users/my/identity answers it`,
    )
  );
}

async function explanationOf(
  config: AppConfig,
  { scicat }: Upstreams,
  asker: Asker,
  options: ExplainOptions,
  { interrupted }: Terminal,
): Promise<Explanation> {
  const { pid, source, dest, root } = options;
  const facilities = new FacilityAuthorization(() => config.facilities);
  const wish = {
    sourceFacility: source,
    destFacility: dest,
    ...(root === undefined ? {} : { collectionRootPath: root }),
  };
  switch (asker.kind) {
    case 'token': {
      const { token } = asker;
      let user: AskingUser;
      try {
        user = await userByToken(scicat, token, interrupted);
      } catch (error) {
        if (error instanceof ProxyError) return explainNobody(error);
        throw error;
      }
      const dataset = await datasetByToken(scicat, token, pid, interrupted);
      return explainRequest(facilities, user, dataset, wish);
    }
    case 'user': {
      const { user } = asker;
      const stated = { pid, ownerGroup: options.ownerGroup, sourceFolder: options.sourceFolder };
      const dataset = await datasetWithoutToken(scicat, stated, user.identity, interrupted);
      return explainRequest(facilities, user, dataset, wish);
    }
  }
}
