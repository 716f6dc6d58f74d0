import type {
  CreateRefusal,
  DispatchResult,
  Outlook,
  Place,
  TransferTracking,
} from '../../src/ports/transfer-tracking.port.js';
import { fingerprint } from '../../src/domain/fingerprint.js';
import { type TransferJobDocument, readJob } from '../../src/domain/job-reading.js';
import type { EndRequest, Transfer } from '../../src/domain/transfer.js';

/** Tracking that only remembers what it was asked for. */
export class FakeTracking implements TransferTracking {
  ready = true;
  slot = true;
  /** Thrown by {@link outlook} and {@link reserve}. */
  refusal: Error | undefined;
  /** What handing over brings; a promise that stays open is a Globus that does not answer. */
  dispatched: Promise<DispatchResult> = Promise.resolve({ kind: 'started' });
  submissionId: string | undefined = 'from-the-stock';
  readonly accepted: Transfer[] = [];
  readonly disowned: string[] = [];
  readonly ends: { readonly jobId: string; readonly request: EndRequest }[] = [];
  readonly followed = new Map<string, Transfer>();
  /** Jobs that were removed from SciCat without anybody having noticed. */
  readonly gone = new Set<string>();
  /** What was told of the account's right to create jobs. */
  readonly refusals: (CreateRefusal | undefined)[] = [];
  /** Places taken and not given back. */
  places = 0;
  /** Called when a transfer is accepted. */
  onAccept: () => void = () => undefined;

  findEqual(print: string): string | undefined {
    return [...this.followed.values()].find(
      ({ origin, endRequested }) =>
        endRequested === undefined &&
        origin.kind === 'recorded' &&
        fingerprint(origin.record) === print,
    )?.jobId;
  }

  outlook(): Outlook {
    if (this.refusal !== undefined) throw this.refusal;
    return { slot: this.slot, waitsFor: this.slot ? '' : 'others were before' };
  }

  reserve(): Place {
    const outlook = this.outlook();
    this.places += 1;
    let held = true;
    return {
      ...outlook,
      release: () => {
        if (held) this.places -= 1;
        held = false;
      },
    };
  }

  takeSubmissionId(): string | undefined {
    return this.submissionId;
  }

  accept(transfer: Transfer, place: Place, _requestId: string): Promise<DispatchResult> {
    place.release();
    this.onAccept();
    this.accepted.push(transfer);
    this.followed.set(transfer.jobId, transfer);
    return this.dispatched;
  }

  current(jobId: string): Transfer | undefined {
    return this.followed.get(jobId);
  }

  queuePosition(jobId: string): number | undefined {
    return this.followed.get(jobId)?.status.state === 'waiting' ? 0 : undefined;
  }

  adopt(job: TransferJobDocument): Transfer | undefined {
    const read = readJob(job);
    if (read.kind !== 'open') return undefined;
    this.followed.set(job.id, read.transfer);
    return read.transfer;
  }

  requestEnd(jobId: string, request: EndRequest, _requestId: string): Promise<void> {
    this.ends.push({ jobId, request });
    return Promise.resolve();
  }

  disown(key: string): void {
    this.disowned.push(key);
  }

  stillThere(jobId: string): Promise<boolean> {
    if (this.gone.has(jobId)) this.followed.delete(jobId);
    return Promise.resolve(this.followed.has(jobId));
  }

  answersOthers(jobId: string): boolean {
    const transfer = this.followed.get(jobId);
    return transfer !== undefined && transfer.endRequested === undefined;
  }

  accountMayCreate(refusal: CreateRefusal | undefined): void {
    this.refusals.push(refusal);
  }
}
