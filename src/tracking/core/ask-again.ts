import { subjectOf } from '../../domain/audit-subject.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { rightsLost } from '../../facilities/rights-kept.js';
import type { Dataset } from '../../ports/datasets.port.js';
import type { TrackedTransfer } from './tracked-transfers.js';
import type { TrackingDeps } from './tracking-deps.js';

/** What the dataset and the configuration of today say of a transfer that was allowed. */
export type AskedAgain =
  | { readonly kind: 'gone' }
  /** `reason` completes "…, because". */
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'kept'; readonly dataset: Dataset };

/**
 * Asks again whether a transfer may be carried out, with the service's own account: it may have waited
 * for days. What the user's token would tell, such as the user's groups today, can't be asked.
 *
 * @throws UpstreamError also when SciCat does not let the service read the dataset
 */
export async function askAgain(
  { datasets, config, events, signal }: TrackingDeps,
  { transfer, requestId }: TrackedTransfer,
): Promise<AskedAgain> {
  const { datasetPid, origin } = transfer;
  let reason: string | undefined;
  try {
    const dataset = await datasets.readAsService(datasetPid, signal);
    if (dataset === undefined) return { kind: 'gone' };
    // The Go version left no record of what was allowed.
    if (origin.kind === 'recorded') {
      reason = rightsLost(origin.record, dataset, config.current().facilities);
    }
    if (reason === undefined) return { kind: 'kept', dataset };
  } catch (error) {
    // A text of the dataset has become longer than any that could be requested.
    if (!(error instanceof InvalidRequestError)) throw error;
    reason = error.message;
  }
  events.emit({ kind: 'audited', action: 'deny', subject: subjectOf(transfer, requestId), reason });
  return { kind: 'lost', reason };
}
