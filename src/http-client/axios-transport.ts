import type { HttpService } from '@nestjs/axios';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import { InternalError } from '../errors/request.errors.js';
import {
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
  type StreamedBody,
  TransportError,
  type TransportFailure,
} from '../ports/http-transport.port.js';

/** Bounds of {@link AxiosTransport}. */
interface AxiosTransportOptions {
  /** Connections open to one host at a time; further requests wait, within their time-out. */
  readonly maxSockets?: number;
  /** How long an idle connection counts as fresh, in milliseconds. @default 2000 */
  readonly freshForMs?: number;
  /** Largest answer, in bytes after decompression; a larger one counts as lost. */
  readonly maxResponseBytes?: number;
}

const DEFAULT_MAX_SOCKETS = 128;
/** SciCat drops connections after 5 idle seconds, and its word on that may be on its way. */
const DEFAULT_FRESH_FOR_MS = 2_000;
/**
 * After so many idle milliseconds the system asks whether the other side is still there. What axios
 * sets for each request: another value here would be set, and set back, at every call.
 */
const AXIOS_KEEP_ALIVE_MS = 60_000;
const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/**
 * The network by axios. Follows no redirect and no proxy variable, judges no status, and lets no
 * error of axios out: those carry the request, hence its token.
 */
export class AxiosTransport implements HttpTransport, OnApplicationShutdown {
  private readonly axios: AxiosInstance;
  private readonly pooled: Agents;
  private readonly fresh: Agents;
  private readonly maxResponseBytes: number;

  constructor(http: HttpService, options: AxiosTransportOptions = {}) {
    // Not by the service's observables: each of them makes an error to cancel what has ended.
    this.axios = withoutDefaults(http.axiosRef.create());
    const maxSockets = options.maxSockets ?? DEFAULT_MAX_SOCKETS;
    this.maxResponseBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
    const pool = { keepAlive: true, keepAliveMsecs: AXIOS_KEEP_ALIVE_MS, maxSockets };
    this.pooled = agents(pool);
    this.fresh = agents({
      ...pool,
      // Ends idle connections only; one that waits for its answer is left alone.
      timeout: options.freshForMs ?? DEFAULT_FRESH_FOR_MS,
    });
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    if (request.signal?.aborted === true) throw stopped('aborted');
    const controller = new AbortController();
    let reason: 'timeout' | 'aborted' | undefined;
    const stop = (why: 'timeout' | 'aborted'): void => {
      reason ??= why;
      controller.abort();
    };
    const onAbort = (): void => {
      stop('aborted');
    };
    // Not axios's own time-out: that one starts anew with every byte, and this one must not.
    const timer = setTimeout(() => {
      stop('timeout');
    }, request.timeoutMs);
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const body = bodyOf(request);
    try {
      return readable(await this.exchange(request, body.data, controller.signal));
    } catch (error) {
      if (reason !== undefined) throw stopped(reason);
      throw body.failure() ?? failureOf(error);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      // After an early answer, such as a refused token, the rest is never read.
      body.end();
    }
  }

  /**
   * Ends all connections, idle ones too, so that the process can end. Not sooner: until then the
   * tracker still writes what is pending.
   */
  onApplicationShutdown(): void {
    for (const { http, https } of [this.pooled, this.fresh]) {
      http.destroy();
      https.destroy();
    }
  }

  private exchange(
    request: HttpRequest,
    data: string | Readable | undefined,
    signal: AbortSignal,
  ): Promise<AxiosResponse<unknown>> {
    const { http, https } = request.freshConnection === true ? this.fresh : this.pooled;
    return this.axios.request<unknown>({
      adapter: 'http',
      method: request.method,
      url: request.url,
      headers: {
        'User-Agent': 'scicat-globus-proxy',
        ...contentType(request),
        ...contentLength(request),
      },
      ...(data === undefined ? {} : { data }),
      signal,
      httpAgent: http,
      httpsAgent: https,
      proxy: false,
      maxRedirects: 0,
      maxBodyLength: Infinity,
      maxContentLength: this.maxResponseBytes,
      responseType: 'text',
    });
  }
}

/**
 * Takes away what axios does by default: it parses and trims the body that it is to send, and the
 * answer, and judges statuses. And it merges all defaults into each call, which would take longer
 * than anything else that it does.
 */
function withoutDefaults(axios: AxiosInstance): AxiosInstance {
  for (const name of Object.keys(axios.defaults)) Reflect.deleteProperty(axios.defaults, name);
  return axios;
}

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

function agents(options: AgentOptions): Agents {
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

/** The request's headers; `false` keeps axios from calling an empty body a web form. */
function contentType(request: HttpRequest): Record<string, string | false> {
  const named = Object.keys(request.headers).some((name) => name.toLowerCase() === 'content-type');
  return named ? { ...request.headers } : { ...request.headers, 'Content-Type': false };
}

/** axios knows the length of a string, but not of a stream. */
function contentLength({ body }: HttpRequest): Record<string, string> {
  return typeof body === 'object' ? { 'Content-Length': String(body.bytes) } : {};
}

/** A request's body under way. */
interface BodyUnderWay {
  readonly data: string | Readable | undefined;
  /** Why the body could not be read to its end, if that is what went wrong. */
  failure(): Error | undefined;
  end(): void;
}

function bodyOf({ body }: HttpRequest): BodyUnderWay {
  if (typeof body !== 'object') {
    return { data: body, failure: () => undefined, end: () => undefined };
  }
  const stream = Readable.from(ofDeclaredLength(body), { objectMode: false });
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure = error;
  });
  return {
    data: stream,
    failure: () => failure,
    end: () => {
      stream.destroy();
    },
  };
}

/** As many bytes as were announced, or an error: a server waits for the others for ever. */
async function* ofDeclaredLength(body: StreamedBody): AsyncGenerator<Buffer> {
  let left = body.bytes;
  for await (const piece of body.pieces()) {
    left -= piece.length;
    if (left < 0) break;
    yield piece;
  }
  if (left !== 0) throw new InternalError('A request body is not as long as declared.');
}

function readable(response: AxiosResponse<unknown>): HttpResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers) as [string, unknown][]) {
    headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  return { status: response.status, headers, body: parsed(response.data) };
}

function parsed(data: unknown): unknown {
  if (typeof data !== 'string' || data.trim() === '') return undefined;
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return data;
  }
}

function stopped(reason: 'timeout' | 'aborted'): TransportError {
  return reason === 'timeout'
    ? new TransportError('timeout', 'There was no complete answer in time.')
    : new TransportError('aborted', 'The call was given up.');
}

/** Codes of failures that happen before a request can have been sent. */
const NOT_SENT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EPROTO',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_INVALID_URL',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_PROTOCOL',
  'ERR_UNESCAPED_CHARACTERS',
]);

/** Of the error only its code is told: its message may hold the address, its fields the request. */
function failureOf(error: unknown): TransportError {
  const chain = causes(error);
  const code = chain.map((link) => link.code).find(isErrorCode);
  const notSent = chain.some(
    (link) =>
      (typeof link.code === 'string' && NOT_SENT_CODES.has(link.code)) ||
      // The operating system gave up connecting.
      link.syscall === 'connect',
  );
  const failure: TransportFailure = notSent ? 'not-sent' : 'lost';
  const what = notSent
    ? 'The service could not be reached'
    : 'The connection was lost before the answer was complete, or the answer was too large';
  return new TransportError(failure, `${what}${code === undefined ? '' : ` (${code})`}.`);
}

interface ErrorLink {
  readonly code?: unknown;
  readonly syscall?: unknown;
}

/** The error and what caused it; several addresses that were tried count as one failure. */
function causes(error: unknown, depth = 0): readonly ErrorLink[] {
  if (typeof error !== 'object' || error === null || depth > 4) return [];
  const inner =
    error instanceof AggregateError
      ? (error.errors as unknown[])
      : 'cause' in error
        ? [error.cause]
        : [];
  return [error, ...inner.flatMap((cause) => causes(cause, depth + 1))];
}

function isErrorCode(code: unknown): code is string {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code);
}
