import { type FailureReason, TransportError } from '../ports/http-transport.port.js';
import { TunnelError } from './tunnel-agent.js';

/*
 * What an error of the network means. Reports only the error's code: its message may contain the
 * address, its fields the request.
 */

/** The failure behind an error of an HTTP client. */
export function failureOf(error: unknown, throughPlainProxy: boolean): TransportError {
  const chain = causes(error);
  const tunnel = chain.find((link) => link instanceof TunnelError);
  if (tunnel instanceof TunnelError && tunnel.status !== undefined) {
    return refusedByProxy(tunnel.status);
  }
  if (chain.some(isTooLarge)) {
    return new TransportError('too-large', 'The response is larger than this service reads.');
  }
  const code = chain.map((link) => link.code).find(isErrorCode);
  // The operating system gave up connecting.
  const connecting = chain.some((link) => link.syscall === 'connect');
  const reason =
    (code === undefined ? undefined : reasonOf(code)) ?? (connecting ? 'unreachable' : undefined);
  const mark = code === undefined ? '' : ` (${code})`;
  const advice = code === undefined || reason === undefined ? undefined : adviceOn(code, reason);
  if (tunnel !== undefined || (throughPlainProxy && reason !== undefined && reason !== 'invalid')) {
    const encrypted = reason === 'certificate' || reason === 'tls';
    return proxyFailure(
      `The web proxy could not be reached${mark}.`,
      code,
      encrypted && advice !== undefined ? advice : CHECK_PROXY,
    );
  }
  if (reason !== undefined) {
    return new TransportError('not-sent', `The server could not be reached${mark}.`, {
      reason,
      code,
      advice,
    });
  }
  return new TransportError(
    'lost',
    `The connection was lost before the response was complete${mark}.`,
    { code },
  );
}

/** The failure of a call through a proxy that can't be used. @param problem a sentence */
export function unusableProxy(problem: string): TransportError {
  return new TransportError('not-sent', problem, { reason: 'proxy' });
}

const CHECK_PROXY = 'Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.';

function refusedByProxy(status: number): TransportError {
  const what = `The web proxy did not open a connection to the server (status ${status}).`;
  return proxyFailure(what, undefined, adviceOnStatus(status));
}

function adviceOnStatus(status: number): string {
  if (status === 407) {
    return 'It requires a valid user name and password: write them into the address of the proxy, such as HTTPS_PROXY=http://user:password@proxy.example.org:3128, with special characters percent-encoded.';
  }
  if (status >= 500) {
    return "The web proxy itself can't reach the server: ask the proxy's administrators, or, if this machine can reach the server without the proxy, add the host name to NO_PROXY.";
  }
  return 'Ask its administrators to allow connections to the host and port of the server, or, if this machine can reach the server without the proxy, add the host name to NO_PROXY.';
}

function proxyFailure(what: string, code: string | undefined, advice: string): TransportError {
  return new TransportError('not-sent', what, { reason: 'proxy', code, advice });
}

/** By code; each of them occurs before a request is sent. */
const REASONS: ReadonlyMap<string, FailureReason> = new Map(
  Object.entries({
    dns: 'ENOTFOUND EAI_AGAIN EAI_FAIL EAI_NODATA EAI_NONAME',
    refused: 'ECONNREFUSED',
    unreachable: 'EHOSTUNREACH ENETUNREACH EHOSTDOWN ENETDOWN EADDRNOTAVAIL',
    certificate: [
      'CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REJECTED CERT_REVOKED CERT_SIGNATURE_FAILURE',
      'CERT_UNTRUSTED CERT_CHAIN_TOO_LONG DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE INVALID_CA INVALID_PURPOSE PATH_LENGTH_EXCEEDED',
      'HOSTNAME_MISMATCH ERR_TLS_CERT_ALTNAME_INVALID',
    ].join(' '),
    tls: [
      'EPROTO ERR_SSL_WRONG_VERSION_NUMBER ERR_SSL_PACKET_LENGTH_TOO_LONG',
      'ERR_SSL_UNSUPPORTED_PROTOCOL ERR_SSL_NO_PROTOCOLS_AVAILABLE',
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    ].join(' '),
    invalid: 'ERR_INVALID_URL ERR_INVALID_CHAR ERR_INVALID_PROTOCOL ERR_UNESCAPED_CHARACTERS',
  } satisfies Partial<Record<FailureReason, string>>).flatMap(([reason, codes]) =>
    codes.split(' ').map((code) => [code, reason as FailureReason] as const),
  ),
);

function reasonOf(code: string): FailureReason | undefined {
  return REASONS.get(code);
}

const TRUST =
  'set the environment variable NODE_EXTRA_CA_CERTS to the path of a PEM file with that certificate, and restart';

const ADVICE: ReadonlyMap<string, string> = new Map([
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    `Its certificate comes from an authority that Node does not know, such as that of a facility or of a web proxy that inspects traffic. If it is to be trusted, ${TRUST}.`,
  ],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    `Its certificate is self-signed. If it is to be trusted, ${TRUST}.`,
  ],
  ...[
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_GET_ISSUER_CERT',
  ].map(
    (code) =>
      [
        code,
        `The certificate of the authority that issued its certificate is missing. Either the server does not send its intermediate certificate, which its administrators have to correct, or Node does not know the authority; then ${TRUST}.`,
      ] as const,
  ),
  [
    'CERT_HAS_EXPIRED',
    "Its certificate, or one of its issuers' certificates, has expired. Its administrators have to renew it. If they have, check the clock of this machine, and the file that NODE_EXTRA_CA_CERTS names, if it is set.",
  ],
  ['CERT_NOT_YET_VALID', 'Its certificate is not valid yet. Check the clock of this machine.'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'].map(
    (code) =>
      [
        code,
        'Its certificate was issued for another host name. In the configuration, use the host name that the certificate was issued for; NODE_EXTRA_CA_CERTS does not help here.',
      ] as const,
  ),
]);

function adviceOn(code: string, reason: FailureReason): string | undefined {
  const known = ADVICE.get(code);
  if (known !== undefined) return known;
  switch (reason) {
    case 'dns':
      return "Its host name can't be resolved. Check the host name, and the DNS of this machine; where only a web proxy resolves names, set HTTPS_PROXY.";
    case 'certificate':
      return `Its certificate can't be trusted. If that is due to an authority that Node does not know, ${TRUST}.`;
    case 'tls':
      return 'No encrypted connection could be established. Check the port of the address, and whether the address should begin with http:// or https://.';
    default:
      return undefined;
  }
}

/** Before or after the response was decompressed. */
function isTooLarge({ code }: ErrorLink): boolean {
  return code === 'ERR_BUFFER_TOO_LARGE';
}

interface ErrorLink {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
}

/** The error and its causes; an aggregate of several tried addresses counts as one failure. */
function causes(error: unknown, depth = 0): readonly ErrorLink[] {
  if (typeof error !== 'object' || error === null || depth > 4) return [];
  const inner: readonly unknown[] =
    error instanceof AggregateError ? error.errors : 'cause' in error ? [error.cause] : [];
  return [error, ...inner.flatMap((cause) => causes(cause, depth + 1))];
}

function isErrorCode(code: unknown): code is string {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_/]*$/.test(code);
}
