import { ProxyError } from '../../errors/proxy-error.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { UpstreamRejectedError } from '../../errors/upstream.errors.js';
import type { Dataset } from '../../ports/datasets.port.js';
import { unreadableDataset } from '../../scicat/scicat-datasets.client.js';
import type { ScicatServices } from '../../scicat/scicat-services.js';
import { readIdentity } from '../../scicat/scicat.wire.js';
import { type AppliedRule, DATASET_WAS_READ } from '../../facilities/request-rules.js';
import type { Fact, RequestedDataset, RequestingUser } from './explanation.js';

/** The dataset, as far as the command line describes it. */
export interface GivenDataset {
  readonly pid: string;
  readonly ownerGroup: string | undefined;
  readonly sourceFolder: string | undefined;
}

/** Where facts that were read with a user's token come from. */
export const BY_TOKEN = "SciCat, with the user's token";

/** A user of whom only a name and groups are known. */
export function userByGroups(username: string, accessGroups: readonly string[]): RequestingUser {
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

/** A user by an identity document. @returns undefined when it is not one */
export function userByDocument(document: unknown): RequestingUser | undefined {
  const identity = readIdentity(document);
  if (identity === undefined) return undefined;
  return { identity, from: '--identity', document: 'whole' };
}

/** The dataset, read from SciCat with a user's token, as for a request. */
export async function datasetByToken(
  { datasets }: Pick<ScicatServices, 'datasets'>,
  token: string,
  pid: string,
  signal: AbortSignal,
): Promise<RequestedDataset> {
  try {
    const dataset = await datasets.readAs(token, pid, signal);
    return { pid, ...factsOf(dataset, BY_TOKEN), readable: DATASET_WAS_READ };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return error instanceof InvalidRequestError
      ? {
          pid,
          ...unknownFacts(() => 'SciCat does not show it to this user.'),
          readable: unreadable(error),
        }
      : { pid, ...unknownFacts(() => error.message), readable: notChecked(error.message) };
  }
}

/**
 * The dataset without a token: what the command line does not give is read with the service's own
 * account, if it has permission.
 */
export async function datasetWithoutToken(
  { datasets, updater }: Pick<ScicatServices, 'datasets' | 'updater'>,
  { pid, ownerGroup, sourceFolder }: GivenDataset,
  { accessGroups, username }: RequestingUser['identity'],
  signal: AbortSignal,
): Promise<RequestedDataset> {
  const all = ownerGroup !== undefined && sourceFolder !== undefined;
  const found = all ? undefined : await readAsService({ datasets, updater }, pid, signal);
  const dataset = {
    pid,
    ownerGroup: givenOr(ownerGroup, '--owner-group', found?.ownerGroup),
    sourceFolder: givenOr(sourceFolder, '--source-folder', found?.sourceFolder),
  };
  if (found?.missing === true) return { ...dataset, readable: unreadable(unreadableDataset()) };
  const owned = dataset.ownerGroup.known && accessGroups.includes(dataset.ownerGroup.value);
  return {
    ...dataset,
    readable: owned
      ? { ...DATASET_WAS_READ, message: 'SciCat lets the owner group of a dataset read it.' }
      : notChecked(`Only a token can tell whether SciCat lets ${username} read the dataset.`),
  };
}

type DatasetFacts = Pick<RequestedDataset, 'ownerGroup' | 'sourceFolder'>;

/** @returns with `missing`, whether SciCat says that there is no such dataset */
async function readAsService(
  { datasets, updater }: Pick<ScicatServices, 'datasets' | 'updater'>,
  pid: string,
  signal: AbortSignal,
): Promise<DatasetFacts & { readonly missing: boolean }> {
  const account = `the service's account ${updater.username}`;
  const unknown = (because: string): DatasetFacts =>
    unknownFacts((option) => `${because}; give it with ${option}.`);
  try {
    const dataset = await datasets.readAsService(pid, signal);
    return dataset === undefined
      ? { ...unknown('SciCat has no such dataset'), missing: true }
      : { ...factsOf(dataset, `SciCat, read by ${account}`), missing: false };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    const because =
      error instanceof UpstreamRejectedError
        ? `${account} may not read it in SciCat`
        : error.message.replace(/\.$/, '');
    return { ...unknown(because), missing: false };
  }
}

function factsOf(dataset: Pick<Dataset, keyof DatasetFacts>, from: string): DatasetFacts {
  return {
    ownerGroup: { known: true, value: dataset.ownerGroup, from },
    sourceFolder: { known: true, value: dataset.sourceFolder, from },
  };
}

/** @param because why, with the option that gives the fact */
function unknownFacts(because: (option: string) => string): DatasetFacts {
  return {
    ownerGroup: { known: false, because: because('--owner-group') },
    sourceFolder: { known: false, because: because('--source-folder') },
  };
}

function givenOr(value: string | undefined, option: string, found: Fact | undefined): Fact {
  if (value !== undefined) return { known: true, value, from: option };
  return found ?? { known: false, because: `Give it with ${option}.` };
}

function unreadable({ message }: InvalidRequestError): AppliedRule {
  return {
    rule: 'dataset-readable',
    outcome: 'refused',
    message,
    refusal: { kind: 'not-usable', reason: 'dataset-unreadable' },
  };
}

function notChecked(message: string): AppliedRule {
  return { rule: 'dataset-readable', outcome: 'not-checked', message };
}
