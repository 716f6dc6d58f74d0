import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { InternalError } from '../errors/request.errors.js';
import { AxiosTransport } from './axios-transport.js';
import { type HttpRequest, TransportError } from '../ports/http-transport.port.js';

const FRESH_FOR_MS = 50;
const TOKEN = 'eyJ-very-secret-token';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

describe('AxiosTransport', () => {
  let server: Server;
  let url: string;
  let handler: Handler;
  const sockets = new Set<Socket>();
  const transport = new AxiosTransport(new HttpService(axios.create()), {
    maxResponseBytes: 1_000,
    maxSockets: 2,
    freshForMs: FRESH_FOR_MS,
  });

  beforeEach(async () => {
    sockets.clear();
    server = createServer((request, response) => {
      handler(request, response);
    });
    server.on('connection', (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    transport.onApplicationShutdown();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });

  const ask = (request: Partial<HttpRequest> = {}): HttpRequest => ({
    method: 'GET',
    url: `${url}/a?secret=query`,
    headers: { Authorization: `Bearer ${TOKEN}` },
    timeoutMs: 5_000,
    ...request,
  });

  const failing = async (request: HttpRequest): Promise<TransportError> => {
    const error: unknown = await transport.send(request).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TransportError);
    const shown = inspect(error, { depth: 10, showHidden: true });
    expect(shown).not.toContain(TOKEN);
    expect(shown).not.toContain('secret=query');
    expect(shown).not.toContain('127.0.0.1');
    return error as TransportError;
  };

  it('sends method, headers and body as given, and reads JSON', async () => {
    const seen: unknown[] = [];
    handler = (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { authorization, 'content-type': type, 'content-length': length } = request.headers;
        seen.push([request.method, request.url, authorization, type, length, body]);
        response.setHeader('X-Request-Id', 'r1');
        response.setHeader('Set-Cookie', ['a=1', 'b=2']);
        response.end('{"a":[1]}');
      });
    };
    const body = '  {"kept": "as it is"} ';
    const answer = await transport.send(
      ask({
        method: 'POST',
        headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
        body,
      }),
    );
    expect(seen).toEqual([
      ['POST', '/a?secret=query', `Bearer ${TOKEN}`, 'application/json', '23', body],
    ]);
    expect({ ...answer, headers: pick(answer.headers, ['x-request-id', 'set-cookie']) }).toEqual({
      status: 200,
      headers: { 'x-request-id': 'r1', 'set-cookie': 'a=1, b=2' },
      body: { a: [1] },
    });
  });

  it('ignores global axios defaults', async () => {
    const shared = axios.create({ headers: { common: { 'X-Of-Others': '1' } } });
    const sent: string[] = [];
    handler = (request, response) => {
      sent.push(...Object.keys(request.headers));
      response.end();
    };
    const own = new AxiosTransport(new HttpService(shared));
    await own.send(ask());
    own.onApplicationShutdown();
    expect(sent.sort()).toEqual([
      'accept-encoding',
      'authorization',
      'connection',
      'host',
      'user-agent',
    ]);
    expect(shared.defaults.headers.common['X-Of-Others']).toBe('1');
  });

  it('does not call an empty body a web form', async () => {
    handler = (request, response) => {
      response.end(JSON.stringify(request.headers['content-type'] ?? null));
    };
    expect((await transport.send(ask({ method: 'POST' }))).body).toBeNull();
  });

  it.each([
    [401, '{"code":"AuthenticationFailed"}', { code: 'AuthenticationFailed' }],
    [502, '<html>Bad gateway</html>', '<html>Bad gateway</html>'],
    [500, '{"cut', '{"cut'],
    [204, '', undefined],
  ])('answers of status %i are answers, whatever their body', async (status, text, body) => {
    handler = (_request, response) => response.writeHead(status).end(text);
    const answer = await transport.send(ask());
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  it('does not follow a redirect, which could carry the token to another host', async () => {
    let requests = 0;
    handler = (_request, response) => {
      requests += 1;
      response.writeHead(302, { Location: '/elsewhere' }).end();
    };
    expect((await transport.send(ask())).status).toBe(302);
    expect(requests).toBe(1);
  });

  it('gives up after its time-out, also when bytes keep coming', async () => {
    let dripping: NodeJS.Timeout | undefined;
    handler = (_request, response) => {
      dripping = setInterval(() => response.write(' '), 10);
    };
    const error = await failing(ask({ timeoutMs: 120 }));
    clearInterval(dripping);
    expect(error.failure).toBe('timeout');
  });

  it('knows that a refused connection carried nothing', async () => {
    await new Promise((resolve) => server.close(resolve));
    const error = await failing(ask());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect([error.failure, error.message]).toEqual([
      'not-sent',
      'The server could not be reached (ECONNREFUSED).',
    ]);
  });

  it('knows that an unknown host and an impossible header carried nothing', async () => {
    expect((await failing(ask({ url: 'http://no-such-host.invalid/' }))).failure).toBe('not-sent');
    expect((await failing(ask({ url: 'no url' }))).failure).toBe('not-sent');
  });

  it('a connection reset after the request was read is lost: it may have been carried out', async () => {
    handler = (request) => request.socket.resetAndDestroy();
    expect((await failing(ask())).failure).toBe('lost');
  });

  it('a connection reset in the middle of the answer is lost', async () => {
    handler = (request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('{"a":', () => request.socket.resetAndDestroy());
    };
    expect((await failing(ask())).failure).toBe('lost');
  });

  it('an answer that ends early is lost, not a shorter answer', async () => {
    handler = (request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('{}', () => request.socket.end());
    };
    expect((await failing(ask())).failure).toBe('lost');
  });

  it('garbage instead of HTTP is lost', async () => {
    handler = (request) => request.socket.end('this is not HTTP\r\n\r\n');
    expect((await failing(ask())).failure).toBe('lost');
  });

  it('an answer larger than allowed is not taken in', async () => {
    handler = (_request, response) => response.end(JSON.stringify('x'.repeat(2_000)));
    expect((await failing(ask())).failure).toBe('too-large');
  });

  it('nor one that is larger than its request wants it, compressed or not', async () => {
    handler = (_request, response) => response.end(JSON.stringify('x'.repeat(500)));
    expect((await transport.send(ask({ maxResponseBytes: 600 }))).status).toBe(200);
    expect((await failing(ask({ maxResponseBytes: 400 }))).failure).toBe('too-large');
    handler = (_request, response) => {
      const body = gzipSync(JSON.stringify('x'.repeat(900)));
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
    };
    expect((await failing(ask({ maxResponseBytes: 400 }))).failure).toBe('too-large');
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])(
    'a compressed answer (%s) is read, and not taken in if it is larger than allowed',
    async (encoding, compress) => {
      let text = JSON.stringify('ü'.repeat(400));
      handler = (_request, response) => {
        response.setHeader('Content-Encoding', encoding);
        response.end(compress(text));
      };
      expect((await transport.send(ask())).body).toBe('ü'.repeat(400));
      // Few bytes on the wire, but many in memory.
      text = JSON.stringify('ü'.repeat(10_000));
      expect(compress(text).length).toBeLessThan(100);
      expect((await failing(ask())).failure).toBe('too-large');
    },
  );

  it('a compressed answer that was cut is lost, not a shorter answer', async () => {
    handler = (_request, response) => {
      response.setHeader('Content-Encoding', 'gzip');
      response.end(gzipSync('[1,2,3]'.repeat(10)).subarray(0, 20));
    };
    expect((await failing(ask())).failure).toBe('lost');
  });

  it('an answer without content may have the label of a compressed one, or begin with a mark', async () => {
    handler = (_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end();
    expect((await transport.send(ask())).body).toBeUndefined();
    handler = (_request, response) => response.end('\ufeff{"a":1}');
    expect((await transport.send(ask())).body).toEqual({ a: 1 });
  });

  it('stops at once when its caller gives up, and before it begins', async () => {
    const controller = new AbortController();
    handler = () => {
      controller.abort();
    };
    expect((await failing(ask({ signal: controller.signal }))).failure).toBe('aborted');
    expect((await failing(ask({ signal: controller.signal }))).failure).toBe('aborted');
    expect(sockets.size).toBe(1);
  });

  it('reuses connections, but no idle one for a call that asks for a fresh one', async () => {
    handler = (_request, response) => response.end('1');
    await transport.send(ask());
    await transport.send(ask());
    expect(sockets.size).toBe(1);
    await transport.send(ask({ freshConnection: true }));
    await transport.send(ask({ freshConnection: true }));
    expect(sockets.size).toBe(2);
    const [, fresh] = sockets;
    if (fresh === undefined) throw new Error('no connection');
    // It has been idle for as long as one counts as fresh.
    if (!fresh.destroyed) await once(fresh, 'close');
    await transport.send(ask({ freshConnection: true }));
    expect(sockets.size).toBe(3);
  });

  it('sets nothing at a connection that is used again', async () => {
    handler = (_request, response) => response.end('{}');
    const setKeepAlive = jest.spyOn(Socket.prototype, 'setKeepAlive');
    for (let call = 0; call < 3; call += 1) await transport.send(ask());
    // With the same values Node leaves it at the first time.
    expect(new Set(setKeepAlive.mock.calls.map(String)).size).toBe(1);
    setKeepAlive.mockRestore();
  });

  it('a fresh connection may wait for its answer longer than an idle one counts as fresh', async () => {
    handler = (_request, response) => {
      setTimeout(() => response.end('1'), 3 * FRESH_FOR_MS);
    };
    expect((await transport.send(ask({ freshConnection: true }))).body).toBe(1);
  });

  describe('a body that is streamed', () => {
    const pieces = ['{"ü":', ' [1]', '}'];
    const streamed = (bytes: number, rest?: () => AsyncGenerator<Buffer>) =>
      ask({
        method: 'POST',
        body: {
          bytes,
          async *pieces() {
            yield* pieces.map((piece) => Buffer.from(piece));
            if (rest !== undefined) yield* rest();
            await Promise.resolve();
          },
        },
      });

    it('arrives whole and with its length, at every repetition', async () => {
      handler = (request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          response.end(JSON.stringify([request.headers['content-length'], body]));
        });
      };
      const request = streamed(11);
      for (let times = 0; times < 2; times += 1) {
        expect((await transport.send(request)).body).toEqual(['11', '{"ü": [1]}']);
      }
    });

    it('that breaks off says so itself, and the other side never takes it for whole', async () => {
      let whole = false;
      handler = (request) => request.on('end', () => (whole = true));
      const broken = new Error('The disk is gone.');
      const request = streamed(1_000, async function* () {
        yield await Promise.reject<Buffer>(broken);
      });
      await expect(transport.send(request)).rejects.toBe(broken);
      expect(whole).toBe(false);
    });

    it.each([10, 12])(
      'that is said to have %i bytes instead of 11 is not passed off as a request',
      async (bytes) => {
        handler = () => undefined;
        await expect(transport.send(streamed(bytes))).rejects.toThrow(InternalError);
      },
    );

    it('that is answered before its end is not sent to its end', async () => {
      handler = (_request, response) => response.writeHead(401).end('no');
      let ended = false;
      const request = streamed(1e9, async function* () {
        try {
          for (;;) yield await Promise.resolve(Buffer.alloc(100_000));
        } finally {
          ended = true;
        }
      });
      const answer = await transport.send(request).catch((error: unknown) => error);
      // Some systems break the connection before the answer is read.
      if (!(answer instanceof TransportError)) expect(answer).toMatchObject({ status: 401 });
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended).toBe(true);
    });
  });

  it('opens no more connections than allowed', async () => {
    handler = (_request, response) => response.end('1');
    await Promise.all(Array.from({ length: 10 }, () => transport.send(ask())));
    expect(sockets.size).toBe(2);
  });
});

function pick(record: Readonly<Record<string, string>>, names: readonly string[]): unknown {
  return Object.fromEntries(names.map((name) => [name, record[name]]));
}
