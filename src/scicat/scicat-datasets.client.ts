import { InvalidRequestError } from '../errors/request.errors.js';
import { UpstreamRejectedError } from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { Dataset, Datasets } from '../ports/datasets.port.js';
import { field } from '../domain/untyped.js';
import type { LifecycleFound } from '../domain/transfer.js';
import { type ScicatApi, segment } from './scicat-api.js';
import { failureOf, isNotThere, malformed } from './scicat-error.js';
import { readDataset, readFileBlock, readLifecycle } from './scicat.wire.js';
import type { ServiceAccount } from './service-account.js';

/** What {@link ScicatDatasets} is made of. */
interface ScicatDatasetsOptions {
  /** For calls with a user's own token. */
  readonly api: ScicatApi;
  /** Reads any dataset and sets lifecycles. */
  readonly updater: ServiceAccount;
}

/** Path of SciCat's datasets. */
export const DATASETS_PATH = 'api/v4/datasets';
/** SciCat's other way to the blocks stops at 100 of them without a word. */
const BLOCKS_PATH = 'api/v4/origdatablocks';
const BLOCKS_PER_PAGE = 50;

/** Datasets in SciCat, by version 4 of its dataset interface. */
export class ScicatDatasets implements Datasets {
  constructor(private readonly options: ScicatDatasetsOptions) {}

  async readAs(userToken: string, pid: string, signal?: AbortSignal): Promise<Dataset> {
    const operation = 'read dataset';
    const name = segment(pid);
    if (name === undefined) throw unreadableDataset();
    const answer = await this.options.api.call(
      { operation, safety: 'safe', method: 'GET', path: `${DATASETS_PATH}/${name}`, signal },
      userToken,
    );
    switch (answer.status) {
      case 200:
        break;
      // Also for an expired token, which here can't be told from a missing right.
      case 400:
      case 401:
      case 403:
        throw unreadableDataset();
      default:
        if (isNotThere(answer)) throw unreadableDataset();
        throw failureOf(answer, { operation, badRequest: 'refused', forbidden: 'refused' });
    }
    if (typeof answer.body === 'string') throw malformed(answer, operation);
    // `findOne` and the like are routes of SciCat, which answer with some other dataset.
    if (field(answer.body, 'pid') !== pid) throw unreadableDataset();
    const dataset = readDataset(answer.body);
    if (dataset === undefined) throw malformed(answer, operation);
    return dataset;
  }

  /**
   * The dataset, by the service's own account: for operators, never for a request, which is judged
   * by what its user may read.
   *
   * @returns undefined when SciCat has no such dataset
   * @throws UpstreamError also when the account may not read it
   */
  async readAsService(pid: string, signal?: AbortSignal): Promise<Dataset | undefined> {
    const operation = 'read dataset';
    const answer = await this.ask(operation, pid, signal);
    if (answer === undefined) return undefined;
    if (field(answer.body, 'pid') !== pid) return undefined;
    const dataset = readDataset(answer.body);
    if (dataset === undefined) throw malformed(answer, operation);
    return dataset;
  }

  async lifecycle(pid: string, signal?: AbortSignal): Promise<LifecycleFound | undefined> {
    const operation = 'read lifecycle';
    const answer = await this.ask(operation, pid, signal);
    if (answer === undefined) return undefined;
    if (field(answer.body, 'pid') !== pid) throw malformed(answer, operation);
    return readLifecycle(answer.body);
  }

  async markArchivable(pid: string, signal?: AbortSignal): Promise<void> {
    const operation = 'mark dataset as archivable';
    const name = segment(pid);
    if (name === undefined) throw noSuchDataset(operation);
    const answer = await this.options.updater.call({
      operation,
      // Not `idempotent`: after the archiver has begun, it would undo what the archiver set.
      safety: 'once',
      method: 'PATCH',
      // This route alone changes nothing else: the dataset's own PATCH resets its size and file
      // count (version 4), or the rest of its lifecycle (version 3).
      path: `${DATASETS_PATH}/${name}/datasetlifecycle`,
      json: { archiveStatusMessage: 'datasetCreated', archivable: true },
      signal,
    });
    if (answer.status !== 200) {
      throw failureOf(answer, { operation, badRequest: 'refused', forbidden: 'refused' });
    }
    if (field(answer.body, 'archivable') !== true) throw malformed(answer, operation);
  }

  async filePaths(pid: string, signal?: AbortSignal): Promise<readonly string[]> {
    const operation = 'list files of dataset';
    if (segment(pid) === undefined) return [];
    const paths: string[] = [];
    const seen = new Set<string>();
    for (;;) {
      const skip = seen.size;
      const answer = await this.options.updater.call({
        operation,
        safety: 'safe',
        method: 'GET',
        path: BLOCKS_PATH,
        filter: { where: { datasetId: pid }, limits: { limit: BLOCKS_PER_PAGE, skip } },
        signal,
      });
      if (answer.status !== 200) {
        throw failureOf(answer, { operation, badRequest: 'trouble', forbidden: 'refused' });
      }
      if (!Array.isArray(answer.body)) throw malformed(answer, operation);
      for (const value of answer.body as readonly unknown[]) {
        const block = readFileBlock(value);
        // A block that comes twice: the pages do not fit together, and might never end.
        if (block === undefined || seen.has(block.id)) throw malformed(answer, operation);
        seen.add(block.id);
        for (const path of block.paths) paths.push(path);
      }
      if (answer.body.length < BLOCKS_PER_PAGE) return paths;
    }
  }

  /** Reads a dataset in the service's name. @returns undefined when SciCat has no such dataset */
  private async ask(
    operation: string,
    pid: string,
    signal: AbortSignal | undefined,
  ): Promise<UpstreamAnswer | undefined> {
    const name = segment(pid);
    if (name === undefined) return undefined;
    const answer = await this.options.updater.call({
      operation,
      safety: 'safe',
      method: 'GET',
      path: `${DATASETS_PATH}/${name}`,
      signal,
    });
    if (isNotThere(answer)) return undefined;
    if (answer.status === 200) return answer;
    throw failureOf(answer, { operation, badRequest: 'refused', forbidden: 'refused' });
  }
}

/** The same sentence for all that users can't read, so that it does not tell which datasets exist. */
export function unreadableDataset(): InvalidRequestError {
  return new InvalidRequestError(
    'There is no dataset with this PID (scicatPid) that you may read in SciCat. Check the PID, and that your SciCat login has not expired.',
  );
}

function noSuchDataset(operation: string): UpstreamRejectedError {
  return new UpstreamRejectedError('SciCat', `SciCat has no such dataset (${operation}).`);
}
