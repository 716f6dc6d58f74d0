import { labelFits } from './task-label.js';
import type { Transfer } from './transfer.js';

/** What Globus shows of a task, as far as it tells whose it is. */
export interface TaskOrigin {
  readonly label: string | undefined;
  readonly sourceCollection: string | undefined;
  readonly destinationCollection: string | undefined;
  /** Milliseconds since the epoch. */
  readonly requestedAt: number | undefined;
}

/** A facility, as far as it tells which tasks can be of the Go version. */
export interface FacilityCollection {
  readonly collection: string;
  readonly direction: 'SRC' | 'DST' | 'BOTH';
}

/** The Go version submitted a task, then created its job; the clocks may differ. */
const GO_VERSION_JOB_WITHIN_MS = 10 * 60_000;

/**
 * Whether a task can be the transfer's own. The label of a task names its job. Tasks of the Go version
 * have no label, and its jobs name neither paths nor facilities: theirs must at least have gone from one
 * of the facilities to another, and have been requested when the job was created.
 */
export function taskFits(
  task: TaskOrigin,
  { jobId, origin, requestedAt }: Pick<Transfer, 'jobId' | 'origin' | 'requestedAt'>,
  facilities: readonly FacilityCollection[],
): boolean {
  if (!labelFits(task.label, jobId, origin.kind)) return false;
  if (origin.kind === 'recorded') return true;
  const { sourceCollection, destinationCollection } = task;
  return (
    task.requestedAt !== undefined &&
    Math.abs(task.requestedAt - requestedAt) <= GO_VERSION_JOB_WITHIN_MS &&
    facilities.some((one) => one.direction !== 'DST' && sameId(one.collection, sourceCollection)) &&
    facilities.some(
      (one) => one.direction !== 'SRC' && sameId(one.collection, destinationCollection),
    )
  );
}

function sameId(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}
