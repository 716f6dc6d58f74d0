import type { Requester } from '../../auth/caller.js';
import { isOurs, type TransferJobDocument } from '../../domain/job-reading.js';
import { unsealRecord } from '../../domain/transfer-record.js';
import { field } from '../../domain/untyped.js';
import {
  AccessDeniedError,
  InvalidRequestError,
  JobNotFoundError,
} from '../../errors/request.errors.js';
import type { Identity } from '../../ports/identities.port.js';
import type { TrackedState } from '../../ports/transfer-tracking.port.js';
import { inOperatorGroup, operatorGroup } from './operators.js';
import type { TransferDeps } from './transfer-deps.js';

/** A user's operation on a transfer. */
export interface JobAccess {
  readonly operation: 'cancel' | 'look-up';
  readonly requester: Requester;
  readonly jobId: string;
  /** What the user gave as their reason. Required to cancel somebody else's transfer. */
  readonly statedReason?: string | undefined;
}

type AccessDeps = Pick<TransferDeps, 'events' | 'config'>;

interface Owners {
  /** Names; an empty name never matches. */
  readonly users: readonly string[];
  readonly group: string;
}

/**
 * The tracked transfer, for one of its owners or an operator; undefined if there is none, or none with a record of
 * its owners.
 *
 * @throws AccessDeniedError InvalidRequestError
 */
export function trackedTransfer(
  access: JobAccess,
  deps: AccessDeps & Pick<TransferDeps, 'tracking'>,
): TrackedState | undefined {
  const tracked = deps.tracking.find(access.jobId);
  if (tracked?.transfer.origin.kind !== 'recorded') return undefined;
  const { username, ownerGroup } = tracked.transfer.origin.record.requestedBy;
  requireOwner(access, { users: [username], group: ownerGroup }, deps);
  return tracked;
}

/**
 * The SciCat job of a transfer, for one of its owners or an operator. SciCat replaces a user it does not know yet
 * with the service's account, so the user in the record counts as an owner as well.
 *
 * @throws JobNotFoundError when there is no such job, or it is not one of this service's
 * @throws AccessDeniedError InvalidRequestError UpstreamError
 */
export async function transferJob(
  access: JobAccess,
  deps: AccessDeps & Pick<TransferDeps, 'jobs'>,
): Promise<TransferJobDocument> {
  const { jobs, events } = deps;
  const job = await jobs.read(access.jobId);
  if (job === undefined || !isOurs(job, jobs.ownAccounts())) {
    const reason = `Transfer ${access.jobId} not found.`;
    decided(access, { allowed: false, rule: 'job-unknown', reason }, events);
    throw new JobNotFoundError(reason);
  }
  const unsealed = unsealRecord(field(job.globusTransfer, 'sealed'));
  const recorded = unsealed.ok ? [unsealed.record.requestedBy.username] : [];
  requireOwner(access, { users: [job.ownerUser, ...recorded], group: job.ownerGroup }, deps);
  return job;
}

function requireOwner(access: JobAccess, owners: Owners, { events, config }: AccessDeps): void {
  const { requester, operation, statedReason } = access;
  const ownership = ownershipOf(requester.identity, owners);
  const group = ownership === undefined ? operatorGroup(requester, config) : undefined;
  if (group !== undefined) {
    if (operation === 'cancel' && statedReason === undefined) throw reasonMissing(access);
    const reason = inOperatorGroup(group);
    decided(access, { allowed: true, rule: 'operator-group', reason }, events);
    return;
  }
  const reason =
    ownership ??
    `Transfer ${access.jobId} belongs to another user, and you are not in its owner group.`;
  decided(access, { allowed: ownership !== undefined, rule: 'job-owner', reason }, events);
  if (ownership === undefined) throw new AccessDeniedError(reason);
}

function reasonMissing({ jobId }: JobAccess): InvalidRequestError {
  return new InvalidRequestError(
    `Transfer ${jobId} belongs to another user. As an operator, you may cancel it if you say why: add reason=… to the request.`,
  );
}

function decided(
  { operation, requester, jobId, statedReason }: JobAccess,
  verdict: { readonly allowed: boolean; readonly rule: string; readonly reason: string },
  events: TransferDeps['events'],
): void {
  const { requestId, identity } = requester;
  events.emit({
    kind: 'decided',
    requestId,
    operation,
    ...verdict,
    username: identity.username,
    jobId,
    ...(statedReason === undefined ? {} : { statedReason }),
  });
}

/** Undefined if the user is not an owner. An empty name or group matches nothing. */
function ownershipOf({ username, accessGroups }: Identity, owners: Owners): string | undefined {
  if (username !== '' && owners.users.includes(username)) return 'the transfer is their own';
  if (owners.group !== '' && accessGroups.includes(owners.group)) {
    return `they are in its owner group "${owners.group}"`;
  }
  return undefined;
}
