import type { Requester } from '../../auth/caller.js';
import type { Identity } from '../../ports/identities.port.js';
import { AccessDeniedError, JobNotFoundError } from '../../errors/request.errors.js';
import type { TransferJobDocument } from '../../domain/job-reading.js';
import { field } from '../../domain/untyped.js';
import type { Transfer } from '../../domain/transfer.js';
import { unsealRecord } from '../../domain/transfer-record.js';
import type { Decision, TransferEvents } from '../../ports/transfer-events.port.js';

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
  readonly requester: Requester;
  readonly jobId: string;
}

/**
 * Lets only owners go on, and has every decision noted.
 *
 * @throws AccessDeniedError
 */
export function requireOwner(access: JobAccess, owners: Owners, events: TransferEvents): void {
  const { requester, jobId } = access;
  const ownership = ownershipOf(requester.identity, owners);
  if (ownership !== undefined) {
    events.emit(decided(access, { allowed: true, rule: 'job-owner', reason: ownership }));
    return;
  }
  const reason = `Transfer ${jobId} belongs to another user, and you are not in its owner group.`;
  events.emit(decided(access, { allowed: false, rule: 'job-owner', reason }));
  throw new AccessDeniedError(reason);
}

/**
 * There is no such transfer, or none that this service made; one answer for both, and a note that
 * somebody has tried.
 */
export function noSuchTransfer(access: JobAccess, events: TransferEvents): JobNotFoundError {
  const reason = `There is no transfer with id ${access.jobId}.`;
  events.emit(decided(access, { allowed: false, rule: 'job-unknown', reason }));
  return new JobNotFoundError(reason);
}

function decided(
  { operation, requester, jobId }: JobAccess,
  verdict: Pick<Decision, 'allowed' | 'rule' | 'reason'>,
): Decision {
  const { requestId, identity } = requester;
  return { kind: 'decided', requestId, operation, ...verdict, username: identity.username, jobId };
}

/** How the user owns it, in words; undefined when they don't. Nothing is equal to an empty name or group. */
function ownershipOf(identity: Identity, owners: Owners): string | undefined {
  const { username, accessGroups } = identity;
  if (username !== '' && owners.users.includes(username)) return 'it is their own transfer';
  if (owners.group !== '' && accessGroups.includes(owners.group)) {
    return `they are in its owner group "${owners.group}"`;
  }
  return undefined;
}
