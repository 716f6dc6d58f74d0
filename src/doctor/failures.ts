import {
  ServiceAccountError,
  type Upstream,
  UpstreamError,
  UpstreamTimeoutError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import type { FacilityRole } from '../facilities/facility.js';
import { TransportError } from '../ports/http-transport.port.js';
import { broken, type Verdict } from './check.js';

/**
 * What an upstream did, to follow its name: "can't be reached (ECONNREFUSED)". Quotes only the
 * upstream's error code and request id, never its messages.
 */
export function failureOf(error: UpstreamError): string {
  if (error.status !== undefined) return `returned ${markOf(error)}`;
  const cause = innermost(error);
  if (cause instanceof UpstreamTimeoutError) return 'timed out';
  if (!(cause instanceof UpstreamUnavailableError)) return 'returned an unreadable response';
  const transport = transportErrorOf(error);
  const code = transport?.code;
  const why = code === undefined ? '' : ` (${code})`;
  if (transport?.reason === 'proxy') {
    const { what } = transport;
    return `can't be reached: ${what.charAt(0).toLowerCase()}${what.slice(1).replace(/\.$/, '')}`;
  }
  return cause.outcomeUnclear ? `closed the connection${why}` : `can't be reached${why}`;
}

/** Status, code and request id, by which the upstream's operators find the request. */
export function markOf({ status, upstreamCode, upstreamRequestId }: UpstreamError): string {
  return [
    ...(status === undefined ? [] : [`status ${status}`]),
    ...[upstreamCode].filter(isWord),
    ...[upstreamRequestId].filter(isWord).map((id) => `request ${id}`),
  ].join(', ');
}

/** Whether there was no response at all. */
export function isUnreachable(error: UpstreamError): boolean {
  return (
    error.status === undefined &&
    (error instanceof UpstreamTimeoutError || error instanceof UpstreamUnavailableError)
  );
}

/**
 * What to do where {@link isUnreachable}.
 *
 * @param setting what holds the address, if it is set
 */
export function reachabilityAdvice(error: UpstreamError, setting: string | undefined): string {
  const known = transportErrorOf(error)?.advice;
  const check = `Check ${setting === undefined ? '' : `${setting}, and `}whether this machine can reach it: host name, port, certificate, firewall, web proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).`;
  if (known === undefined) return check;
  return setting === undefined ? known : `${known} The address is in ${setting}.`;
}

/** Advice when a check ran out of time. */
export const MORE_TIME = 'Try again, or raise --timeout.';

/** The verdict on a failure that the check has no message of its own for. */
export function generalFailure(error: UpstreamError): Verdict {
  const { upstream } = error;
  return broken(
    `${upstream} ${failureOf(error)}.`,
    error instanceof ServiceAccountError
      ? `The service's account lacks a permission in ${upstream}: see the other lines about this account.`
      : isUnreachable(error)
        ? (transportErrorOf(error)?.advice ??
          `Try again. If the problem persists, check the network between this machine and ${upstream}.`)
        : `Try again. If the problem persists, contact the administrators of ${upstream} and quote the status and the request id.`,
  );
}

/**
 * The verdict on one step of a check that cleans up afterwards, so an abort must not end it here.
 *
 * @param what the step that failed, to precede a colon
 */
export function failedStep(
  what: string,
  error: unknown,
  signal: AbortSignal,
  upstream: Upstream,
  explain: (error: UpstreamError) => Verdict,
): Verdict {
  if (error instanceof UpstreamError) {
    const { message, advice } = explain(error);
    return broken(`${what}: ${message}`, advice);
  }
  if (!signal.aborted) throw error;
  return broken(`${what}: the check ended before ${upstream} responded.`, MORE_TIME);
}

/** A folder of a collection, and what it is used for. */
export interface CollectionContext {
  readonly path: string;
  readonly roles: readonly FacilityRole[];
  /** The identity that permissions are granted to. */
  readonly identity: string;
  /** Where the collection's id is in the configuration. */
  readonly setting: string;
}

/** The verdict on a refusal by Globus or by a collection. */
export function collectionFailure(error: UpstreamError, context: CollectionContext): Verdict {
  const { upstreamCode: code = '' } = error;
  const known = knownRefusals(context).find(([pattern]) => pattern.test(code));
  if (known === undefined) {
    return broken(
      `Globus ${failureOf(error)} for the folder ${context.path}.`,
      "Try again. If the problem persists, contact the collection's administrator and quote the code and the request id.",
    );
  }
  const [, message, advice] = known;
  return broken(`${message} (${markOf(error)}).`, advice);
}

type KnownRefusal = readonly [code: RegExp, message: string, advice: string];

/** Messages without their full stop. The first match applies. */
function knownRefusals(context: CollectionContext): readonly KnownRefusal[] {
  const { path, identity, roles, setting } = context;
  const permission = roles.includes('destination') ? 'read and write' : 'read';
  return [
    [
      /^Endpoint(NotFound|Deleted)$/,
      'Globus has no such collection, or no longer has it',
      `Correct ${setting}: it must be the collection's UUID, as shown in the Globus web app.`,
    ],
    [
      /PermissionDenied/,
      `The service has no permission on the folder ${path}`,
      `Ask the collection's administrator to give the identity ${identity} ${permission} permission on it. If it is to have permission on subfolders only, put their common parent at the start of the path template.`,
    ],
    [
      /^AuthPolicyFailed$/,
      "The collection's authentication policy excludes the service",
      `Ask the collection's administrator to exempt the identity ${identity} from the policy: a client can't log in the way a person does.`,
    ],
    [
      /^ConsentRequired$/,
      'The service has no consent to use the data of the collection',
      "Add the collection's data_access scope to scopes, or remove scopes. If it is already there, try again in a minute.",
    ],
    [
      /GCDisconnected/,
      'Globus Connect Personal is not connected',
      "Start it on the collection's machine, and keep it running.",
    ],
    [
      /LoginFailed/,
      "The collection's storage rejects the service",
      `Ask the collection's administrator how the identity ${identity} is mapped to a local account. Sessions of high-assurance collections expire.`,
    ],
    [
      /ConnectFailed/,
      "Globus can't reach the collection's server",
      "Ask the collection's administrator whether the server is running.",
    ],
    [
      /Paused/,
      "The collection's administrator has paused it",
      "Transfers wait until it is resumed. Ask the collection's administrator when that will be.",
    ],
    [/NotDirectory/, `${path} is not a folder`, 'Correct the path template.'],
  ];
}

function innermost(error: UpstreamError): UpstreamError {
  return error.cause instanceof UpstreamError ? innermost(error.cause) : error;
}

function transportErrorOf(error: UpstreamError): TransportError | undefined {
  const { cause } = innermost(error);
  return cause instanceof TransportError ? cause : undefined;
}

function isWord(text: string | undefined): text is string {
  return text !== undefined && /^[\w.-]{1,100}$/.test(text);
}
