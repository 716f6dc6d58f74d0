import type { TrackingDeps } from '../core/tracking-deps.js';
import type { Transfer } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';
import { ServiceAccountError } from '../../errors/upstream.errors.js';
import type { AlarmKind } from '../core/alarms.js';
import type { JobWriterListener } from '../core/job-writer.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import type { Dispatcher } from '../queue/dispatcher.js';
import type { TaskCanceller } from './task-canceller.js';

interface Deps extends TrackingDeps {
  readonly dispatcher: Dispatcher;
  readonly canceller: TaskCanceller;
}

/**
 * Lets go of transfers: of one whose end SciCat shows, and of one whose job was removed, once Globus
 * copies nothing more for it. Hears of both from the job writer.
 */
export class EndOfTracking implements JobWriterListener {
  private readonly fileListsRemoved = new WeakSet<TrackedTransfer>();

  constructor(private readonly deps: Deps) {}

  confirmed(tracked: TrackedTransfer, shown: Transfer): void {
    const { alarms, background, events } = this.deps;
    alarms.clear(writeAlarm(shown));
    const { state } = shown.status;
    // Something newer is to be written, such as the removal of an ended transfer's job.
    if (isFinal(state) && tracked.transfer !== shown) return;
    if (state === 'waiting') return;
    // SciCat has the task's id, or the end: the file list has done its work.
    if (hasFileList(shown) && !this.fileListsRemoved.has(tracked)) {
      this.fileListsRemoved.add(tracked);
      // What can't be removed now a sweep removes after some days.
      background.add(this.deps.fileLists.remove(shown.key).catch(() => undefined));
    }
    if (!isFinal(state)) return;
    // One that never changed here has ended before, and SciCat had lost it: nothing new to tell.
    if (tracked.revision > 0) {
      events.emit({ kind: 'end-written', transfer: shown, requestId: tracked.requestId });
    }
    this.letGo(tracked); // T6 of the tracker
  }

  failed({ transfer }: TrackedTransfer, error: Error): void {
    if (error instanceof ServiceAccountError) {
      this.deps.alarms.raise(writeAlarm(transfer), error.message);
    }
  }

  /** The job was removed from SciCat: nothing more is to be copied for it. */
  gone(tracked: TrackedTransfer): void {
    const { transfers, events, writer, alarms, background, canceller } = this.deps;
    if (tracked.jobGone) return;
    transfers.setGone(tracked);
    events.emit({ kind: 'job-gone', jobId: tracked.jobId });
    writer.forget(tracked);
    // What this service was not allowed to remove is removed now.
    if (isToBeRemoved(tracked.transfer)) alarms.clear('scicat-account-remove');
    background.add(
      canceller.cancelOrphan(tracked).then(() => {
        this.letGo(tracked); // T6 of the tracker
      }),
    );
  }

  private letGo(tracked: TrackedTransfer): void {
    const { writer, transfers, dispatcher, alarms, background } = this.deps;
    writer.forget(tracked);
    transfers.drop(tracked);
    dispatcher.forget(tracked);
    alarms.clear(`task:${tracked.jobId}`);
    alarms.clear(`internal:${tracked.jobId}`);
    background.wake();
  }
}

/** The alarm of a refused write: an account may be allowed to write jobs and not to remove them. */
function writeAlarm(transfer: Transfer): AlarmKind {
  return isToBeRemoved(transfer) ? 'scicat-account-remove' : 'scicat-account-write';
}

function isToBeRemoved({ status, endRequested }: Transfer): boolean {
  return isFinal(status.state) && endRequested?.remove === true;
}

function hasFileList({ origin }: Transfer): boolean {
  return origin.kind === 'recorded' && origin.record.fileList !== undefined;
}
