interface ErrorAnswer {
  /** HTTP status, by kind of operation. */
  readonly post: number;
  readonly delete: number;
  readonly read: number;
  /** Whether the same request may succeed later; the response then has `Retry-After`. */
  readonly retryable: boolean;
}

/**
 * Every error code and its status. Existing clients expect only the statuses 400, 401, 403, 500 and
 * 503 from POST of transfers, and no 503 from DELETE; 405 is for methods that an address does not have.
 */
export const errorStatus = {
  UNAUTHENTICATED: { post: 401, delete: 401, read: 401, retryable: false },
  INVALID_REQUEST: { post: 400, delete: 400, read: 400, retryable: false },
  METHOD_NOT_ALLOWED: { post: 405, delete: 405, read: 405, retryable: false },
  ACCESS_DENIED: { post: 403, delete: 403, read: 403, retryable: false },
  JOB_NOT_FOUND: { post: 400, delete: 400, read: 404, retryable: false },
  FACILITY_NOT_FOUND: { post: 404, delete: 404, read: 404, retryable: false },
  ALREADY_ENDED: { post: 400, delete: 400, read: 400, retryable: false },
  TRANSFER_REFUSED: { post: 400, delete: 400, read: 400, retryable: false },
  QUEUE_FULL: { post: 503, delete: 500, read: 503, retryable: true },
  TOO_BUSY: { post: 503, delete: 500, read: 503, retryable: true },
  TOO_MANY_REQUESTS: { post: 503, delete: 500, read: 503, retryable: true },
  TOO_MANY_FAILED_LOGINS: { post: 503, delete: 500, read: 503, retryable: true },
  NOT_READY: { post: 503, delete: 500, read: 503, retryable: true },
  SPOOL_UNAVAILABLE: { post: 503, delete: 500, read: 503, retryable: true },
  LIST_QUOTA: { post: 503, delete: 500, read: 503, retryable: true },
  UPSTREAM_TIMEOUT: { post: 503, delete: 500, read: 503, retryable: true },
  UPSTREAM_UNAVAILABLE: { post: 503, delete: 500, read: 503, retryable: true },
  UPSTREAM_MALFORMED: { post: 503, delete: 500, read: 503, retryable: true },
  UPSTREAM_REJECTED: { post: 500, delete: 500, read: 500, retryable: false },
  SERVICE_ACCOUNT: { post: 503, delete: 500, read: 503, retryable: true },
  CONFIGURATION: { post: 500, delete: 500, read: 500, retryable: false },
  INTERNAL: { post: 500, delete: 500, read: 500, retryable: false },
} as const satisfies Readonly<Record<string, ErrorAnswer>>;

/** The field `code` of an error response. */
export type ErrorCode = keyof typeof errorStatus;

/** HTTP status of an error for a request method. */
export function statusOf(code: ErrorCode, method: string): number {
  const { post, delete: deleted, read } = errorStatus[code];
  return method === 'POST' ? post : method === 'DELETE' ? deleted : read;
}
