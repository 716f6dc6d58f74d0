import type { FacilityPair } from '../domain/facility-hold.js';
import type { TransferJobDocument } from '../domain/job-reading.js';
import type { CreatedJob, EndRequest, Owner, Transfer } from '../domain/transfer.js';
import type { TransferRecord } from '../domain/transfer-record.js';

/** Whether a new transfer would run or wait. */
export interface Admission {
  /** True: it is submitted at once. False: it waits. */
  readonly slot: boolean;
  /** Why it waits, as a continuation of "waiting: …"; '' with a slot. */
  readonly waitsFor: string;
}

/** What {@link TransferTracking.admit} would do now. */
export type Forecast =
  /** An identical transfer is open; its job would be the answer. */
  { readonly kind: 'repeats'; readonly jobId: string } | ({ readonly kind: 'starts' } & Admission);

/** A durable transfer: from now on it is carried out, whatever happens. */
export interface StoredTransfer {
  readonly record: TransferRecord;
  readonly job: CreatedJob;
  /** Number of folders in the file list that have a listed entry below them. @default 0 */
  readonly parents?: number;
}

/** A request that has passed the rules. */
export interface AdmissionRequest {
  /** Identifies the requested copy; an open transfer with the same one is the answer. */
  readonly fingerprint: string;
  /** Whose place in the queue it would take. */
  readonly owner: Owner;
  readonly facilities: FacilityPair;
  /** Of the HTTP request. */
  readonly requestId: string;
  /**
   * Makes the transfer durable. Called at most once, and only when no identical transfer is open and
   * the queue is not full.
   *
   * @param submissionId Globus's idempotency key to store with it, if it is submitted at once
   */
  readonly store: (submissionId: string | undefined) => Promise<StoredTransfer>;
}

/** The outcome of an admission. */
export type AdmissionResult =
  /** An identical transfer was open already, or being stored. */
  | { readonly kind: 'repeats'; readonly jobId: string }
  /** Globus runs it. */
  | { readonly kind: 'started'; readonly jobId: string }
  /** It is stored and waits for a slot or for Globus's answer. */
  | { readonly kind: 'waits'; readonly jobId: string };

/** The current state of a tracked transfer. */
export interface TrackedState {
  readonly transfer: Transfer;
  /** Number of transfers ahead of this one; undefined when it is not in the queue. */
  readonly queuePosition: number | undefined;
}

/** The outcome of creating a transfer's job. */
export type JobCreation =
  | { readonly kind: 'created' }
  /**
   * The caller gets an error, but the job may still turn up in SciCat. It is searched for some minutes
   * and cancelled if found.
   */
  | { readonly kind: 'disowned'; readonly key: string }
  /** SciCat creates no jobs for the service, whatever the request, until an operator acts. */
  | { readonly kind: 'not-permitted'; readonly reason: string; readonly obstacle: JobObstacle };

/**
 * What keeps the service from creating jobs.
 *
 * - `login`: SciCat does not let its account log in.
 * - `permission`: the account lacks the permission.
 * - `setup`: SciCat has no suitable job type, or refuses the service's jobs for another reason.
 */
export type JobObstacle = 'login' | 'permission' | 'setup';

/** Tracks transfers from admission to end. */
export interface TransferTracking {
  /** Whether recovery is complete. Until then the open transfers are not all known. */
  readonly ready: boolean;

  /**
   * What {@link admit} would do now, without doing it.
   *
   * @throws NotReadyError QueueFullError
   */
  forecast(fingerprint: string, owner: Owner, facilities: FacilityPair): Forecast;

  /**
   * Admits a transfer: answers with an identical open one, or stores it and submits it if a slot is free.
   * Waits at most 10 seconds for Globus's answer.
   *
   * @throws NotReadyError before recovery is complete, and while the service is stopping
   * @throws QueueFullError when the queue is full, or the owner's part of it
   * @throws TransferRefusedError when Globus refuses it permanently
   * @throws UpstreamError, and what `store` throws
   */
  admit(request: AdmissionRequest): Promise<AdmissionResult>;

  /** Reports the outcome of creating a job. */
  reportJobCreation(outcome: JobCreation): void;

  /** A tracked transfer; undefined when it is not tracked. */
  find(jobId: string): TrackedState | undefined;

  /** Tracks an open job. @returns undefined when the job can't be used */
  adopt(job: TransferJobDocument): Transfer | undefined;

  /**
   * Requests a transfer's end. Resolves when SciCat has the request, without waiting for Globus. If
   * SciCat can't store it, because the job's dataset was deleted, resolves when the transfer has ended
   * or Globus cancels its task, which takes 10 seconds at most.
   *
   * @param requestId of the HTTP request
   * @throws JobNotFoundError when the transfer is not tracked
   * @throws UpstreamError when SciCat can't be written; the request is kept and written later
   */
  requestEnd(jobId: string, request: EndRequest, requestId: string): Promise<void>;
}

/** Injection token of {@link TransferTracking}. */
export const TRANSFER_TRACKING = Symbol('TransferTracking');
