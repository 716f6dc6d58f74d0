import type { TransferJobDocument } from '../domain/job-reading.js';
import type { EndRequest, Transfer } from '../domain/transfer.js';

/** What awaits a transfer. */
export interface Outlook {
  /** True: Globus may be asked at once. False: the transfer will wait, for `waitsFor`. */
  readonly slot: boolean;
  /** Why it waits, in words that continue "waiting: …"; '' with a slot. */
  readonly waitsFor: string;
}

/** A place in the service, taken before anything is stored, so that limits hold in a burst. */
export interface Place extends Outlook {
  /** Gives the place back; to be called when no transfer came of it. */
  release(): void;
}

/** What came of handing a transfer to Globus. */
export type DispatchResult =
  | { readonly kind: 'started' }
  /** It waits and will be handed over later. */
  | { readonly kind: 'waits' }
  /** It has ended without starting; `reason` is for the scientist. */
  | { readonly kind: 'refused'; readonly reason: string };

/** What follows transfers from their acceptance to their end. */
export interface TransferTracking {
  /** Whether recovery is complete: before, nobody can tell what is open. */
  readonly ready: boolean;

  /** Id of an open transfer with this fingerprint that nobody wants to end. */
  findEqual(fingerprint: string): string | undefined;

  /** What {@link reserve} would answer, or throw, now. Takes nothing. */
  outlook(): Outlook;

  /**
   * Whether SciCat still has the job of an open transfer. If not, the transfer is ended.
   *
   * @throws UpstreamError when SciCat can't be asked
   */
  stillThere(jobId: string): Promise<boolean>;

  /**
   * Whether a transfer of a moment ago answers who asks for the same: nobody wants its end, and its
   * job was not found to be removed in SciCat.
   */
  answersOthers(jobId: string): boolean;

  /**
   * Takes a place.
   *
   * @throws NotReadyError before recovery is complete and while the service stops
   * @throws QueueFullError when as many wait as `task.queueSize` allows
   */
  reserve(): Place;

  /** A submission id if one is at hand, without waiting for Globus. */
  takeSubmissionId(): string | undefined;

  /**
   * Follows a transfer whose job was just made. With a slot, Globus is asked at once.
   *
   * @param requestId of the HTTP request that asked for it
   */
  accept(transfer: Transfer, place: Place, requestId: string): Promise<DispatchResult>;

  /** The open transfer, as it stands now. */
  current(jobId: string): Transfer | undefined;

  /** How many wait before this one; undefined when it does not wait in the queue. */
  queuePosition(jobId: string): number | undefined;

  /**
   * Takes up an open job that is not followed yet.
   *
   * @returns undefined when the job can't be used
   */
  adopt(job: TransferJobDocument): Transfer | undefined;

  /**
   * Asks for a transfer's end. Returns when SciCat has the wish; never waits for Globus.
   *
   * @param requestId of the HTTP request that asked for it
   * @throws JobNotFoundError when the transfer is not followed
   * @throws UpstreamError when SciCat can't be written to; the wish is kept and written later
   */
  requestEnd(jobId: string, request: EndRequest, requestId: string): Promise<void>;

  /**
   * A job with this key was refused to the caller but may still turn up in SciCat. It is looked for
   * for some minutes, and cancelled if found.
   */
  disown(key: string): void;

  /**
   * Whether SciCat lets the service's own account create jobs, as the last request has shown.
   *
   * @param refusal why it does not; undefined when it does
   */
  accountMayCreate(refusal: CreateRefusal | undefined): void;
}

/** Why an account of the service could not do what it is for. */
export interface CreateRefusal {
  /** In words for an operator. */
  readonly reason: string;
  /** It could not even log in. */
  readonly atLogin: boolean;
}

/** Injection token of {@link TransferTracking}. */
export const TRANSFER_TRACKING = Symbol('TransferTracking');
