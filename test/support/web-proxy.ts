import { createServer, request as httpRequest, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Certificate } from './certificates.js';

/** How a {@link WebProxyServer} behaves. */
export interface WebProxyOptions {
  /** `user:password`; others get 407. */
  readonly credentials?: string;
  /** Status of the answer to each request. */
  readonly refuseWith?: number;
  /** Answers nothing. */
  readonly silent?: boolean;
  /** Makes it an `https://` proxy. */
  readonly tls?: Certificate;
  /** Where host names lead, as only this proxy knows. @default the host itself */
  readonly resolve?: (host: string) => string;
}

/** A web proxy for tests, with `CONNECT` for HTTPS and forwarding for plain HTTP. */
export class WebProxyServer {
  /** `CONNECT host:port` and `GET http://…`, in order. */
  readonly asked: string[] = [];
  /** The `Proxy-Authorization` headers. */
  readonly authorizations: (string | undefined)[] = [];
  /** Its connections, from clients and to servers. */
  readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(private options: WebProxyOptions) {
    this.server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
    this.server.on('connection', (socket: Socket) => this.keep(socket));
    this.server.on('connect', (request, client: Socket, head: Buffer) => {
      const status = this.answerTo(
        'CONNECT',
        request.url ?? '',
        request.headers['proxy-authorization'],
      );
      if (status === undefined) {
        // Notices the end of the connection.
        client.on('end', () => client.end()).resume();
        return;
      }
      if (status !== 200) {
        client.end(
          `HTTP/1.1 ${status} Refused\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nlong`,
        );
        return;
      }
      const [, host = '', port] = /^(.*):(\d+)$/.exec(request.url ?? '') ?? [];
      const target = connect(Number(port), this.resolve(host));
      this.keep(target);
      target.once('connect', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        if (head.length > 0) target.write(head);
        target.pipe(client).pipe(target);
      });
      target.on('error', () => client.destroy());
      target.on('close', () => client.destroy());
      client.on('error', () => target.destroy());
      client.on('close', () => target.destroy());
    });
    this.server.on('request', (request, response) => {
      const { method = '', url = '', headers } = request;
      const status = this.answerTo(method, url, headers['proxy-authorization']);
      if (status === undefined) return;
      if (status !== 200) {
        response.writeHead(status).end('refused');
        return;
      }
      const target = new URL(url);
      const forwarded = httpRequest(
        {
          host: this.resolve(target.hostname),
          port: target.port,
          path: target.pathname + target.search,
          method,
          headers,
        },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      forwarded.on('error', () => response.writeHead(502).end());
      request.pipe(forwarded);
    });
  }

  static async start(options: WebProxyOptions = {}): Promise<WebProxyServer> {
    const proxy = new WebProxyServer(options);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Changes its behaviour. */
  behave(options: WebProxyOptions): void {
    this.options = options;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
  }

  private resolve(host: string): string {
    return (this.options.resolve ?? ((same) => same))(host);
  }

  /** Undefined if it does not answer. */
  private answerTo(
    method: string,
    url: string,
    authorization: string | undefined,
  ): number | undefined {
    this.asked.push(`${method} ${url}`);
    this.authorizations.push(authorization);
    const { silent = false, refuseWith, credentials } = this.options;
    if (silent) return undefined;
    if (refuseWith !== undefined) return refuseWith;
    if (credentials === undefined) return 200;
    const wanted = `Basic ${Buffer.from(credentials).toString('base64')}`;
    return authorization === wanted ? 200 : 407;
  }
}

const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/** Sets the proxy variables of this process to these and no others. @returns a function that restores them */
export function withProxyVariables(variables: Readonly<Record<string, string>>): () => void {
  const before = NAMES.map((name) => [name, process.env[name]] as const);
  for (const name of NAMES) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  };
}
