import { fingerprint } from '../../domain/fingerprint.js';
import type { Forecast } from '../../ports/transfer-tracking.port.js';
import {
  type AssessedRequest,
  assessRequest,
  readAutoArchive,
  readFileList,
  type TransferRequestOptions,
} from './assess-request.js';
import type { TransferDeps } from './transfer-deps.js';

/** What an allowed request would do. */
export interface TransferPreview extends Omit<AssessedRequest, 'dataset'> {
  readonly datasetPid: string;
  readonly autoArchive: boolean;
  /** Number of distinct paths in the file list; undefined for the whole folder. */
  readonly listedFiles: number | undefined;
  readonly next: Forecast;
}

/** Applies the same rules as a request, in the same order, without any effect. */
export class PreviewTransfer {
  constructor(
    private readonly deps: Pick<TransferDeps, 'tracking' | 'events' | 'facilities' | 'config'>,
  ) {}

  /**
   * @throws what `RequestTransfer` throws before it stores anything: AccessDeniedError
   *   InvalidRequestError TooBusyError QueueFullError NotReadyError UpstreamError
   */
  async execute(input: TransferRequestOptions): Promise<TransferPreview> {
    const { dataset, rules, ...sides } = await assessRequest('preview', input, this.deps);
    const fileList = (await readFileList(input, sides))?.digest;
    const autoArchive = await readAutoArchive(input);
    const requested = { datasetPid: dataset.pid, ...sides, autoArchive };
    const print = fingerprint(fileList === undefined ? requested : { ...requested, fileList });
    const next = this.deps.tracking.forecast(print);
    return { ...requested, listedFiles: fileList?.count, rules, next };
  }
}
