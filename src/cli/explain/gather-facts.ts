import { ProxyError } from '../../errors/proxy-error.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { UpstreamRejectedError } from '../../errors/upstream.errors.js';
import { unreadableDataset } from '../../scicat/scicat-datasets.client.js';
import { readIdentity } from '../../scicat/scicat.wire.js';
import { type AppliedRule, DATASET_WAS_READ } from '../../facilities/request-rules.js';
import type { Upstreams } from '../upstreams.js';
import type { AskedDataset, AskingUser, Fact } from './request-explanation.js';

type Scicat = Upstreams['scicat'];

/** What an operator says of the dataset. */
export interface StatedDataset {
  readonly pid: string;
  readonly ownerGroup: string | undefined;
  readonly sourceFolder: string | undefined;
}

/** The owner of a token, by SciCat. @throws UnauthenticatedError AccessDeniedError UpstreamError */
export async function userByToken(
  { identities }: Pick<Scicat, 'identities'>,
  token: string,
  signal: AbortSignal,
): Promise<AskingUser> {
  const identity = await identities.identify(token, signal);
  return { identity, from: "SciCat, with the user's token", document: 'whole' };
}

/** Somebody of whom nothing is known but groups and a name. */
export function userByGroups(username: string, accessGroups: readonly string[]): AskingUser {
  return {
    identity: {
      username,
      email: undefined,
      accessGroups,
      document: { profile: { username, accessGroups } },
    },
    from: '--username and --groups',
    document: 'groups-and-name',
  };
}

/** Somebody by an identity document. @returns undefined when it is none */
export function userByDocument(document: unknown): AskingUser | undefined {
  const identity = readIdentity(document);
  if (identity === undefined) return undefined;
  return { identity, from: '--identity', document: 'whole' };
}

/** The dataset, by SciCat with a user's token, as for a request. */
export async function datasetByToken(
  { datasets }: Pick<Scicat, 'datasets'>,
  token: string,
  pid: string,
  signal: AbortSignal,
): Promise<AskedDataset> {
  const from = "SciCat, with the user's token";
  try {
    const { ownerGroup, sourceFolder } = await datasets.readAs(token, pid, signal);
    return {
      pid,
      ownerGroup: { known: true, value: ownerGroup, from },
      sourceFolder: { known: true, value: sourceFolder, from },
      readable: DATASET_WAS_READ,
    };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    const refused = error instanceof InvalidRequestError;
    const unknown: Fact = {
      known: false,
      because: refused ? 'SciCat does not show it to this user.' : error.message,
    };
    return {
      pid,
      ownerGroup: unknown,
      sourceFolder: unknown,
      readable: refused ? unreadable(error) : notKnown(error.message),
    };
  }
}

/**
 * The dataset without a token: what the operator says counts, and what they leave out is read with
 * the service's own account, if that may.
 */
export async function datasetWithoutToken(
  { datasets, updater }: Pick<Scicat, 'datasets' | 'updater'>,
  { pid, ownerGroup, sourceFolder }: StatedDataset,
  { accessGroups, username }: AskingUser['identity'],
  signal: AbortSignal,
): Promise<AskedDataset> {
  const all = ownerGroup !== undefined && sourceFolder !== undefined;
  const found = all ? undefined : await readAsService({ datasets, updater }, pid, signal);
  const asked = {
    pid,
    ownerGroup: stated(ownerGroup, '--owner-group', found?.ownerGroup),
    sourceFolder: stated(sourceFolder, '--source-folder', found?.sourceFolder),
  };
  if (found?.missing === true) return { ...asked, readable: unreadable(unreadableDataset()) };
  const owned = asked.ownerGroup.known && accessGroups.includes(asked.ownerGroup.value);
  return {
    ...asked,
    readable: owned
      ? { ...DATASET_WAS_READ, message: 'SciCat lets the owner group of a dataset read it.' }
      : notKnown(`Only a token tells whether SciCat lets ${username} read the dataset.`),
  };
}

/** What the service's own account reads. */
interface FoundDataset {
  readonly ownerGroup: Fact;
  readonly sourceFolder: Fact;
  /** SciCat says that there is no such dataset. */
  readonly missing: boolean;
}

async function readAsService(
  { datasets, updater }: Pick<Scicat, 'datasets' | 'updater'>,
  pid: string,
  signal: AbortSignal,
): Promise<FoundDataset> {
  const account = `the service's account ${updater.username}`;
  try {
    const dataset = await datasets.readAsService(pid, signal);
    if (dataset === undefined) return { ...unknown('SciCat has no such dataset'), missing: true };
    const from = `SciCat, read by ${account}`;
    return {
      ownerGroup: { known: true, value: dataset.ownerGroup, from },
      sourceFolder: { known: true, value: dataset.sourceFolder, from },
      missing: false,
    };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    const because =
      error instanceof UpstreamRejectedError
        ? `${account} may not read it in SciCat`
        : error.message.replace(/\.$/, '');
    return { ...unknown(because), missing: false };
  }
}

function unknown(because: string): Pick<FoundDataset, 'ownerGroup' | 'sourceFolder'> {
  return {
    ownerGroup: { known: false, because: `${because}; it can be given with --owner-group.` },
    sourceFolder: { known: false, because: `${because}; it can be given with --source-folder.` },
  };
}

function stated(value: string | undefined, option: string, found: Fact | undefined): Fact {
  if (value !== undefined) return { known: true, value, from: option };
  return found ?? { known: false, because: `It can be given with ${option}.` };
}

function unreadable({ message }: InvalidRequestError): AppliedRule {
  return {
    rule: 'dataset-readable',
    outcome: 'refused',
    message,
    refusal: { kind: 'not-usable', reason: 'dataset-unreadable' },
  };
}

function notKnown(message: string): AppliedRule {
  return { rule: 'dataset-readable', outcome: 'not-checked', message };
}
