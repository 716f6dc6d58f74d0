import type { ErrorCode } from './proxy-error.js';

/** The kinds of operation that answer the same error with different statuses. */
export type Operation = 'post' | 'delete' | 'read';

/**
 * HTTP status of every error, for each kind of operation. The only place that knows. Existing
 * clients know no other statuses than 400, 401, 403, 500 and 503 for POST, and no 503 for DELETE.
 */
export const errorStatus: Readonly<Record<ErrorCode, Readonly<Record<Operation, number>>>> = {
  UNAUTHENTICATED: { post: 401, delete: 401, read: 401 },
  INVALID_REQUEST: { post: 400, delete: 400, read: 400 },
  ACCESS_DENIED: { post: 403, delete: 403, read: 403 },
  JOB_NOT_FOUND: { post: 400, delete: 400, read: 404 },
  ALREADY_ENDED: { post: 400, delete: 400, read: 400 },
  TRANSFER_REFUSED: { post: 400, delete: 400, read: 400 },
  QUEUE_FULL: { post: 503, delete: 500, read: 503 },
  TOO_BUSY: { post: 503, delete: 500, read: 503 },
  TOO_MANY_FAILED_LOGINS: { post: 503, delete: 500, read: 503 },
  NOT_READY: { post: 503, delete: 500, read: 503 },
  SPOOL_UNAVAILABLE: { post: 503, delete: 500, read: 503 },
  UPSTREAM_TIMEOUT: { post: 503, delete: 500, read: 503 },
  UPSTREAM_UNAVAILABLE: { post: 503, delete: 500, read: 503 },
  UPSTREAM_MALFORMED: { post: 503, delete: 500, read: 503 },
  UPSTREAM_REJECTED: { post: 500, delete: 500, read: 500 },
  SERVICE_ACCOUNT: { post: 503, delete: 500, read: 503 },
  CONFIGURATION: { post: 500, delete: 500, read: 500 },
  INTERNAL: { post: 500, delete: 500, read: 500 },
};

/** Which column of {@link errorStatus} counts for a request. */
export function operationOf(method: string): Operation {
  switch (method) {
    case 'POST':
      return 'post';
    case 'DELETE':
      return 'delete';
    default:
      return 'read';
  }
}
