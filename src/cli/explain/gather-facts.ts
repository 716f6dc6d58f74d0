import { ProxyError } from '../../errors/proxy-error.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { UpstreamRejectedError } from '../../errors/upstream.errors.js';
import { type AppliedRule, DATASET_WAS_READ } from '../../facilities/request-rules.js';
import type { Dataset } from '../../ports/datasets.port.js';
import { unreadableDataset } from '../../scicat/scicat-datasets.client.js';
import type { ScicatServices } from '../../scicat/scicat-services.js';
import { readIdentity } from '../../scicat/scicat.wire.js';
import {
  type Fact,
  notChecked,
  type RequestedDataset,
  type RequestingUser,
} from './explanation.js';

/** The dataset, as far as the command line describes it. */
export interface GivenDataset {
  readonly pid: string;
  readonly ownerGroup: string | undefined;
  readonly sourceFolder: string | undefined;
}

/** Origin of facts that were read with a user's token. */
export const BY_TOKEN = "SciCat, with the user's token";

const READABLE = 'dataset-readable';

/** A user of whom only the name and the groups are known. */
export function userByGroups(username: string, accessGroups: readonly string[]): RequestingUser {
  const document = { profile: { username, accessGroups } };
  return {
    identity: { username, email: undefined, accessGroups, document },
    from: '--username and --groups',
    document: 'groups-and-name',
  };
}

/** @returns undefined if it is not an identity document */
export function userByDocument(document: unknown): RequestingUser | undefined {
  const identity = readIdentity(document);
  return identity && { identity, from: '--identity', document: 'whole' };
}

/** Reads the dataset with the user's token, as a request does. */
export async function datasetByToken(
  { datasets }: Pick<ScicatServices, 'datasets'>,
  token: string,
  pid: string,
  signal: AbortSignal,
): Promise<RequestedDataset> {
  try {
    const dataset = await datasets.readAs(token, pid, signal);
    const facts = eachFact((name) => ({ known: true, value: dataset[name], from: BY_TOKEN }));
    return { pid, ...facts, lifecycle: dataset.lifecycle, readable: DATASET_WAS_READ };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    const hidden = error instanceof InvalidRequestError;
    const because = hidden ? 'SciCat does not show it to this user.' : error.message;
    return {
      pid,
      ...eachFact(() => ({ known: false, because })),
      lifecycle: undefined,
      readable: hidden ? unreadable(error) : notChecked(READABLE, error.message),
    };
  }
}

/** Reads what the command line does not give with the service's account, if that is permitted. */
export async function datasetWithoutToken(
  { datasets, updater }: Pick<ScicatServices, 'datasets' | 'updater'>,
  given: GivenDataset,
  { accessGroups, username }: RequestingUser['identity'],
  signal: AbortSignal,
): Promise<RequestedDataset> {
  const { pid, ownerGroup, sourceFolder } = given;
  const account = `the service's account ${updater.username}`;
  let dataset: Dataset | undefined;
  let missing = false;
  let because = 'SciCat has no such dataset';
  if (ownerGroup === undefined || sourceFolder === undefined) {
    try {
      dataset = await datasets.readAsService(pid, signal);
      missing = dataset === undefined;
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      because =
        error instanceof UpstreamRejectedError
          ? `${account} may not read it in SciCat`
          : error.message.replace(/\.$/, '');
    }
  }
  const facts = eachFact((name, option) => {
    const value = given[name] ?? dataset?.[name];
    if (value === undefined)
      return { known: false, because: `${because}; give it with ${option}.` };
    const from = given[name] === undefined ? `SciCat, read by ${account}` : option;
    return { known: true, value, from };
  });
  const owned = facts.ownerGroup.known && accessGroups.includes(facts.ownerGroup.value);
  const readable = missing
    ? unreadable(unreadableDataset())
    : owned
      ? { ...DATASET_WAS_READ, message: 'SciCat lets the owner group of a dataset read it.' }
      : notChecked(
          READABLE,
          `Only a token can tell whether SciCat lets ${username} read the dataset.`,
        );
  return { pid, ...facts, lifecycle: dataset?.lifecycle, readable };
}

type DatasetFacts = Pick<RequestedDataset, 'ownerGroup' | 'sourceFolder'>;

/** @param factOf gets a fact's name, and the option that gives it */
function eachFact(factOf: (name: keyof DatasetFacts, option: string) => Fact): DatasetFacts {
  return {
    ownerGroup: factOf('ownerGroup', '--owner-group'),
    sourceFolder: factOf('sourceFolder', '--source-folder'),
  };
}

function unreadable({ message }: InvalidRequestError): AppliedRule {
  return {
    rule: READABLE,
    outcome: 'refused',
    message,
    refusal: { kind: 'not-usable', reason: 'dataset-unreadable' },
  };
}
