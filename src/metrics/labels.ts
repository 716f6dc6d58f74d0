import type { Transfer } from '../domain/transfer.js';

/**
 * The values that labels may have. Nothing that a user sends ever becomes one: each further value is
 * a further series that Prometheus keeps, and users could fill its disk.
 */

/** Operations of the REST interface, by their names in the OpenAPI document; the rest in groups. */
export const REQUEST_OPERATIONS = [
  'PostTransferTask',
  'DeleteTransferTask',
  'GetTransferTask',
  'ListTransferTasks',
  'PreviewTransferTask',
  'ListFacilities',
  'version',
  'health',
  'docs',
  'metrics',
  'other',
] as const;

/** One of {@link REQUEST_OPERATIONS}. */
export type RequestOperation = (typeof REQUEST_OPERATIONS)[number];

/** Which operation a request is; `other` for what the interface does not have. */
export function requestOperation(method: string, url: string): RequestOperation {
  // As Express compares paths.
  const path = url.split('?', 1)[0]?.toLowerCase().replace(/\/$/, '') ?? '';
  const fixed = FIXED_PATHS.get(`${method} ${path}`);
  if (fixed !== undefined) return fixed;
  if (/^\/transfer\/[^/]+$/.test(path)) {
    if (method === 'GET') return 'GetTransferTask';
    if (method === 'DELETE') return 'DeleteTransferTask';
  }
  return method === 'GET' && /^\/docs(?:\/|$)/.test(path) ? 'docs' : 'other';
}

const FIXED_PATHS: ReadonlyMap<string, RequestOperation> = new Map([
  ['POST /transfer', 'PostTransferTask'],
  ['GET /transfer', 'ListTransferTasks'],
  ['POST /transfer/preview', 'PreviewTransferTask'],
  ['GET /facilities', 'ListFacilities'],
  ['GET /version', 'version'],
  ['GET /health/live', 'health'],
  ['GET /health/ready', 'health'],
  ['GET /openapi.yaml', 'docs'],
  ['GET /openapi.json', 'docs'],
  ['GET /metrics', 'metrics'],
]);

const STATUSES: ReadonlySet<number> = new Set([200, 302, 304, 400, 401, 403, 404, 429, 500, 503]);

/** The status of an answer, or `other`. */
export function statusLabel(status: number): string {
  return STATUSES.has(status) ? String(status) : 'other';
}

/** `2xx` to `5xx`, or `other`. */
export function statusClass(status: number): string {
  return status >= 200 && status < 600 ? `${Math.trunc(status / 100)}xx` : 'other';
}

const FAILURES: ReadonlySet<string> = new Set(['timeout', 'not-sent', 'lost', 'aborted']);

/**
 * How a call to SciCat or Globus ended: the class of its status, `429` when there were too many, why
 * there was no answer, or `other`.
 */
export function callOutcome(outcome: string): string {
  if (outcome === '429' || FAILURES.has(outcome)) return outcome;
  return /^\d{3}$/.test(outcome) ? statusClass(Number(outcome)) : 'other';
}

/** Kinds of alarms: what stands before the colon in an alarm's name. */
export const ALARM_KINDS = [
  'globus-account',
  'globus-client-id',
  'globus-scopes',
  'scicat-account',
  'scicat-account-create',
  'scicat-account-write',
  'scicat-account-remove',
  'task',
  'internal',
  'other',
] as const;

/** The kind of an alarm. */
export function alarmKind(alarm: string): (typeof ALARM_KINDS)[number] {
  const kind = alarm.split(':', 1)[0];
  return ALARM_KINDS.find((known) => known === kind) ?? 'other';
}

/** How transfers end. The two of the middle have arrived, but something was left to be done. */
export const END_OUTCOMES = [
  'finished',
  'finished-not-marked',
  'finished-no-archive-job',
  'failed',
  'cancelled',
] as const;

/** How a transfer has ended; undefined while it has not. */
export function endOutcome({ status }: Transfer): (typeof END_OUTCOMES)[number] | undefined {
  switch (status.state) {
    case 'finished':
      return status.shortfall === undefined ? 'finished' : `finished-${status.shortfall.kind}`;
    case 'failed':
    case 'cancelled':
      return status.state;
    case 'waiting':
    case 'transferring':
    case 'finalizing':
      return undefined;
  }
}

/** The two sides of a transfer as labels. */
export interface Sides {
  readonly source: string;
  readonly destination: string;
}

/**
 * The facilities of a transfer by name, as far as the configuration in force has them. Those it has
 * not (any more), and those of jobs of the Go version, which kept no names, are `other`.
 */
export function sidesOf({ origin }: Transfer, configured: ReadonlySet<string>): Sides {
  if (origin.kind !== 'recorded') return { source: 'other', destination: 'other' };
  const { source, destination } = origin.record;
  const known = (name: string): string => (configured.has(name) ? name : 'other');
  return { source: known(source.facility), destination: known(destination.facility) };
}
