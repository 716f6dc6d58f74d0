import type { Identity } from '../../auth/identity.port.js';
import { AccessDeniedError } from '../../errors/request.errors.js';
import { field, type TransferJobDocument } from '../domain/job-document.js';
import type { Transfer } from '../domain/transfer.js';
import { unsealRecord } from '../domain/transfer-record.js';
import type { TransferEvents } from './ports/transfer-events.port.js';

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

/** What a user wants to do with a transfer. */
export interface JobAccess {
  readonly operation: 'cancel' | 'look-up';
  readonly identity: Identity;
  readonly jobId: string;
}

/**
 * Lets only owners go on, and has every decision noted.
 *
 * @throws AccessDeniedError
 */
export function requireOwner(access: JobAccess, owners: Owners, events: TransferEvents): void {
  const { operation, identity, jobId } = access;
  const allowed = isOwner(identity, owners);
  events.emit({
    kind: 'decided',
    operation,
    allowed,
    rule: 'job-owner',
    username: identity.username,
    jobId,
  });
  if (allowed) return;
  throw new AccessDeniedError(
    `Transfer ${jobId} belongs to somebody else, and you are not in its owner group.`,
  );
}

/** Nothing is equal to an empty name or group. */
function isOwner(identity: Identity, owners: Owners): boolean {
  const byName = identity.username !== '' && owners.users.includes(identity.username);
  return byName || (owners.group !== '' && identity.accessGroups.includes(owners.group));
}
