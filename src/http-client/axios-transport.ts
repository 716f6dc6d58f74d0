import type { HttpService } from '@nestjs/axios';
import type { OnApplicationShutdown } from '@nestjs/common';
import { AxiosHeaders, type AxiosInstance } from 'axios';
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
import { type Exchange, exchange, type RawAnswer } from './exchange.js';
import { failureOf, unusableProxy } from './transport-failure.js';
import { TunnelAgent, TunnelError } from './tunnel-agent.js';
import { type ProxyRoute, routeTo, serverName, type WebProxy } from './web-proxy.js';

interface AxiosTransportOptions {
  /** Connections per host; further requests wait, within their timeout. @default 128 */
  readonly maxSockets?: number;
  /** How long an idle connection counts as fresh, in milliseconds. @default 2000 */
  readonly freshForMs?: number;
  /** Largest decompressed response, unless a request wants a smaller one. @default 67108864 */
  readonly maxResponseBytes?: number;
  /** Limit for opening a tunnel through a web proxy, in milliseconds. @default 10000 */
  readonly tunnelWithinMs?: number;
}

/** SciCat drops connections after 5 idle seconds, and its notice may be under way. */
const DEFAULT_FRESH_FOR_MS = 2_000;
/** Idle connections are tested by TCP after this time, so that a firewall does not forget them. */
const TCP_KEEP_ALIVE_MS = 60_000;

const DEFAULT_TUNNEL_WITHIN_MS = 10_000;
const PROXY_AUTHENTICATION_REQUIRED = 407;

/**
 * The network through axios, directly or through the web proxy that the environment names. Follows no
 * redirects, and returns any status. No error of axios or Node leaves it, because those may contain
 * the request and its token.
 *
 * Below axios, {@link exchange} is used instead of the adapter of axios, which takes longer than
 * everything else that the service does for a request.
 */
export class AxiosTransport implements HttpTransport, OnApplicationShutdown {
  private readonly axios: AxiosInstance;
  private readonly pooled: Agents;
  private readonly fresh: Agents;
  private readonly maxResponseBytes: number;
  private readonly tunnelWithinMs: number;
  /** The environment names a handful of proxies at most. */
  private readonly proxyAgents = new Map<string, ProxyAgents>();
  private readonly poolOptions: AgentOptions;
  private readonly freshOptions: AgentOptions;

  constructor(http: HttpService, options: AxiosTransportOptions = {}) {
    const { maxSockets = 128, freshForMs = DEFAULT_FRESH_FOR_MS } = options;
    // Not through the service's observables, each of which creates an error to cancel what has ended.
    this.axios = withoutDefaults(http.axiosRef.create());
    this.maxResponseBytes = options.maxResponseBytes ?? 64 * 1024 * 1024;
    this.tunnelWithinMs = options.tunnelWithinMs ?? DEFAULT_TUNNEL_WITHIN_MS;
    this.poolOptions = { keepAlive: true, keepAliveMsecs: TCP_KEEP_ALIVE_MS, maxSockets };
    // This timeout closes idle connections only, not those that wait for a response.
    this.freshOptions = { ...this.poolOptions, timeout: freshForMs };
    this.pooled = agents(this.poolOptions);
    this.fresh = agents(this.freshOptions);
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    const { body, signal } = request;
    if (signal?.aborted === true) throw stopped('aborted');
    const route = routeTo(request.url);
    if (route.kind === 'unusable') throw unusableProxy(route.problem);
    let reason: 'timeout' | 'aborted' | undefined;
    let end: ((reason: Error) => void) | undefined;
    const stop = (why: 'timeout' | 'aborted'): void => {
      reason ??= why;
      end?.(new Error(why));
    };
    const onAbort = () => stop('aborted');
    // From the call to the last byte, however many bytes come in between.
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
      const answer = await this.exchange(request, route, data, (stopExchange) => {
        end = stopExchange;
        // axios starts an exchange later than it is asked to.
        if (reason !== undefined) stop(reason);
      });
      // Only web proxies send this status.
      if (route.kind === 'proxy' && answer.status === PROXY_AUTHENTICATION_REQUIRED) {
        throw new TunnelError(answer.status);
      }
      return { status: answer.status, headers: answer.headers, body: parsed(answer.text) };
    } catch (error) {
      if (reason !== undefined) throw stopped(reason);
      throw bodyFailure ?? failureOf(error, route.kind === 'proxy' && isPlain(request.url));
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
    for (const { tunnels, httpsAgent } of this.proxyAgents.values()) {
      tunnels.destroy();
      httpsAgent.destroy();
    }
  }

  private async exchange(
    request: HttpRequest,
    route: ProxyRoute,
    body: string | Readable | undefined,
    onStart: (stop: (reason: Error) => void) => void,
  ): Promise<RawAnswer> {
    const response = await this.axios.request<RawAnswer>({
      method: request.method,
      url: request.url,
      // Headers and body go past axios, which would take longer to copy them than to send them.
      adapter: async (config) => {
        const data = await exchange({
          method: request.method,
          url: request.url,
          headers: headersOf(request),
          body,
          ...this.connections(request, route),
          maxBytes: Math.min(
            this.maxResponseBytes,
            request.maxResponseBytes ?? this.maxResponseBytes,
          ),
          onStart,
        });
        return { data, status: data.status, statusText: '', headers: NO_HEADERS, config };
      },
    });
    return response.data;
  }

  private connections(
    { url, freshConnection = false }: HttpRequest,
    route: ProxyRoute,
  ): Pick<Exchange, 'agent' | 'forwarder'> {
    const { http, https } = freshConnection ? this.fresh : this.pooled;
    if (route.kind !== 'proxy') return { agent: isPlain(url) ? http : https };
    const { proxy } = route;
    const { tunnels, httpsAgent } = this.agentsFor(proxy, freshConnection);
    if (!isPlain(url)) return { agent: tunnels };
    // To a proxy with TLS, even a plain call is encrypted.
    return { agent: proxy.protocol === 'https:' ? httpsAgent : http, forwarder: proxy };
  }

  private agentsFor(proxy: WebProxy, fresh: boolean): ProxyAgents {
    const key = JSON.stringify([proxy, fresh]);
    let known = this.proxyAgents.get(key);
    if (known === undefined) {
      const options = fresh ? this.freshOptions : this.poolOptions;
      known = {
        tunnels: new TunnelAgent(proxy, options, this.tunnelWithinMs),
        httpsAgent: new HttpsAgent({ ...options, servername: serverName(proxy.host) }),
      };
      this.proxyAgents.set(key, known);
    }
    return known;
  }
}

/** Connections to and through one proxy. */
interface ProxyAgents {
  /** For `https://` addresses. */
  readonly tunnels: TunnelAgent;
  /** For `http://` addresses, if the proxy itself speaks TLS. */
  readonly httpsAgent: HttpsAgent;
}

function isPlain(url: string): boolean {
  return /^http:/i.test(url);
}

/**
 * Removes axios's defaults: it would parse and trim both bodies and judge statuses. Merging the
 * defaults into each call also takes longer than everything else it does.
 */
function withoutDefaults(axios: AxiosInstance): AxiosInstance {
  for (const name of Object.keys(axios.defaults)) Reflect.deleteProperty(axios.defaults, name);
  return axios;
}

const NO_HEADERS = new AxiosHeaders();

interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

function agents(options: AgentOptions): Agents {
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

function headersOf({ headers, body }: HttpRequest): Readonly<Record<string, string>> {
  return {
    'User-Agent': 'scicat-globus-proxy',
    ...headers,
    // That of a string is known.
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
