import type { Caller } from './accounts.js';
import type { DatasetDocument } from './datasets.js';
import type { Traits } from './generation.js';

interface OwnedJob {
  readonly ownerUser?: string;
  readonly ownerGroup?: string;
}

/** The owner of a new job: a user, a group, or both. */
export interface JobOwner {
  readonly user: string | undefined;
  /** Of the user, or of the caller where there is none. */
  readonly groups: readonly string[];
  /** Whether SciCat knows the user that the caller named (the caller itself may not name one). */
  readonly known: boolean;
  readonly group: string | undefined;
  readonly contactEmail: string;
}

/**
 * Why a caller may not create a job of a type for an owner, given the job's datasets; undefined if it
 * may. Administrators need no access to the datasets; an account that is merely job-privileged must
 * name an owner who has it.
 */
export function creationObjection(
  auth: string,
  { rights, account }: Caller,
  datasets: readonly DatasetDocument[],
  owner: JobOwner,
  datasetAccess: Traits['datasetAccess'],
): string | undefined {
  if (rights.admin) return undefined;
  const byType =
    rights.createJob === 'any' ||
    auth === '#all' ||
    auth === '#authenticated' ||
    auth.startsWith('#dataset') ||
    auth === account.username ||
    (auth.startsWith('@') && account.groups.includes(auth.slice(1)));
  if (!byType) return UNAUTHORIZED;
  const groups = rights.createJobPrivileged ? groupsThatCount(owner, datasetAccess) : owner.groups;
  if (datasets.every((dataset) => haveAccess(auth, dataset, groups))) return undefined;
  if (datasetAccess === 'named-owner') return UNAUTHORIZED;
  return groups.length === 0 && auth === '#datasetOwner'
    ? 'User does not belong to any group, cannot create job with #datasetOwner authorization.'
    : 'User does not have access to all datasets, cannot create job.';
}

const UNAUTHORIZED = 'Unauthorized to create this job.';

/** Whether a caller may read a job. */
export function mayRead(job: OwnedJob, { rights, account }: Caller): boolean {
  return (
    rights.readAnyJob ||
    job.ownerUser === account.username ||
    (job.ownerGroup !== undefined && account.groups.includes(job.ownerGroup))
  );
}

/** Whether `update.auth` of the job's type lets an ordinary caller update it. */
export function mayUpdateByType(auth: string, job: OwnedJob, { account }: Caller): boolean {
  switch (auth) {
    case '#all':
      return true;
    case '#jobOwnerUser':
      return job.ownerUser === account.username;
    case '#jobOwnerGroup':
      return job.ownerGroup !== undefined && account.groups.includes(job.ownerGroup);
    case '#jobAdmin':
      return false;
    default:
      // Surprise: a name without @ is a user, not a group.
      return auth.startsWith('@')
        ? account.groups.includes(auth.slice(1))
        : auth === account.username;
  }
}

/** See `Traits.datasetAccess`. */
function groupsThatCount(
  owner: JobOwner,
  datasetAccess: Traits['datasetAccess'],
): readonly string[] {
  const { user, group, groups } = owner;
  const groupsOfKnown = user !== undefined && owner.known ? groups : [];
  switch (datasetAccess) {
    case 'named-owner':
      if (group === undefined) return user === undefined ? [] : groups;
      // A user who is not known does not count, and the group then decides.
      return user === undefined || !owner.known || groups.includes(group) ? [group] : [];
    case 'known-user':
      return groupsOfKnown;
    case 'user-or-group':
      return group === undefined ? groupsOfKnown : [...groupsOfKnown, group];
  }
}

/** Whether groups have the access to a dataset that `create.auth` of a job type requires. */
function haveAccess(auth: string, dataset: DatasetDocument, groups: readonly string[]): boolean {
  switch (auth) {
    case '#datasetPublic':
      return dataset.isPublished;
    case '#datasetAccess':
      return (
        dataset.isPublished ||
        groups.some((group) => group === dataset.ownerGroup || dataset.accessGroups.includes(group))
      );
    case '#datasetOwner':
      return groups.includes(dataset.ownerGroup);
    default:
      return true;
  }
}
