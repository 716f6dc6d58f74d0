import type { Identity } from '../../auth/identity.port.js';
import { field, type TransferJobDocument } from '../domain/job-document.js';
import type { Transfer } from '../domain/transfer.js';
import { unsealRecord } from '../domain/transfer-record.js';

/** Who may see and cancel a transfer. */
export interface Owners {
  /** Names; '' stands for nobody and never matches. */
  readonly users: readonly string[];
  readonly group: string;
}

/** The owners of a transfer that is being followed and has a record. */
export function ownersOfTransfer(transfer: Transfer): Owners | undefined {
  if (transfer.origin.kind !== 'recorded') return undefined;
  const { username, ownerGroup } = transfer.origin.record.requestedBy;
  return { users: [username], group: ownerGroup };
}

/**
 * The owners of a job. SciCat replaces a user whom it does not know yet by the service's account,
 * so who asked counts as well, by the record.
 */
export function ownersOfJob(job: TransferJobDocument): Owners {
  const unsealed = unsealRecord(field(job.globusTransfer, 'sealed'));
  const asked = unsealed.ok ? [unsealed.record.requestedBy.username] : [];
  return { users: [job.ownerUser, ...asked], group: job.ownerGroup };
}

/** Whether this user is one of the owners. Nothing is equal to an empty name or group. */
export function isOwner(identity: Identity, owners: Owners): boolean {
  const byName = identity.username !== '' && owners.users.includes(identity.username);
  return byName || (owners.group !== '' && identity.accessGroups.includes(owners.group));
}
