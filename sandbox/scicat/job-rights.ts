import type { Caller } from './accounts.js';
import type { DatasetDocument } from './datasets.js';

interface OwnedJob {
  readonly ownerUser?: string;
  readonly ownerGroup?: string;
}

/** The owner of a new job: a user, a group, or both. */
export interface JobOwner {
  readonly user: string | undefined;
  readonly groups: readonly string[];
  readonly group: string | undefined;
  readonly contactEmail: string;
}

/**
 * Whether a caller may create a job of a type for an owner, given the job's datasets. Administrators
 * need no access to the datasets; an account that is merely job-privileged must name an owner who has
 * it.
 */
export function mayCreate(
  auth: string,
  { rights, account }: Caller,
  datasets: readonly DatasetDocument[],
  owner: JobOwner,
): boolean {
  if (rights.admin) return true;
  const byType =
    rights.createJobPrivileged ||
    auth === '#all' ||
    auth === '#authenticated' ||
    auth.startsWith('#dataset') ||
    auth === account.username ||
    (auth.startsWith('@') && account.groups.includes(auth.slice(1)));
  return byType && datasets.every((dataset) => ownerHasAccess(auth, dataset, owner));
}

/** Whether a caller may read a job. */
export function mayRead(job: OwnedJob, { rights, account }: Caller): boolean {
  return (
    rights.createJobPrivileged ||
    rights.updateJobPrivileged ||
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

/** Whether a job's owner has the access to a dataset that `create.auth` of its type requires. */
function ownerHasAccess(auth: string, dataset: DatasetDocument, owner: JobOwner): boolean {
  const groups =
    owner.group === undefined
      ? owner.user === undefined
        ? []
        : owner.groups
      : owner.user === undefined || owner.groups.includes(owner.group)
        ? [owner.group]
        : [];
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
