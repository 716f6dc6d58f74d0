import { RequestMethod } from '@nestjs/common';
import type { Transfer } from '../domain/transfer.js';
import type { AttemptResult } from '../http-client/retry-safety.js';
import { withoutTrailing } from '../domain/without-trailing.js';
import { FAILURE_REASONS } from '../ports/http-transport.port.js';

// No label value ever comes from user input: each new value creates a series in Prometheus, so users
// could fill its disk.

/** Metadata keys of the decorators in `@nestjs/common` and `@nestjs/swagger`. */
const METADATA = { path: 'path', method: 'method', operation: 'swagger/apiOperation' };

/**
 * The label of each route, by method and path as the router names them: the operation id of routes
 * that need a token, such as `PostTransferTask`, and the group of the others, such as `health`.
 */
export function routeLabels(controllers: readonly object[]): ReadonlyMap<string, string> {
  return new Map(controllers.flatMap((one) => labelsOf(one as { prototype: object })));
}

function labelsOf(controller: { readonly prototype: object }): (readonly [string, string])[] {
  const group = String(Reflect.getMetadata(METADATA.path, controller));
  const members = Object.values(Object.getOwnPropertyDescriptors(controller.prototype));
  return members.flatMap(({ value: handler }: { readonly value?: unknown }) => {
    if (typeof handler !== 'function') return [];
    const operation = Reflect.getMetadata(METADATA.operation, handler) as Operation | undefined;
    if (operation === undefined) return [];
    const method = RequestMethod[Number(Reflect.getMetadata(METADATA.method, handler))] ?? '';
    const path = `/${group}/${String(Reflect.getMetadata(METADATA.path, handler))}`;
    const label = operation.security?.length === 0 ? group : operation.operationId;
    return [[`${method} ${withoutTrailing(path, '/')}`, label] as const];
  });
}

interface Operation {
  readonly operationId: string;
  readonly security?: readonly unknown[];
}

/** Whether a path belongs to the API documentation, which no controller serves. */
export function isDocumentation(path: string): boolean {
  return /^\/(?:docs(?:\/|$)|openapi\.(?:yaml|json)\/?$)/i.test(path);
}

const STATUSES: ReadonlySet<number> = new Set([
  200, 302, 304, 400, 401, 403, 404, 405, 429, 500, 503,
]);

/** The status of a response, or `other`. */
export function statusLabel(status: number): string {
  return STATUSES.has(status) ? String(status) : 'other';
}

/** `2xx` to `5xx`, or `other`. */
export function statusClass(status: number): string {
  return status >= 200 && status < 600 ? `${Math.trunc(status / 100)}xx` : 'other';
}

const FAILURES: ReadonlySet<string> = new Set([
  'timeout',
  'not-sent',
  'lost',
  'too-large',
  'aborted',
]);

/** The outcome of a call: its status class, `429`, why there was no response, or `other`. */
export function callOutcome(outcome: string): string {
  if (outcome === '429' || FAILURES.has(outcome)) return outcome;
  return /^\d{3}$/.test(outcome) ? statusClass(Number(outcome)) : 'other';
}

/** Why an attempt failed: a {@link FailureReason}, or what kind of status was returned. */
export const ATTEMPT_FAILURES = [
  ...FAILURE_REASONS.filter((reason) => reason !== 'aborted'),
  '429',
  '5xx',
] as const;

/** One of {@link ATTEMPT_FAILURES}; undefined if the attempt was answered, or aborted. */
export function attemptFailure(
  result: AttemptResult,
): (typeof ATTEMPT_FAILURES)[number] | undefined {
  if (result.kind === 'failure') {
    const { reason } = result.error;
    return reason === 'aborted' ? undefined : reason;
  }
  const { status } = result.response;
  if (status === 429) return '429';
  return status >= 500 ? '5xx' : undefined;
}

/** How transfers end. In the two `finished-…` cases the files arrived, but a last step failed. */
export const END_OUTCOMES = [
  'finished',
  'finished-not-marked',
  'finished-no-archive-job',
  'failed',
  'cancelled',
] as const;

/** How a transfer ended; undefined while it is open. */
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

/**
 * The facilities of a transfer. Those that are not in the current configuration are `other`, and so
 * are those of jobs of the Go version, which did not record them.
 */
export function sidesOf(
  { origin }: Transfer,
  configured: ReadonlySet<string>,
): { source: string; destination: string } {
  if (origin.kind !== 'recorded') return { source: 'other', destination: 'other' };
  const { source, destination } = origin.record;
  const known = (name: string): string => (configured.has(name) ? name : 'other');
  return { source: known(source.facility), destination: known(destination.facility) };
}
