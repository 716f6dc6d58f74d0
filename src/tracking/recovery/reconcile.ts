import { taskLabel } from '../../domain/task-label.js';
import type { TrackingDeps } from '../core/tracking-deps.js';
import type { TaskListing } from '../polling/task-listing.js';
import type { Dispatcher } from '../queue/dispatcher.js';

/**
 * After a restart: matches tasks that an earlier process started, but did not record in SciCat, with
 * their transfers by label, so that the limit of slots holds from the first submission on.
 *
 * @throws UpstreamError when Globus can't be queried; until it could be, nothing may be submitted
 */
export async function reconcile(
  { transfers, steps }: TrackingDeps,
  listing: TaskListing,
  dispatcher: Dispatcher,
): Promise<void> {
  const unconfirmed = [...transfers.waiting()].filter(
    ({ transfer: { status } }) => status.state === 'waiting' && status.submission === 'unconfirmed',
  );
  if (unconfirmed.length === 0) return;
  const running = new Map((await listing.running()).map((task) => [task.label, task.taskId]));
  for (const tracked of unconfirmed) {
    const taskId = running.get(taskLabel(tracked.jobId));
    if (taskId !== undefined && !steps.isRunning(tracked)) dispatcher.start(tracked, taskId);
  }
}
