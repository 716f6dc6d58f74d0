import type { Transfer } from './transfer.js';
import type { TransferRecord } from './transfer-record.js';
import { present } from './untyped.js';

/** Whom and what an action of the service concerns, for its audit line. */
export interface AuditSubject {
  readonly jobId: string;
  readonly datasetPid?: string;
  /** Of the HTTP request that created the transfer, or in which the action happened. */
  readonly requestId?: string;
  /** Who requested the transfer. Absent, like the facilities, for jobs of the Go version. */
  readonly requester?: string;
  readonly ownerGroup?: string;
  readonly sourceFacility?: string;
  readonly destinationFacility?: string;
}

/** The subject of an action on a transfer. */
export function subjectOf(
  { jobId, datasetPid, origin }: Pick<Transfer, 'jobId' | 'datasetPid' | 'origin'>,
  requestId?: string,
): AuditSubject {
  const parties =
    origin.kind === 'recorded' ? partiesOf(origin.record) : { ownerGroup: origin.ownerGroup };
  return { ...present({ requestId }), jobId, datasetPid, ...parties };
}

/** Who requested a transfer, and from where to where. */
export function partiesOf({ requestedBy, source, destination }: TransferRecord) {
  return {
    requester: requestedBy.username,
    ownerGroup: requestedBy.ownerGroup,
    sourceFacility: source.facility,
    destinationFacility: destination.facility,
  };
}
