import type { TransferJobDocument } from '../domain/job-reading.js';
import type { CreatedJob, EndRequest, Transfer } from '../domain/transfer.js';
import type { TransferRecord } from '../domain/transfer-record.js';

/** What a new transfer can expect. */
export interface Admission {
  /** True: Globus is asked at once. False: the transfer will wait, for `waitsFor`. */
  readonly slot: boolean;
  /** Why it waits, in words that continue "waiting: …"; '' with a slot. */
  readonly waitsFor: string;
}

/** What {@link TransferTracking.admit} would do now. */
export type Forecast =
  /** An equal transfer is open already: its job would be the answer. */
  { readonly kind: 'repeats'; readonly jobId: string } | ({ readonly kind: 'starts' } & Admission);

/** A transfer that is made durable: from then on it is carried out, whatever happens. */
export interface StoredTransfer {
  readonly record: TransferRecord;
  readonly job: CreatedJob;
}

/** A request whose rules are passed. */
export interface AdmissionRequest {
  /** Of the requested copy: an equal open transfer is the answer to it. */
  readonly fingerprint: string;
  /** Of the HTTP request that asks for it. */
  readonly requestId: string;
  /**
   * Makes the transfer durable. Called once at most, and only when no equal transfer is open and
   * there is room.
   *
   * @param submissionId Globus's idempotency key to store with it, when Globus is asked at once
   */
  readonly store: (submissionId: string | undefined) => Promise<StoredTransfer>;
}

/** What became of a request. */
export type AdmissionResult =
  /** An equal transfer was open already, or being stored. */
  | { readonly kind: 'repeats'; readonly jobId: string }
  /** Globus runs it. */
  | { readonly kind: 'started'; readonly jobId: string }
  /** It is stored and waits, or Globus has not answered yet. */
  | { readonly kind: 'waits'; readonly jobId: string };

/** A transfer that is tracked, as it is now. */
export interface TrackedState {
  readonly transfer: Transfer;
  /** How many transfers go before this one; undefined when it does not wait in the queue. */
  readonly queuePosition: number | undefined;
}

/** What became of creating a transfer's job. */
export type JobCreation =
  | { readonly kind: 'created' }
  /**
   * The caller is told that the job was not created, but it may still turn up in SciCat. It is
   * searched for some minutes, and cancelled if found.
   */
  | { readonly kind: 'disowned'; readonly key: string }
  /** SciCat does not let the service's account create jobs; `atLogin`: not even log in. */
  | { readonly kind: 'not-permitted'; readonly reason: string; readonly atLogin: boolean };

/** Tracks transfers from their admission to their end. */
export interface TransferTracking {
  /** Whether recovery is complete: before, it is not known which transfers are open. */
  readonly ready: boolean;

  /**
   * What {@link admit} would do now, without doing it.
   *
   * @throws NotReadyError QueueFullError
   */
  forecast(fingerprint: string): Forecast;

  /**
   * Admits a transfer: answers with an equal open one, or has it stored and submits it when a slot
   * is free. Waits for Globus's answer for 10 seconds at most.
   *
   * @throws NotReadyError before recovery is complete and while the service stops
   * @throws QueueFullError when as many wait as `task.queueSize` allows
   * @throws TransferRefusedError when Globus refuses it for good
   * @throws UpstreamError, and what `store` throws
   */
  admit(request: AdmissionRequest): Promise<AdmissionResult>;

  /** Reports the outcome of creating a job, as the last request has shown it. */
  reportJobCreation(outcome: JobCreation): void;

  /** A transfer that is tracked. */
  find(jobId: string): TrackedState | undefined;

  /**
   * Takes up an open job that is not tracked yet.
   *
   * @returns undefined when the job can't be used
   */
  adopt(job: TransferJobDocument): Transfer | undefined;

  /**
   * Requests a transfer's end. Returns when SciCat has the request; never waits for Globus.
   *
   * @param requestId of the HTTP request that asked for it
   * @throws JobNotFoundError when the transfer is not tracked
   * @throws UpstreamError when SciCat can't be written to; the request is kept and written later
   */
  requestEnd(jobId: string, request: EndRequest, requestId: string): Promise<void>;
}

/** Injection token of {@link TransferTracking}. */
export const TRANSFER_TRACKING = Symbol('TransferTracking');
