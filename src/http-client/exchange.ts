import {
  type Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from 'node:http';
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, unzip } from 'node:zlib';
import { basicAuthorization, type WebProxy } from './web-proxy.js';

/** One request as it goes over a connection. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Readable | undefined;
  /** Has the connections of the scheme of the URL, or of the forwarding proxy. */
  readonly agent: HttpAgent | HttpsAgent;
  /** A web proxy that a plain call is sent to, instead of to the host of the URL. */
  readonly forwarder?: WebProxy | undefined;
  /** Largest response, before and after decompression. */
  readonly maxBytes: number;
  /** Called at once, with what ends the exchange. */
  readonly onStart: (stop: (reason: Error) => void) => void;
}

/** A complete response. */
export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const NO_CONTENT = 204;
/** What {@link decompressed} understands. */
const ACCEPTED = 'gzip, br';

const unzipped = promisify(unzip);
const fromBrotli = promisify(brotliDecompress);

/**
 * Sends a request and reads the whole response. Follows no redirect.
 *
 * @throws the error of Node, of the body, or of `stop`; it may contain the address
 */
export function exchange(call: Exchange): Promise<RawAnswer> {
  const { body, headers } = call;
  const target = targetOf(call);
  const length = typeof body === 'string' ? { 'Content-Length': Buffer.byteLength(body) } : {};
  return new Promise((resolve, reject) => {
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send({
      ...target,
      method: call.method,
      agent: call.agent,
      headers: { 'Accept-Encoding': ACCEPTED, ...target.headers, ...headers, ...length },
    });
    // Without an error for the connection, which could reach it after it was handed on.
    const stop = (reason: Error): void => {
      reject(reason);
      request.destroy();
    };
    request.once('response', (response: IncomingMessage) => {
      readAll(response, call.maxBytes, stop).then(resolve, reject);
    });
    // Stays for the time after the response, when a broken connection is nobody's business.
    request.on('error', reject);
    call.onStart(stop);
    if (typeof body === 'object') stream(body, request, stop);
    else request.end(body);
  });
}

/** Where the request goes: the host of the URL, or the proxy that forwards it. */
function targetOf({ url, forwarder }: Exchange): Omit<RequestOptions, 'headers'> & {
  readonly headers?: Readonly<Record<string, string>>;
} {
  const { protocol, hostname, port, host, pathname, search } = new URL(url);
  const path = `${pathname}${search}`;
  if (forwarder === undefined) {
    // Node's options have no brackets around an IPv6 address.
    return { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port, path };
  }
  const { credentials } = forwarder;
  return {
    protocol: forwarder.protocol,
    hostname: forwarder.host,
    port: forwarder.port,
    path: `${protocol}//${host}${path}`,
    headers: {
      Host: host,
      ...(credentials === undefined
        ? {}
        : { 'Proxy-Authorization': basicAuthorization(credentials) }),
    },
  };
}

/** An incomplete body must break the connection: the server would take it for the whole. */
function stream(body: Readable, request: ClientRequest, stop: (reason: Error) => void): void {
  body.on('error', stop);
  body.on('close', () => {
    if (!body.readableEnded) request.destroy();
  });
  body.pipe(request);
}

function readAll(
  response: IncomingMessage,
  maxBytes: number,
  stop: (reason: Error) => void,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else stop(tooLarge());
    });
    response.on('error', reject);
    // A destroyed request may leave its response without an error.
    response.on('close', () => {
      if (!response.complete) reject(new Error('The response is incomplete.'));
    });
    response.on('end', () => {
      const status = response.statusCode ?? 0;
      const headers = joined(response.headers);
      const [first = Buffer.alloc(0)] = chunks;
      const whole = chunks.length > 1 ? Buffer.concat(chunks, bytes) : first;
      const encoding = headers['content-encoding'];
      if (encoding === undefined || status === NO_CONTENT || bytes === 0) {
        resolve({ status, headers, text: textOf(whole) });
        return;
      }
      decompressed(whole, encoding, maxBytes).then(
        (plain) => resolve({ status, headers, text: textOf(plain) }),
        reject,
      );
    });
  });
}

/** As zlib says it of what is too large once it is decompressed. */
function tooLarge(): Error {
  return Object.assign(new RangeError('The response is too large.'), {
    code: 'ERR_BUFFER_TOO_LARGE',
  });
}

/** @throws RangeError if the result would have more bytes, also without having made them */
async function decompressed(
  bytes: Buffer,
  encoding: string,
  maxOutputLength: number,
): Promise<Buffer> {
  switch (encoding.toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
    case 'deflate':
      return unzipped(bytes, { maxOutputLength });
    case 'br':
      return fromBrotli(bytes, { maxOutputLength });
    default:
      return bytes;
  }
}

const BYTE_ORDER_MARK = 0xfeff;

function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

function joined(headers: IncomingMessage['headers']): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) result[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return result;
}
