import { finalizationPlan } from '../../domain/finalization.js';
import { fingerprint } from '../../domain/fingerprint.js';
import { symlinkNote } from '../../domain/symlink-note.js';
import { KEY_PLACEHOLDER } from '../../facilities/path-resolution.js';
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
export interface TransferPreview extends Omit<
  AssessedRequest,
  'dataset' | 'symlinksRefusedBy' | 'access'
> {
  readonly datasetPid: string;
  readonly autoArchive: boolean;
  /** Number of distinct paths in the file list; undefined for the whole folder. */
  readonly listedFiles: number | undefined;
  /** What happens to symbolic links, as a sentence. */
  readonly symlinks: string;
  /** What happens to the dataset once its files have arrived, and why, as a sentence. */
  readonly afterwards: string;
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
    const key = KEY_PLACEHOLDER;
    const assessed = await assessRequest(
      { operation: 'preview', transferKey: key },
      input,
      this.deps,
    );
    const { dataset, rules, symlinksRefusedBy, source, destination, copy, finalize } = assessed;
    const plan = { source, destination, copy, finalize };
    const fileList = (await readFileList(input, assessed))?.digest;
    const autoArchive = await readAutoArchive(input);
    const requested = { datasetPid: dataset.pid, ...plan, autoArchive };
    const print = fingerprint({
      key,
      ...requested,
      ...(fileList === undefined ? {} : { fileList }),
    });
    const next = this.deps.tracking.forecast(
      print,
      { user: input.requester.identity.username, group: dataset.ownerGroup },
      { source: plan.source.facility, destination: plan.destination.facility },
    );
    const { lifecycle } = dataset;
    return {
      ...requested,
      listedFiles: fileList?.count,
      symlinks: symlinkNote({
        keep: symlinksRefusedBy === undefined,
        isList: fileList !== undefined,
        refusedBy: symlinksRefusedBy,
      }),
      afterwards: finalizationPlan({
        finalize,
        lifecycle,
        autoArchive,
        destination: destination.facility,
      }),
      rules,
      next,
    };
  }
}
