import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { inspect } from 'node:util';
import { type Authority, newAuthority, selfSigned } from '../../test/support/certificates.js';
import {
  type WebProxyOptions,
  WebProxyServer,
  withProxyVariables,
} from '../../test/support/web-proxy.js';
import { type HttpRequest, TransportError } from '../ports/http-transport.port.js';
import { AxiosTransport } from './axios-transport.js';
import { routeTo } from './web-proxy.js';

const TOKEN = 'Bearer the-token-of-alice';
const PASSWORD = 'p@ss/w:rd %';
const CREDENTIALS = `svc:${PASSWORD}`;
const IN_URL = `svc:${encodeURIComponent(PASSWORD)}`;
/** A name that only the proxy can resolve, as behind a firewall. */
const GLOBUS = 'transfer.globus.test';

describe('a web proxy between this service and Globus or SciCat', () => {
  let authority: Authority;
  let transport: AxiosTransport;
  let restore = (): void => undefined;
  const stops: (() => Promise<unknown>)[] = [];
  const seen: { url: string | undefined; headers: IncomingMessage['headers'] }[] = [];
  let handler: (request: IncomingMessage, response: ServerResponse) => void;

  beforeAll(() => {
    authority = newAuthority();
  });
  beforeEach(() => {
    seen.length = 0;
    handler = (_request, response) => response.end('{"ok":true}');
    transport = newTransport();
  });
  afterEach(async () => {
    transport.onApplicationShutdown();
    restore();
    for (const stop of stops.splice(0)) await stop();
  });

  function newTransport(
    options: ConstructorParameters<typeof AxiosTransport>[1] = {},
  ): AxiosTransport {
    return new AxiosTransport(new HttpService(axios.create()), { maxSockets: 4, ...options });
  }

  /** What NODE_EXTRA_CA_CERTS does at the start of a process. */
  function trust(cert: string): void {
    const create = tls.createSecureContext;
    const own = tls.rootCertificates;
    stops.push(() => {
      Object.assign(tls, { createSecureContext: create });
      return Promise.resolve();
    });
    Object.assign(tls, {
      createSecureContext: (options: tls.SecureContextOptions = {}) =>
        create({ ca: [...own, cert], ...options }),
    });
  }

  const listen = async (server: Server) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    });
    return (server.address() as AddressInfo).port;
  };
  const recorded = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push({ url: request.url, headers: request.headers });
    handler(request, response);
  };

  async function httpsServer(certificate = authority.issue(GLOBUS)): Promise<string> {
    const port = await listen(createTlsServer(certificate, recorded));
    return `https://${GLOBUS}:${port}/v0.10/task_list?limit=1`;
  }

  async function httpServer(): Promise<string> {
    return `http://scicat.test:${await listen(createServer(recorded))}/api/v3/health?a=1`;
  }

  async function proxy(options: WebProxyOptions = {}): Promise<WebProxyServer> {
    const server = await WebProxyServer.start({ resolve: () => '127.0.0.1', ...options });
    stops.push(() => server.stop());
    return server;
  }

  const set = (variables: Readonly<Record<string, string>>): void => {
    restore = withProxyVariables(variables);
  };
  const ask = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
    method: 'GET',
    url,
    headers: { Authorization: TOKEN },
    timeoutMs: 5_000,
    ...more,
  });
  const failing = async (request: HttpRequest): Promise<TransportError> => {
    const error: unknown = await transport.send(request).then(
      (answer) => answer,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TransportError);
    const shown = inspect(error, { depth: 10, showHidden: true });
    for (const secret of [
      TOKEN,
      PASSWORD,
      encodeURIComponent(PASSWORD),
      btoa(CREDENTIALS),
      '127.0.0.1',
    ]) {
      expect(shown).not.toContain(secret);
    }
    return error as TransportError;
  };

  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])(
    'tunnels calls to Globus through the proxy that %s names, which never sees the token',
    async (variable) => {
      trust(authority.cert);
      const [url, between] = [await httpsServer(), await proxy()];
      set({ [variable]: `http://${between.address}` });
      expect((await transport.send(ask(url))).body).toEqual({ ok: true });
      expect(between.asked).toEqual([`CONNECT ${new URL(url).host}`]);
      expect(seen).toMatchObject([
        { url: '/v0.10/task_list?limit=1', headers: { authorization: TOKEN } },
      ]);
      expect(seen[0]?.headers).not.toHaveProperty('proxy-authorization');
    },
  );

  it('has a SciCat with http:// forwarded by HTTP_PROXY, and not by HTTPS_PROXY', async () => {
    const [url, between] = [await httpServer(), await proxy()];
    set({ HTTP_PROXY: `http://${between.address}`, HTTPS_PROXY: 'http://127.0.0.1:1' });
    for (let call = 0; call < 2; call += 1) {
      expect((await transport.send(ask(url, { method: 'POST', body: '{}' }))).body).toEqual({
        ok: true,
      });
    }
    expect(between.asked).toEqual([`POST ${url}`, `POST ${url}`]);
    expect(seen).toMatchObject([{ url: '/api/v3/health?a=1' }, { url: '/api/v3/health?a=1' }]);
    expect(seen[0]?.headers.host).toBe(new URL(url).host);
  });

  it.each(['scicat.test', '.test', '*.test', '*', 'other, scicat.test'])(
    'calls hosts in NO_PROXY=%s directly',
    async (hosts) => {
      set({ HTTP_PROXY: 'http://127.0.0.1:1', no_proxy: hosts });
      // There is no such host without the proxy.
      expect(await failing(ask(await httpServer()))).toMatchObject({ reason: 'dns' });
    },
  );

  it.each(['127.0.0.1', 'localhost'])('calls %s, this machine, directly', async (host) => {
    const url = (await httpServer()).replace('scicat.test', host);
    set({ HTTP_PROXY: 'http://127.0.0.1:1' });
    expect((await transport.send(ask(url))).body).toEqual({ ok: true });
  });

  it('takes an address without http:// for one of an HTTP proxy, as curl does', async () => {
    trust(authority.cert);
    const [url, between] = [await httpsServer(), await proxy()];
    set({ HTTPS_PROXY: between.address });
    expect((await transport.send(ask(url))).status).toBe(200);
  });

  it('reaches a proxy by TLS', async () => {
    trust(authority.cert);
    const between = await proxy({ tls: authority.issue('127.0.0.1') });
    set({ ALL_PROXY: `https://${between.address}` });
    expect((await transport.send(ask(await httpsServer()))).status).toBe(200);
    expect((await transport.send(ask(await httpServer()))).status).toBe(200);
    expect(between.asked).toHaveLength(2);
  });

  it('logs in to the proxy with the user name and password of its address', async () => {
    trust(authority.cert);
    const between = await proxy({ credentials: CREDENTIALS });
    set({ ALL_PROXY: `http://${IN_URL}@${between.address}` });
    expect((await transport.send(ask(await httpsServer()))).status).toBe(200);
    expect((await transport.send(ask(await httpServer()))).status).toBe(200);
    expect(new Set(between.authorizations)).toEqual(new Set([`Basic ${btoa(CREDENTIALS)}`]));
    expect(seen[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('reuses tunnels, and only fresh ones for calls that must not be repeated', async () => {
    trust(authority.cert);
    transport = newTransport({ freshForMs: 50 });
    const [url, between] = [await httpsServer(), await proxy()];
    set({ HTTPS_PROXY: `http://${between.address}` });
    for (let call = 0; call < 3; call += 1) await transport.send(ask(url));
    expect(between.asked).toHaveLength(1);
    for (let call = 0; call < 2; call += 1)
      await transport.send(ask(url, { freshConnection: true }));
    expect(between.asked).toHaveLength(2);
    await until(() => between.sockets.size === 2, 'the idle fresh tunnel is closed');
    await transport.send(ask(url, { freshConnection: true }));
    expect(between.asked).toHaveLength(3);
    transport.onApplicationShutdown();
    await until(() => between.sockets.size === 0, 'all tunnels are closed');
  });

  it('waits for the answer to a call over a fresh tunnel longer than an idle one is kept', async () => {
    trust(authority.cert);
    transport = newTransport({ freshForMs: 50 });
    const [url, between] = [await httpsServer(), await proxy()];
    set({ HTTPS_PROXY: `http://${between.address}` });
    handler = (_request, response) => setTimeout(() => response.end('1'), 200);
    expect((await transport.send(ask(url, { freshConnection: true }))).body).toBe(1);
  });

  it('opens no more tunnels than connections are allowed', async () => {
    trust(authority.cert);
    const [url, between] = [await httpsServer(), await proxy()];
    set({ HTTPS_PROXY: `http://${between.address}` });
    await Promise.all(Array.from({ length: 12 }, () => transport.send(ask(url))));
    expect(between.asked).toHaveLength(4);
  });

  it.each([407, 403, 502, 503])(
    'does not take a refusal by the proxy (%i) for an answer of Globus, which would fail the transfer',
    async (status) => {
      const [url, between] = [await httpsServer(), await proxy({ refuseWith: status })];
      set({ HTTPS_PROXY: `http://${IN_URL}@${between.address}` });
      const error = await failing(ask(url, { method: 'POST', body: '{}' }));
      expect([error.failure, error.reason, error.what]).toEqual([
        'not-sent',
        'proxy',
        `The web proxy did not open a connection to the server (status ${status}).`,
      ]);
      expect(error.advice).toContain(status === 407 ? 'user name and password' : 'NO_PROXY');
      expect(seen).toEqual([]);
    },
  );

  it('knows that a 407 to a plain call is the proxy’s', async () => {
    const [url, between] = [await httpServer(), await proxy({ credentials: CREDENTIALS })];
    set({ HTTP_PROXY: `http://${between.address}` });
    expect(await failing(ask(url))).toMatchObject({ failure: 'not-sent', reason: 'proxy' });
  });

  it.each(['http', 'https'])(
    'says that the proxy, not the service, is down: %s',
    async (scheme) => {
      set({ ALL_PROXY: 'http://127.0.0.1:1' });
      expect(await failing(ask(`${scheme}://${GLOBUS}/`))).toMatchObject({
        failure: 'not-sent',
        reason: 'proxy',
        code: 'ECONNREFUSED',
        what: 'The web proxy could not be reached (ECONNREFUSED).',
      });
    },
  );

  it('recovers from a proxy that accepts connections and does nothing', async () => {
    trust(authority.cert);
    transport = newTransport({ maxSockets: 1, tunnelWithinMs: 200 });
    const [url, between] = [await httpsServer(), await proxy({ silent: true })];
    set({ HTTPS_PROXY: `http://${between.address}` });
    expect((await failing(ask(url, { timeoutMs: 100 }))).failure).toBe('timeout');
    // It still occupies the only connection; without a limit, it would do so forever.
    await until(() => between.sockets.size === 0, 'the attempt is given up');
    between.behave({ resolve: () => '127.0.0.1' });
    expect((await transport.send(ask(url))).status).toBe(200);
  });

  it('reaches a server by its address alone', async () => {
    trust(authority.cert);
    const url = (await httpsServer(authority.issue('192.0.2.7'))).replace(GLOBUS, '192.0.2.7');
    const between = await proxy();
    set({ HTTPS_PROXY: `http://${between.address}` });
    expect((await transport.send(ask(url))).status).toBe(200);
    expect(between.asked).toHaveLength(1);
  });

  it('stops at once when its caller gives up', async () => {
    const [url, between] = [await httpsServer(), await proxy({ silent: true })];
    set({ HTTPS_PROXY: `http://${between.address}` });
    const caller = new AbortController();
    setTimeout(() => caller.abort(), 50);
    expect((await failing(ask(url, { signal: caller.signal }))).failure).toBe('aborted');
  });

  describe('a certificate that can’t be trusted', () => {
    const through = async (url: string): Promise<TransportError> => {
      const between = await proxy();
      set({ HTTPS_PROXY: `http://${between.address}` });
      return failing(ask(url));
    };

    it.each([
      [
        'of an authority that Node does not know',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        () => authority.issue(GLOBUS),
      ],
      [
        'of an inspecting proxy, with its authority',
        'SELF_SIGNED_CERT_IN_CHAIN',
        () => {
          const { cert, key } = authority.issue(GLOBUS);
          return { cert: cert + authority.cert, key };
        },
      ],
      [
        'of an authority between, whose own issuer is missing',
        'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
        () => {
          const between = authority.issueAuthority('Between');
          const { cert, key } = between.issue(GLOBUS);
          return { cert: cert + between.cert, key };
        },
      ],
      ['that is self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', () => selfSigned(GLOBUS)],
    ])('%s: %s, and what NODE_EXTRA_CA_CERTS is for', async (_what, code, certificate) => {
      const error = await through(await httpsServer(certificate()));
      expect(error).toMatchObject({ failure: 'not-sent', reason: 'certificate', code });
      expect(error.message).toContain(`The server could not be reached (${code}).`);
      expect(error.advice).toContain('NODE_EXTRA_CA_CERTS to the path of a PEM file');
    });

    it('that has expired: its administrators have to renew it', async () => {
      trust(authority.cert);
      const error = await through(await httpsServer(authority.issue(GLOBUS, { expired: true })));
      expect(error).toMatchObject({ reason: 'certificate', code: 'CERT_HAS_EXPIRED' });
      expect(error.advice).toContain('renew');
    });

    it('that is for another host: NODE_EXTRA_CA_CERTS does not help', async () => {
      trust(authority.cert);
      const error = await through(await httpsServer(authority.issue('other.test')));
      expect(error).toMatchObject({ reason: 'certificate', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
      expect(error.advice).toContain('does not help');
    });

    it('https:// to a server without TLS: the scheme or the port is wrong', async () => {
      const error = await through((await httpServer()).replace('http:', 'https:'));
      expect(error).toMatchObject({ failure: 'not-sent', reason: 'tls' });
      expect(error.advice).toContain('https://');
    });

    it('of the proxy itself', async () => {
      const between = await proxy({ tls: selfSigned('127.0.0.1') });
      set({ HTTPS_PROXY: `https://${between.address}` });
      const error = await failing(ask(await httpsServer()));
      expect(error).toMatchObject({
        reason: 'proxy',
        what: 'The web proxy could not be reached (DEPTH_ZERO_SELF_SIGNED_CERT).',
      });
      expect(error.advice).toContain('NODE_EXTRA_CA_CERTS');
    });
  });

  it.each([
    ['socks5://proxy.test:1080', 'HTTPS_PROXY names a socks5:// proxy'],
    ['http://', 'HTTPS_PROXY is not a URL'],
    ['http://svc:100%@proxy.test:1', 'HTTPS_PROXY has a user name or password with a "%"'],
  ])('refuses %s, which it can’t use, with what to write', async (value, problem) => {
    set({ HTTPS_PROXY: value });
    const error = await failing(ask(`https://${GLOBUS}/`));
    expect([error.failure, error.reason]).toEqual(['not-sent', 'proxy']);
    expect(error.message).toContain(problem);
    expect(error.message).not.toContain('100%@');
  });

  it('is shown without its user and password', () => {
    set({ HTTPS_PROXY: `http://${IN_URL}@proxy.test`, http_proxy: 'http://[::1]:3128' });
    expect(routeTo('https://a.test/')).toMatchObject({
      proxy: {
        variable: 'HTTPS_PROXY',
        shown: 'http://proxy.test:80',
        credentials: { password: PASSWORD },
      },
    });
    expect(routeTo('http://a.test/')).toMatchObject({
      proxy: { variable: 'http_proxy', host: '::1', port: 3128, shown: 'http://[::1]:3128' },
    });
  });
});

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Not in time: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
