import type { TrackingDeps } from '../core/tracking-deps.js';
import { subjectOf } from '../../domain/audit-subject.js';
import type { Transfer, TransferStatus } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';
import {
  DatasetGoneError,
  ServiceAccountError,
  UpstreamSetupError,
} from '../../errors/upstream.errors.js';
import type { EndStatus } from '../../ports/job-history.port.js';
import type { AlarmKind } from '../core/alarms.js';
import type { JobWriterListener } from '../core/job-writer.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import type { Dispatcher } from '../queue/dispatcher.js';
import type { TaskCanceller } from './task-canceller.js';

/**
 * Drops a transfer when SciCat shows its end, or when its job was removed and Globus no longer copies
 * anything for it.
 */
export class EndOfTracking implements JobWriterListener {
  private readonly fileListsRemoved = new WeakSet<TrackedTransfer>();

  constructor(
    private readonly deps: TrackingDeps,
    private readonly dispatcher: Dispatcher,
    private readonly canceller: TaskCanceller,
  ) {}

  confirmed(tracked: TrackedTransfer, shown: Transfer): void {
    const { alarms, background, events, history } = this.deps;
    alarms.clear(writeAlarm(shown));
    alarms.clear('scicat-setup:write');
    const { state } = shown.status;
    // A newer state is still to be written, such as the removal of an ended transfer's job.
    if (isFinal(state) && tracked.transfer !== shown) return;
    if (state === 'waiting') return;
    // SciCat has the task's id or the end: the file list is no longer needed.
    this.removeFileList(tracked);
    if (!isFinal(state)) return;
    // Revision 0: an earlier end that SciCat had lost, and that was reported then.
    if (tracked.revision > 0) {
      events.emit({ kind: 'end-written', transfer: shown, requestId: tracked.requestId });
    }
    const { status, endRequested } = shown;
    if (isToBeRemoved(shown)) {
      events.emit({
        kind: 'audited',
        action: 'remove',
        subject: subjectOf(shown, tracked.requestId),
        by: endRequested?.by ?? '',
        reason: 'requested with the end of the transfer',
      });
    } else if (isEnd(status)) {
      // Other accounts may write into the job from now on.
      background.add(history.noteEnd(shown.jobId, { ended: status }));
    }
    this.letGo(tracked); // T6 of the tracker
  }

  /** A transfer of which SciCat shows the end already, and which was only taken up to make sure of it. */
  alreadyEnded(tracked: TrackedTransfer): void {
    this.letGo(tracked); // T6 of the tracker
  }

  failed(tracked: TrackedTransfer, error: Error): void {
    const { transfers, steps, alarms, background } = this.deps;
    const { transfer } = tracked;
    if (error instanceof ServiceAccountError) {
      const isSetup = error instanceof UpstreamSetupError;
      alarms.raise(isSetup ? 'scicat-setup:write' : writeAlarm(transfer), error.message);
    }
    if (error instanceof DatasetGoneError && !tracked.datasetGone) {
      transfers.setDatasetGone(tracked);
      // A waiting transfer ends now, not when it is its turn.
      if (transfer.status.state === 'waiting') steps.hurry(tracked);
      background.wake();
    }
  }

  /** The job was removed from SciCat: its transfer is ended at Globus. */
  gone(tracked: TrackedTransfer): void {
    const { transfers, events, writer, alarms, background } = this.deps;
    if (tracked.jobGone) return;
    transfers.setGone(tracked);
    events.emit({ kind: 'job-gone', jobId: tracked.jobId });
    writer.forget(tracked);
    // The job that the service was not allowed to remove is now gone.
    if (isToBeRemoved(tracked.transfer)) alarms.clear('scicat-account-remove');
    // T6 of the tracker
    background.add(
      this.canceller.cancelOrphan(tracked).then(() => {
        // Its user gets the space back.
        this.removeFileList(tracked);
        this.letGo(tracked);
      }),
    );
  }

  private removeFileList(tracked: TrackedTransfer): void {
    const { background, fileLists } = this.deps;
    const { transfer } = tracked;
    if (!hasFileList(transfer) || this.fileListsRemoved.has(tracked)) return;
    this.fileListsRemoved.add(tracked);
    // If this fails, a sweep removes the list later.
    background.add(fileLists.remove(transfer.key).catch(() => undefined));
  }

  private letGo(tracked: TrackedTransfer): void {
    const { writer, transfers, alarms, background } = this.deps;
    writer.forget(tracked);
    transfers.drop(tracked);
    this.dispatcher.forget(tracked);
    alarms.clear(`task:${tracked.jobId}`);
    alarms.clear(`internal:${tracked.jobId}`);
    background.wake();
  }
}

/** The alarm of a refused write: removing jobs needs a right of its own. */
function writeAlarm(transfer: Transfer): AlarmKind {
  return isToBeRemoved(transfer) ? 'scicat-account-remove' : 'scicat-account-write';
}

function isToBeRemoved({ status, endRequested }: Transfer): boolean {
  return isFinal(status.state) && endRequested?.remove === true;
}

function isEnd(status: TransferStatus): status is EndStatus {
  return isFinal(status.state);
}

function hasFileList({ origin }: Transfer): boolean {
  return origin.kind === 'recorded' && origin.record.fileList !== undefined;
}
