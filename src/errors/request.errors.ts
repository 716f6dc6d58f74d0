import { ProxyError } from './proxy-error.js';

/** No token, or one that SciCat does not accept. */
export class UnauthenticatedError extends ProxyError {
  readonly code = 'UNAUTHENTICATED';
}

/** A parameter, the body, a path or the dataset is not usable. */
export class InvalidRequestError extends ProxyError {
  readonly code = 'INVALID_REQUEST';
}

/** The user is known, but may not do this. */
export class AccessDeniedError extends ProxyError {
  readonly code = 'ACCESS_DENIED';
}

/** There is no transfer job of ours with this id. */
export class JobNotFoundError extends ProxyError {
  readonly code = 'JOB_NOT_FOUND';
}

/** The transfer has ended; there is nothing left to cancel. */
export class AlreadyEndedError extends ProxyError {
  readonly code = 'ALREADY_ENDED';
}

/** Globus refused for good (permission, consent, unknown collection). */
export class TransferRefusedError extends ProxyError {
  readonly code = 'TRANSFER_REFUSED';
}

/** As many transfers wait as `task.queueSize` allows. */
export class QueueFullError extends ProxyError {
  readonly code = 'QUEUE_FULL';
}

/** As many bodies are being read as there is memory for. */
export class TooBusyError extends ProxyError {
  readonly code = 'TOO_BUSY';
}

/** Too many wrong tokens came from the caller's address; SciCat is not asked for a while. */
export class TooManyFailedLoginsError extends ProxyError {
  readonly code = 'TOO_MANY_FAILED_LOGINS';
}

/** Recovery is not complete, or the service is stopping. */
export class NotReadyError extends ProxyError {
  readonly code = 'NOT_READY';
}

/** The file list could not be kept safe (disk full, folder not writable). */
export class SpoolUnavailableError extends ProxyError {
  readonly code = 'SPOOL_UNAVAILABLE';
}

/** An unexpected error. */
export class InternalError extends ProxyError {
  readonly code = 'INTERNAL';
}
