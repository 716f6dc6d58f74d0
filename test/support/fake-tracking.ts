import { fingerprint } from '../../src/domain/fingerprint.js';
import { readJob, type TransferJobDocument } from '../../src/domain/job-reading.js';
import { type EndRequest, newTransfer, type Transfer } from '../../src/domain/transfer.js';
import { TransferRefusedError } from '../../src/errors/request.errors.js';
import type {
  Admission,
  AdmissionRequest,
  AdmissionResult,
  Forecast,
  JobCreation,
  TrackedState,
  TransferTracking,
} from '../../src/ports/transfer-tracking.port.js';

/** Tracking that only remembers what it was asked for. */
export class FakeTracking implements TransferTracking {
  ready = true;
  slot = true;
  /** Thrown by {@link forecast} and {@link admit}. */
  refusal: Error | undefined;
  /** Why Globus refuses what it is asked for. */
  refusedByGlobus: string | undefined;
  submissionId: string | undefined = 'from-the-stock';
  readonly accepted: Transfer[] = [];
  readonly ends: { readonly jobId: string; readonly request: EndRequest }[] = [];
  readonly tracked = new Map<string, Transfer>();
  /** What was reported of creating jobs. */
  readonly creations: JobCreation[] = [];
  /** Reservations held. */
  reserved = 0;

  forecast(print: string): Forecast {
    const jobId = this.findEqual(print);
    if (jobId !== undefined) return { kind: 'repeats', jobId };
    return { kind: 'starts', ...this.admission() };
  }

  async admit(request: AdmissionRequest): Promise<AdmissionResult> {
    const forecast = this.forecast(request.fingerprint);
    if (forecast.kind === 'repeats') return forecast;
    this.reserved += 1;
    const { record, job } = await request
      .store(forecast.slot ? this.submissionId : undefined)
      .finally(() => (this.reserved -= 1));
    const transfer = newTransfer(job, record, forecast.waitsFor);
    this.accepted.push(transfer);
    this.tracked.set(job.jobId, transfer);
    if (this.refusedByGlobus !== undefined) throw new TransferRefusedError(this.refusedByGlobus);
    return { kind: forecast.slot ? 'started' : 'waits', jobId: job.jobId };
  }

  reportJobCreation(outcome: JobCreation): void {
    this.creations.push(outcome);
  }

  find(jobId: string): TrackedState | undefined {
    const transfer = this.tracked.get(jobId);
    const queuePosition = transfer?.status.state === 'waiting' ? 0 : undefined;
    return transfer && { transfer, queuePosition };
  }

  adopt(job: TransferJobDocument): Transfer | undefined {
    const read = readJob(job, true);
    if (read.kind !== 'open') return undefined;
    this.tracked.set(job.id, read.transfer);
    return read.transfer;
  }

  requestEnd(jobId: string, request: EndRequest, _requestId: string): Promise<void> {
    this.ends.push({ jobId, request });
    return Promise.resolve();
  }

  private findEqual(print: string): string | undefined {
    return [...this.tracked.values()].find(
      ({ origin, endRequested }) =>
        endRequested === undefined &&
        origin.kind === 'recorded' &&
        fingerprint(origin.record) === print,
    )?.jobId;
  }

  private admission(): Admission {
    if (this.refusal !== undefined) throw this.refusal;
    return { slot: this.slot, waitsFor: this.slot ? '' : 'others were before' };
  }
}
