import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { runCooperatively } from '../../file-lists/run-cooperatively.js';
import type { FileListDigest } from '../../domain/file-list-digest.js';
import { fingerprint } from '../../domain/fingerprint.js';
import type { CopyOptions, RecordedSide } from '../../domain/transfer-record.js';
import type { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { type AssessedRequest, assessRequest } from './assess-request.js';
import { checkFileList } from '../../file-lists/check-file-list.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import type { Forecast, TransferTracking } from '../../ports/transfer-tracking.port.js';
import type { AppliedRule } from '../../facilities/request-rules.js';
import type { TransferRequestOptions } from './request-transfer.js';

/** What the service works with. */
export interface PreviewTransferDeps {
  readonly tracking: TransferTracking;
  readonly events: TransferEvents;
  readonly facilities: FacilityAuthorization;
  readonly config: ConfigSnapshots;
}

/** What would come of a request that is allowed. */
export interface TransferPreview {
  readonly datasetPid: string;
  readonly source: RecordedSide;
  readonly destination: RecordedSide;
  readonly copy: CopyOptions;
  readonly autoArchive: boolean;
  /** Entries of the file list, each path once; undefined when the whole folder is meant. */
  readonly listedFiles: number | undefined;
  /** Every rule, in the order in which it was applied. None refuses. */
  readonly rules: readonly AppliedRule[];
  readonly next: Forecast;
}

/**
 * Says what a request would do, by the same rules in the same order, and does nothing of it: nothing
 * is stored, no place is taken, and Globus is not asked.
 */
export class PreviewTransfer {
  constructor(private readonly deps: PreviewTransferDeps) {}

  /**
   * @throws what `RequestTransfer` throws before it begins to store: AccessDeniedError
   *   InvalidRequestError QueueFullError NotReadyError UpstreamError
   */
  async execute(input: TransferRequestOptions): Promise<TransferPreview> {
    const { tracking, events, facilities, config } = this.deps;
    const assessed = await assessRequest(input, {
      facilities,
      config: config.current(),
      events,
      operation: 'preview',
    });
    const { dataset, source, destination, copy, rules } = assessed;
    const fileList = await digestOf(input, assessed);
    const asked = {
      datasetPid: dataset.pid,
      source,
      destination,
      copy,
      autoArchive: input.parameters.autoArchive,
    };
    const print = fingerprint(fileList === undefined ? asked : { ...asked, fileList });
    return { ...asked, listedFiles: fileList?.count, rules, next: tracking.forecast(print) };
  }
}

async function digestOf(
  input: TransferRequestOptions,
  { source, destination }: Pick<AssessedRequest, 'source' | 'destination'>,
): Promise<FileListDigest | undefined> {
  const files = await input.files();
  if (files === undefined) return undefined;
  const atRoot = source.path === '/' || destination.path === '/';
  return (await runCooperatively(checkFileList(files, atRoot))).digest;
}
