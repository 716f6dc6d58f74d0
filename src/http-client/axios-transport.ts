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
} from '../ports/http-transport.port.js';

interface AxiosTransportOptions {
  /** Connections per host; further requests wait, within their time-out. @default 128 */
  readonly maxSockets?: number;
  /** How long an idle connection counts as fresh, in milliseconds. @default 2000 */
  readonly freshForMs?: number;
  /** Largest decompressed response; a larger one counts as lost. @default 67108864 */
  readonly maxResponseBytes?: number;
}

/** SciCat drops connections after 5 idle seconds, and its notice may be under way. */
const DEFAULT_FRESH_FOR_MS = 2_000;
/** The TCP keep-alive that axios sets on each request: another value would be changed at every call. */
const AXIOS_KEEP_ALIVE_MS = 60_000;

/**
 * The network through axios. Follows no redirects, ignores proxy variables, and returns any status.
 * No axios error leaves it, because those contain the request and its token.
 */
export class AxiosTransport implements HttpTransport, OnApplicationShutdown {
  private readonly axios: AxiosInstance;
  private readonly pooled: Agents;
  private readonly fresh: Agents;
  private readonly maxResponseBytes: number;

  constructor(http: HttpService, options: AxiosTransportOptions = {}) {
    const { maxSockets = 128, freshForMs = DEFAULT_FRESH_FOR_MS } = options;
    // Not through the service's observables, each of which creates an error to cancel what has ended.
    this.axios = withoutDefaults(http.axiosRef.create());
    this.maxResponseBytes = options.maxResponseBytes ?? 64 * 1024 * 1024;
    const pool = { keepAlive: true, keepAliveMsecs: AXIOS_KEEP_ALIVE_MS, maxSockets };
    this.pooled = agents(pool);
    // This timeout closes idle connections only, not those that wait for a response.
    this.fresh = agents({ ...pool, timeout: freshForMs });
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    const { body, signal } = request;
    if (signal?.aborted === true) throw stopped('aborted');
    const controller = new AbortController();
    let reason: 'timeout' | 'aborted' | undefined;
    const stop = (why: 'timeout' | 'aborted'): void => {
      reason ??= why;
      controller.abort();
    };
    const onAbort = () => stop('aborted');
    // Unlike axios's own time-out, this one does not start anew with every byte.
    const timer = setTimeout(() => stop('timeout'), request.timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    const stream =
      typeof body === 'object'
        ? Readable.from(ofDeclaredLength(body), { objectMode: false })
        : undefined;
    let bodyFailure: Error | undefined;
    stream?.on('error', (error) => (bodyFailure = error));
    try {
      const data = typeof body === 'object' ? stream : body;
      return readable(await this.exchange(request, data, controller.signal));
    } catch (error) {
      if (reason !== undefined) throw stopped(reason);
      throw bodyFailure ?? failureOf(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      // After an early response, such as a rejected token, the rest is never read.
      stream?.destroy();
    }
  }

  /**
   * Closes all connections, including idle ones, so that the process can exit. Not earlier, because
   * the tracker still writes pending updates.
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
      headers: headersOf(request),
      data,
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
 * Removes axios's defaults: it would parse and trim both bodies and judge statuses. Merging the
 * defaults into each call also takes longer than everything else it does.
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

function headersOf({ headers, body }: HttpRequest): Record<string, string | false> {
  return {
    'User-Agent': 'scicat-globus-proxy',
    // Unless the request has one: otherwise axios labels an empty body as a web form.
    'Content-Type': false,
    ...headers,
    // axios knows the length of a string, but not of a stream.
    ...(typeof body === 'object' ? { 'Content-Length': String(body.bytes) } : {}),
  };
}

/** Fails unless the body has its declared length: the server would wait for missing bytes forever. */
async function* ofDeclaredLength(body: StreamedBody): AsyncGenerator<Buffer> {
  let left = body.bytes;
  for await (const piece of body.pieces()) {
    left -= piece.length;
    if (left < 0) break;
    yield piece;
  }
  if (left !== 0) throw new InternalError('A request body does not have its declared length.');
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
    ? new TransportError('timeout', 'No complete response arrived in time.')
    : new TransportError('aborted', 'The call was aborted.');
}

/** Codes of failures that occur before a request is sent. */
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

/** Reports only the error's code: its message may contain the address, its fields the request. */
function failureOf(error: unknown): TransportError {
  const chain = causes(error);
  const code = chain.map((link) => link.code).find(isErrorCode);
  const notSent = chain.some(
    (link) =>
      // The operating system gave up connecting.
      link.syscall === 'connect' ||
      (typeof link.code === 'string' && NOT_SENT_CODES.has(link.code)),
  );
  const what = notSent
    ? 'The service could not be reached'
    : 'The connection was lost before the response was complete, or the response was too large';
  return new TransportError(
    notSent ? 'not-sent' : 'lost',
    `${what}${code === undefined ? '' : ` (${code})`}.`,
  );
}

interface ErrorLink {
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
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code);
}
