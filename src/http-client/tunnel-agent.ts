import { Agent, type AgentConnectOpts } from 'agent-base';
import { type AgentOptions, type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIPv6, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { basicAuthorization, serverName, type WebProxy } from './web-proxy.js';

/**
 * A web proxy did not open a tunnel, so nothing reached the service behind it. Holds neither the
 * proxy's address nor what it said.
 */
export class TunnelError extends Error {
  /**
   * @param status of the proxy's answer; undefined if there was none
   * @param cause why there was none
   */
  constructor(
    readonly status: number | undefined,
    cause?: unknown,
  ) {
    super('The web proxy opened no tunnel.', { cause });
    this.name = 'TunnelError';
  }
}

/**
 * Connections to HTTPS servers through a web proxy, by `CONNECT`. Like Node's own agent, it reuses
 * them, limits their number, and closes idle ones.
 *
 * Built on the library below https-proxy-agent, which itself would pass off a proxy's refusal as the
 * answer of the service, keep idle connections forever, and never give up on a proxy that is silent.
 */
export class TunnelAgent extends Agent {
  /** @param openWithinMs limit for opening a tunnel, which a caller's abort does not end */
  constructor(
    private readonly proxy: WebProxy,
    options: AgentOptions,
    private readonly openWithinMs: number,
  ) {
    super(options);
  }

  override async connect(_request: ClientRequest, options: AgentConnectOpts): Promise<Socket> {
    const { host = '', port } = options;
    const socket = await this.openTunnel(`${isIPv6(host) ? `[${host}]` : host}:${port}`);
    return connectTls({ ...options, path: undefined, socket });
  }

  /** @throws TunnelError */
  private openTunnel(target: string): Promise<Socket> {
    const { protocol, host, port, credentials } = this.proxy;
    return new Promise((resolve, reject) => {
      const request = (protocol === 'https:' ? httpsRequest : httpRequest)({
        method: 'CONNECT',
        host,
        port,
        path: target,
        agent: false,
        servername: serverName(host),
        headers: {
          Host: target,
          ...(credentials === undefined
            ? {}
            : { 'Proxy-Authorization': basicAuthorization(credentials) }),
        },
      });
      const timer = setTimeout(() => {
        request.destroy(new Error('The proxy did not answer in time.'));
      }, this.openWithinMs);
      request.once('connect', ({ statusCode }, socket: Socket) => {
        clearTimeout(timer);
        if (statusCode !== undefined && statusCode >= 200 && statusCode < 300) {
          resolve(socket);
        } else {
          socket.destroy();
          reject(new TunnelError(statusCode));
        }
      });
      request.once('error', (error) => {
        clearTimeout(timer);
        reject(new TunnelError(undefined, error));
      });
      request.end();
    });
  }
}
