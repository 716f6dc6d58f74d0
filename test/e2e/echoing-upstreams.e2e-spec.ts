import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  eventually,
  SECRETS,
  startUpstreams,
  TestService,
  type Upstreams,
} from '../support/service.js';

/** How an upstream quotes a request that it does not like. */
type Quote = (request: { readonly headers: string; readonly body: string }) => string;

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
const QUOTES: readonly (readonly [string, Quote])[] = [
  ['as it is', ({ headers, body }) => `${headers} ${body}`],
  [
    'in a message of a framework',
    ({ headers, body }) => JSON.stringify({ message: `${headers} ${body}` }),
  ],
  [
    'in fields of an error',
    ({ headers, body }) =>
      JSON.stringify({ code: headers, message: body, error: headers, error_description: body }),
  ],
  [
    'in Globus’s own form',
    ({ headers, body }) => JSON.stringify({ errors: [{ code: body, detail: headers, id: body }] }),
  ],
  [
    'percent-encoded',
    ({ headers, body }) => JSON.stringify({ message: encodeURIComponent(headers + body) }),
  ],
  ['in Base64', ({ headers, body }) => JSON.stringify({ message: base64(`${headers}\n${body}`) })],
  [
    'after a lot of text',
    ({ headers, body }) => JSON.stringify({ message: `${'x'.repeat(470)} ${headers} ${body}` }),
  ],
];

/** Passes requests on, or answers with what it was asked. */
class Echo {
  url = '';
  quote: Quote | undefined;
  status = 400;
  private readonly server: Server;

  constructor(target: string) {
    this.server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        if (this.quote !== undefined) {
          const headers = JSON.stringify(request.headers);
          response.writeHead(this.status, { 'Content-Type': 'application/json' });
          response.end(this.quote({ headers, body }));
          return;
        }
        const { method, headers } = request;
        const onward = forward(`${target}${request.url ?? ''}`, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        });
        onward.on('error', () => response.destroy());
        onward.end(body);
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const piece of request as AsyncIterable<Buffer>) body += piece.toString();
  return body;
}

/** Pieces of what must not be shown: of nine bytes, in plain text and in Base64. */
function piecesOf(secret: string): readonly string[] {
  const forms = [0, 1, 2].map((at) =>
    base64('-'.repeat(at) + secret).slice(Math.ceil((at * 8) / 6), -4),
  );
  return [cut(secret, 9), ...forms.map((form) => cut(form, 12))].flat();
}

function cut(text: string, length: number): readonly string[] {
  const count = Math.max(0, text.length - length + 1);
  return Array.from({ length: count }, (_, at) => text.slice(at, at + length));
}

describe('SciCat or Globus that quotes the request, with its passwords and tokens', () => {
  let upstreams: Upstreams;
  let scicat: Echo;
  let globus: Echo;

  beforeAll(async () => {
    upstreams = await startUpstreams();
    scicat = new Echo(upstreams.scicat.url);
    globus = new Echo(upstreams.globus.url);
    await scicat.start();
    await globus.start();
  });
  afterAll(async () => {
    await Promise.all([scicat.stop(), globus.stop()]);
    await Promise.all([upstreams.scicat.close(), upstreams.globus.close()]);
  });

  const start = (log: string[]): Promise<TestService> =>
    TestService.start({
      upstreams,
      pollSeconds: 0.1,
      log: { write: (line) => log.push(line) },
      change: (config) => ({
        ...config,
        scicatUrl: scicat.url,
        globus: { authUrl: globus.url, transferUrl: `${globus.url}/v0.10` },
      }),
    });

  let quoted = 0;
  const cases = QUOTES.map(
    ([how, quote], index) => [how, index % 3 === 1 ? 401 : 500, quote] as const,
  );
  it.each(cases)('reveals none of them: %s, with %i', async (how, status, quote) => {
    const logged: string[] = [];
    const shown: string[] = [];
    for (const upstream of [scicat, globus]) Object.assign(upstream, { status, quote });
    // The service logs in to both when it starts.
    const service = await start(logged);
    try {
      await eventually(
        () => logged.some((line) => line.includes('reading the open SciCat jobs failed')),
        'it can’t log in to SciCat',
      );
      shown.push((await service.call('GET', '/transfer', { who: 'alice' })).text);
      shown.push((await service.call('GET', '/health/ready')).text);
      scicat.quote = undefined;
      // After a refused login, the service waits for half a minute.
      if (status !== 401) {
        await service.ready();
        const jobId = await service.accepted({
          scicatPid: service.addDataset(`quoted ${how}`),
        });
        shown.push(JSON.stringify(await service.reaches(jobId, '001')));
        shown.push((await service.call('GET', '/health/ready')).text);
      }
    } finally {
      globus.quote = undefined;
      await service.stop();
    }
    const text = [...logged, ...shown].join('\n');
    if (text.includes('[hidden]')) quoted += 1;
    const found = [SECRETS.scicatPassword, SECRETS.globusSecret, service.tokens.alice.slice(-30)]
      .flatMap(piecesOf)
      .filter((piece) => text.includes(piece));
    expect(found).toEqual([]);
  });

  it('proves something: the requests were quoted', () => {
    expect(quoted).toBeGreaterThan(2);
  });
});
