import { InvalidRequestError } from '../errors/request.errors.js';
import { UpstreamRejectedError, UpstreamTooLargeError } from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { Dataset, Datasets, ShownFiles } from '../ports/datasets.port.js';
import { countField, field } from '../domain/untyped.js';
import { type ScicatApi, segment } from './scicat-api.js';
import { PageSize } from './large-answers.js';
import { failureOf, malformed, saysNoDataset, tokenRefused } from './scicat-error.js';
import {
  DATASET_FIELDS,
  MAX_NAME,
  MAX_SOURCE_FOLDER,
  readDataset,
  readFileBlock,
} from './scicat.wire.js';
import type { ServiceAccount } from './service-account.js';

interface ScicatDatasetsOptions {
  /** For calls with a user's own token. */
  readonly api: ScicatApi;
  /** Reads any dataset and sets lifecycles. */
  readonly updater: ServiceAccount;
  /** Creates jobs; may be the updater. Asked for file lists that the updater can't see. */
  readonly creator: ServiceAccount;
}

/** Path of SciCat's datasets. */
export const DATASETS_PATH = 'api/v4/datasets';
/** Not the route below a dataset, which silently stops at 100 blocks. */
const BLOCKS_PATH = 'api/v4/origdatablocks';
const BLOCKS_PER_PAGE = 50;

/** Datasets in SciCat, through version 4 of its dataset API. */
export class ScicatDatasets implements Datasets {
  constructor(private readonly options: ScicatDatasetsOptions) {}

  async readAs(userToken: string, pid: string, signal?: AbortSignal): Promise<Dataset> {
    const operation = 'read dataset';
    if (segment(pid) === undefined) throw unreadableDataset();
    let answer: UpstreamAnswer;
    try {
      answer = await this.options.api.call(
        { operation, ...listOf(pid, DATASET_FIELDS), signal },
        userToken,
      );
    } catch (error) {
      throw tooLargeOr(error);
    }
    // Only a token is refused here: who may read nothing gets an empty list. Where the identity was just
    // confirmed, it has expired since.
    if (answer.status === 401 || answer.status === 403) throw tokenRefused();
    const found = foundIn(answer, operation, pid);
    // A missing dataset looks the same as one that this user may not read.
    if (found === undefined) throw unreadableDataset();
    return datasetIn(found, answer, operation);
  }

  /** A user's request is not authorized by this, but by what that user may read. */
  async readAsService(pid: string, signal?: AbortSignal): Promise<Dataset | undefined> {
    const operation = 'read dataset';
    const answer = await this.readWithUpdater(operation, pid, DATASET_FIELDS, signal);
    if (answer === undefined) return undefined;
    if (field(answer.body, 'pid') !== pid) throw malformed(answer, operation);
    return datasetIn(answer.body, answer, operation);
  }

  async markArchivable(pid: string, signal?: AbortSignal): Promise<void> {
    const operation = 'mark dataset as archivable';
    const name = segment(pid);
    if (name === undefined) {
      throw new UpstreamRejectedError('SciCat', `SciCat has no such dataset (${operation}).`);
    }
    const answer = await this.options.updater.call({
      operation,
      // Not `idempotent`: a retry after the archiver has started would undo the archiver's changes.
      safety: 'once',
      method: 'PATCH',
      // The only route without side effects: PATCH of the dataset itself resets its size and file
      // count (version 4) or the rest of its lifecycle (version 3).
      path: `${DATASETS_PATH}/${name}/datasetlifecycle`,
      json: { archiveStatusMessage: 'datasetCreated', archivable: true },
      signal,
    });
    if (answer.status !== 200) throw failureOf(answer, operation);
    if (field(answer.body, 'archivable') !== true) throw malformed(answer, operation);
  }

  async files(pid: string, signal?: AbortSignal): Promise<ShownFiles> {
    if (segment(pid) === undefined) return { kind: 'no-dataset' };
    const { updater, creator } = this.options;
    for (const account of new Set([updater, creator])) {
      const paths = await filePaths(account, pid, signal);
      if (paths.length > 0) return { kind: 'listed', paths };
    }
    // SciCat answers with an empty list when there is no list, no right to see it, or no dataset.
    return this.withoutFiles(pid, signal);
  }

  private async withoutFiles(pid: string, signal: AbortSignal | undefined): Promise<ShownFiles> {
    let answer: UpstreamAnswer | undefined;
    try {
      answer = await this.readWithUpdater(
        'read dataset',
        pid,
        ['pid', 'size', 'numberOfFiles'],
        signal,
      );
    } catch (error) {
      if (error instanceof UpstreamRejectedError) return { kind: 'hidden' };
      throw error;
    }
    if (answer === undefined) return { kind: 'no-dataset' };
    const { body } = answer;
    if (field(body, 'pid') !== pid) throw malformed(answer, 'read dataset');
    const hasFiles = ['size', 'numberOfFiles'].some((name) => (countField(body, name) ?? 0) > 0);
    return { kind: hasFiles ? 'hidden' : 'none' };
  }

  /**
   * The fields of a dataset. An empty list may be due to a missing right, so that SciCat is then asked
   * for the whole dataset: it answers with a few words if there is none, or if the right is missing.
   *
   * @returns undefined when SciCat has no such dataset
   */
  private async readWithUpdater(
    operation: string,
    pid: string,
    fields: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<UpstreamAnswer | undefined> {
    const name = segment(pid);
    if (name === undefined) return undefined;
    const { updater } = this.options;
    const list = await updater
      .call({ operation, ...listOf(pid, fields), signal })
      .catch((error: unknown) => {
        // What the dataset's owner has written is no outage, which would be waited out for ever.
        throw tooLargeOr(error);
      });
    const found = foundIn(list, operation, pid);
    if (found !== undefined) return { ...list, body: found };
    const path = `${DATASETS_PATH}/${name}`;
    const whole = { operation, safety: 'safe', method: 'GET', path, answer: 'large' } as const;
    const answer = await updater.call({ ...whole, signal });
    if (saysNoDataset(answer)) return undefined;
    if (answer.status !== 200) throw failureOf(answer, operation, { notFound: 'unclear' });
    return answer;
  }
}

/** A call that reads fields of one dataset. Only lists let the caller name them. */
function listOf(pid: string, fields: readonly string[]) {
  return {
    safety: 'safe',
    method: 'GET',
    path: DATASETS_PATH,
    filter: { where: { pid }, fields, limits: { limit: 1 } },
  } as const;
}

/** The only dataset of a list. @throws UpstreamError when the answer is not such a list */
function foundIn(answer: UpstreamAnswer, operation: string, pid: string): unknown {
  if (answer.status !== 200) {
    throw failureOf(answer, operation, { badRequest: 'unclear', notFound: 'unclear' });
  }
  if (!Array.isArray(answer.body)) throw malformed(answer, operation);
  const [found, ...others] = answer.body as readonly unknown[];
  if (found !== undefined && (others.length > 0 || field(found, 'pid') !== pid)) {
    throw malformed(answer, operation);
  }
  return found;
}

function datasetIn(body: unknown, answer: UpstreamAnswer, operation: string): Dataset {
  const dataset = readDataset(body);
  if (dataset === undefined) throw malformed(answer, operation);
  if ('tooLong' in dataset) throw tooLong(dataset.tooLong);
  return dataset;
}

/** Of the fields that are read, only texts can be large. */
function tooLargeOr(error: unknown): unknown {
  return error instanceof UpstreamTooLargeError ? tooLong('sourceFolder') : error;
}

function tooLong(name: 'ownerGroup' | 'sourceFolder'): InvalidRequestError {
  const limit = name === 'sourceFolder' ? MAX_SOURCE_FOLDER : MAX_NAME;
  return new InvalidRequestError(
    `This dataset can't be transferred: its ${name} in SciCat has more than ${limit} characters. Correct it in SciCat.`,
  );
}

/** All paths that SciCat shows to the account: none when it may not see the list. */
async function filePaths(
  account: ServiceAccount,
  pid: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const operation = 'list files of dataset';
  const paths: string[] = [];
  const seen = new Set<string>();
  const pages = new PageSize();
  for (;;) {
    const limit = pages.of(BLOCKS_PER_PAGE);
    let answer: UpstreamAnswer;
    try {
      answer = await account.call({
        operation,
        safety: 'safe',
        method: 'GET',
        path: BLOCKS_PATH,
        filter: {
          where: { datasetId: pid },
          fields: ['_id', 'dataFileList.path'],
          limits: { limit, skip: seen.size },
        },
        answer: 'large',
        signal,
      });
      pages.fits();
    } catch (error) {
      if (error instanceof UpstreamTooLargeError && pages.isTooLarge(limit)) continue;
      throw error;
    }
    if (answer.status !== 200) throw failureOf(answer, operation, { badRequest: 'unclear' });
    if (!Array.isArray(answer.body)) throw malformed(answer, operation);
    for (const value of answer.body as readonly unknown[]) {
      const block = readFileBlock(value);
      // With a repeated block the pages are inconsistent and might never end.
      if (block === undefined || seen.has(block.id)) throw malformed(answer, operation);
      seen.add(block.id);
      for (const path of block.paths) paths.push(path);
    }
    if (answer.body.length < limit) return paths;
  }
}

/** One message for missing and unreadable datasets, so that it does not reveal which ones exist. */
export function unreadableDataset(): InvalidRequestError {
  return new InvalidRequestError(
    'There is no dataset with this PID (scicatPid) that you may read in SciCat. Check the PID.',
  );
}
