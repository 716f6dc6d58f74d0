import { ProxyError } from './proxy-error.js';

/** There is no token, or SciCat does not accept it. */
export class UnauthenticatedError extends ProxyError {
  readonly code = 'UNAUTHENTICATED';
}

/** A parameter, the body, a path or the dataset is invalid. */
export class InvalidRequestError extends ProxyError {
  readonly code = 'INVALID_REQUEST';
}

/** More problems than these do not help. */
const MOST_PROBLEMS = 5;

/**
 * The error for a request with one or more problems. Only the first few are put in words: there may be
 * thousands.
 *
 * @param inWords what is wrong, as a part of a sentence
 */
export function requestIsInvalid<T>(
  problems: readonly T[],
  inWords: (problem: T) => string,
): InvalidRequestError {
  const more = problems.length > MOST_PROBLEMS ? '; and more' : '';
  const shown = problems.slice(0, MOST_PROBLEMS).map(inWords);
  return new InvalidRequestError(`The request is invalid: ${shown.join('; ')}${more}.`);
}

const EITHER = new Intl.ListFormat('en-US', { type: 'disjunction' });

/** There is something at this address, but not for this method. */
export class MethodNotAllowedError extends ProxyError {
  readonly code = 'METHOD_NOT_ALLOWED';

  /** @param allowed methods, in upper case; at least one */
  constructor(
    method: string,
    readonly allowed: readonly string[],
  ) {
    super(`The method ${method} is not supported at this address. Use ${EITHER.format(allowed)}.`);
  }
}

/** The user is authenticated, but not allowed to do this. */
export class AccessDeniedError extends ProxyError {
  readonly code = 'ACCESS_DENIED';
}

/** This service has no transfer job with this id. */
export class JobNotFoundError extends ProxyError {
  readonly code = 'JOB_NOT_FOUND';
}

/** No facility has this name. */
export class FacilityNotFoundError extends ProxyError {
  readonly code = 'FACILITY_NOT_FOUND';
}

/** The transfer has ended and can't be cancelled. */
export class AlreadyEndedError extends ProxyError {
  readonly code = 'ALREADY_ENDED';
}

/** Globus permanently rejected the transfer: permission, consent, unknown collection. */
export class TransferRefusedError extends ProxyError {
  readonly code = 'TRANSFER_REFUSED';
}

/** `task.queueSize` transfers are waiting. */
export class QueueFullError extends ProxyError {
  readonly code = 'QUEUE_FULL';
}

/** No memory for another request body. */
export class TooBusyError extends ProxyError {
  readonly code = 'TOO_BUSY';
}

/** Too many requests of the caller, or of all, are waiting for their turn. */
export class TooManyRequestsError extends ProxyError {
  readonly code = 'TOO_MANY_REQUESTS';
}

/** Too many invalid tokens came from the caller's address. */
export class TooManyFailedLoginsError extends ProxyError {
  readonly code = 'TOO_MANY_FAILED_LOGINS';
}

/** Recovery is not complete, or the service is stopping. */
export class NotReadyError extends ProxyError {
  readonly code = 'NOT_READY';
}

/** The file lists of the user's waiting transfers take as much disk space as one user may. */
export class ListQuotaError extends ProxyError {
  readonly code = 'LIST_QUOTA';
}

/** The data folder could not store a file list or a hold: disk full, no space left, folder not writable. */
export class SpoolUnavailableError extends ProxyError {
  readonly code = 'SPOOL_UNAVAILABLE';
}

/** An unexpected error. */
export class InternalError extends ProxyError {
  readonly code = 'INTERNAL';
}
