import { RequestMethod } from '@nestjs/common';
import type { Transfer } from '../domain/transfer.js';

/**
 * The values that labels may have. Nothing that a user sends ever becomes one: each further value is
 * a further series that Prometheus keeps, and users could fill its disk.
 */

/** Where the decorators of `@nestjs/common` and `@nestjs/swagger` note what they were given. */
const METADATA = { path: 'path', method: 'method', operation: 'swagger/apiOperation' };

/**
 * The label of each route of the REST interface, by method and path as the router names them: the
 * operation id of what needs a token, such as `PostTransferTask`; for the rest the group, such as
 * `health`.
 */
export function routeLabels(controllers: readonly object[]): ReadonlyMap<string, string> {
  return new Map(
    controllers.flatMap((controller) => labelsOf(controller as { prototype: object })),
  );
}

function labelsOf(controller: { readonly prototype: object }): (readonly [string, string])[] {
  const group = String(Reflect.getMetadata(METADATA.path, controller));
  const handlers: readonly unknown[] = Object.values(
    Object.getOwnPropertyDescriptors(controller.prototype),
  ).map(({ value }): unknown => value);
  return handlers.flatMap((handler) => {
    if (typeof handler !== 'function') return [];
    const operation = Reflect.getMetadata(METADATA.operation, handler) as Operation | undefined;
    if (operation === undefined) return [];
    const method = RequestMethod[Number(Reflect.getMetadata(METADATA.method, handler))];
    const path = `/${group}/${String(Reflect.getMetadata(METADATA.path, handler))}`;
    const isOpen = operation.security?.length === 0;
    return [
      [`${method ?? ''} ${path.replace(/\/+$/, '')}`, isOpen ? group : operation.operationId],
    ];
  });
}

interface Operation {
  readonly operationId: string;
  readonly security?: readonly unknown[];
}

/** The page that shows the OpenAPI document, its parts, and the document: no routes of a controller. */
export function isDocumentation(path: string): boolean {
  return /^\/(?:docs(?:\/|$)|openapi\.(?:yaml|json)\/?$)/i.test(path);
}

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
