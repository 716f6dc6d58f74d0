import { withListRead } from '../../domain/transfer.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import type { TrackingDeps } from '../core/tracking-deps.js';

/**
 * First writes of resumed jobs whose process died before it wrote anything: they say only that they were
 * submitted. How many files a list has is known only to the stored list, which is read before, one list
 * after another.
 */
export class UnwrittenJobs {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: Pick<TrackingDeps, 'fileLists' | 'transfers' | 'writer' | 'background'>,
  ) {}

  /** Writes the job, as soon as its list has been read. */
  write(tracked: TrackedTransfer): void {
    const { writer, background } = this.deps;
    const { origin } = tracked.transfer;
    if (origin.kind !== 'recorded' || origin.record.fileList === undefined) {
      writer.changed(tracked, 'needed');
      return;
    }
    const { count } = origin.record.fileList;
    this.last = this.last.then(() => this.readAndWrite(tracked, count));
    background.add(this.last);
  }

  private async readAndWrite(tracked: TrackedTransfer, count: number): Promise<void> {
    const { fileLists, transfers, writer } = this.deps;
    if (tracked.transfer.progress.filesTotal === 0) {
      // Before its submission the list is read again, and what is wrong with it is said then.
      const list = await fileLists.open(tracked.transfer.key).catch(() => undefined);
      if (list?.count === count) {
        transfers.update(tracked, (transfer) => withListRead(transfer, list.parents.count));
      }
    }
    // Meanwhile it may have ended, or others may have written it.
    const isTracked = transfers.get(tracked.jobId) === tracked;
    if (isTracked && tracked.transfer.status.state === 'waiting') writer.changed(tracked, 'needed');
  }
}
