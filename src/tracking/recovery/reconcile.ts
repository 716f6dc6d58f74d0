import type { TrackingDeps } from '../core/tracking-deps.js';
import { taskLabel } from '../../domain/task-label.js';
import type { TaskListing } from '../polling/task-listing.js';
import type { Dispatcher } from '../queue/dispatcher.js';

interface Deps extends Pick<TrackingDeps, 'transfers' | 'steps'> {
  readonly listing: TaskListing;
  readonly dispatcher: Dispatcher;
}

/**
 * After a restart: recognizes by their labels the transfers that Globus got from the last process
 * without SciCat having heard of it, so that the limit of slots holds from the first submission on.
 *
 * @throws UpstreamError when Globus can't be asked; nothing may be submitted until it could be
 */
export async function reconcile({ transfers, steps, listing, dispatcher }: Deps): Promise<void> {
  const unconfirmed = transfers
    .waiting()
    .filter(
      ({ transfer: { status } }) =>
        status.state === 'waiting' && status.submission === 'unconfirmed',
    );
  if (unconfirmed.length === 0) return;
  const running = new Map((await listing.running()).map((task) => [task.label, task.taskId]));
  for (const tracked of unconfirmed) {
    const taskId = running.get(taskLabel(tracked.jobId));
    if (taskId !== undefined && !steps.isRunning(tracked)) dispatcher.start(tracked, taskId);
  }
}
