import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { EmulatedRequest, EmulatedResponse, Emulator } from './emulator.js';
import {
  startEmulatorServer,
  type EmulatorServer,
  type EmulatorServerOptions,
} from './emulator-server.js';

/** Records requests, and returns a fixed answer. */
class Recorder implements Emulator {
  readonly seen: { request: EmulatedRequest; now: number }[] = [];
  answer: EmulatedResponse = { status: 200, body: { ok: true } };

  handle(request: EmulatedRequest, now: number): EmulatedResponse {
    this.seen.push({ request, now });
    return this.answer;
  }
}

describe('startEmulatorServer', () => {
  const servers: EmulatorServer[] = [];
  let recorder: Recorder;

  async function start(options: EmulatorServerOptions = {}): Promise<EmulatorServer> {
    recorder = new Recorder();
    const server = await startEmulatorServer(recorder, { clock: () => 1_000, ...options });
    servers.push(server);
    return server;
  }

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it('sends its own time, so that clock differences can be tested', async () => {
    const { url } = await start();
    expect((await fetch(url)).headers.get('date')).toBe('Thu, 01 Jan 1970 00:00:01 GMT');
  });

  it('passes requests on unchanged, and answers as JSON', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/a%2Fb/C?q=%7B%7D&x=1`, {
      method: 'PATCH',
      headers: { 'X-Test': 'yes' },
      body: '{"ü":1}',
    });
    const { request, now } = recorder.seen[0] ?? {};
    expect({
      status: answer.status,
      type: answer.headers.get('content-type'),
      body: await answer.text(),
      request: { ...request, query: [...(request?.query ?? [])], headers: undefined },
      header: request?.headers['x-test'],
      now,
    }).toEqual({
      status: 200,
      type: 'application/json; charset=utf-8',
      body: '{"ok":true}',
      request: {
        method: 'PATCH',
        path: '/a%2Fb/C',
        query: [
          ['q', '{}'],
          ['x', '1'],
        ],
        headers: undefined,
        body: '{"ü":1}',
      },
      header: 'yes',
      now: 1_000,
    });
  });

  it.each<[EmulatedResponse, string | null, string]>([
    [{ status: 200 }, null, ''],
    [{ status: 500, body: 'Bare' }, 'application/json; charset=utf-8', '"Bare"'],
    [
      { status: 200, body: 'text', headers: { 'Content-Type': 'text/plain' } },
      'text/plain',
      'text',
    ],
  ])('sends %j', async (response, type, body) => {
    const { url } = await start();
    recorder.answer = response;
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      response.status,
      type,
      body,
    ]);
  });

  it('records recent requests, without their queries', async () => {
    const { url, requests } = await start({ maxLoggedRequests: 2 });
    for (const path of ['/1', '/2?token=secret', '/3']) await fetch(url + path);
    expect(requests).toEqual([
      { method: 'GET', path: '/2', at: 1_000, status: 200 },
      { method: 'GET', path: '/3', at: 1_000, status: 200 },
    ]);
  });

  it('decompresses a gzipped body', async () => {
    const { url } = await start();
    await fetch(url, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync('{"a":1}'),
    });
    expect(recorder.seen.map(({ request }) => request.body)).toEqual(['{"a":1}']);
  });

  it('announces the keep-alive timeout, and closes idle connections', async () => {
    expect((await fetch((await start()).url)).headers.get('keep-alive')).toBe('timeout=5');
    const { port } = await start({ keepAliveTimeoutMs: 20 });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const ended = await new Promise<string>((resolve) => {
      socket.resume();
      socket.on('end', () => {
        resolve('dropped');
      });
    });
    expect(ended).toBe('dropped');
  });

  it('destroys the connection before or after carrying out the request', async () => {
    const { url, faults, requests } = await start();
    faults.add({ times: 1, effect: { type: 'reset' } });
    await expect(fetch(url, { method: 'POST' })).rejects.toThrow('fetch failed');
    const before = recorder.seen.length;
    faults.add({ times: 1, effect: { type: 'lost-answer' } });
    await expect(fetch(url, { method: 'POST' })).rejects.toThrow('fetch failed');
    expect([before, recorder.seen.length, requests.map((request) => request.status)]).toEqual([
      0,
      1,
      [null, null],
    ]);
  });

  it('carries out nothing during a latency, nor after it was closed', async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const server = await start();
    server.faults.add({ effect: { type: 'latency', ms: 3_600_000 } });
    const waiting = fetch(server.url).catch(() => 'broken');
    await until(() => server.requests.length === 1 && timers() > before);
    await server.close();
    expect([await waiting, recorder.seen]).toEqual(['broken', []]);
    // Not immediately: fetch has timers of its own.
    await until(() => timers() <= before);
  });

  it('closes even with hanging requests', async () => {
    const server = await start();
    server.faults.add({ effect: { type: 'hang' } });
    const hanging = fetch(server.url).then(
      () => 'answered',
      () => 'broken',
    );
    const slow = await start();
    recorder.answer = { status: 200, delayMs: Number.POSITIVE_INFINITY };
    const waiting = fetch(slow.url).then(
      () => 'answered',
      () => 'broken',
    );
    await until(() => server.requests.length === 1 && recorder.seen.length === 1);
    await Promise.all([server.close(), slow.close()]);
    expect([await hanging, await waiting]).toEqual(['broken', 'broken']);
    await server.close();
  });
});

describe('the fault control', () => {
  let server: EmulatorServer;

  async function control(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${server.url}/__sandbox/faults${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return [answer.status, await answer.json()];
  }

  afterEach(() => server.close());

  it('sets, shows and removes rules, even during an outage', async () => {
    server = await startEmulatorServer(new Recorder());
    const rule = {
      match: { method: 'POST', path: '/jobs$' },
      times: 1,
      probability: 0.5,
      effect: { type: 'status', status: 503, body: {}, headers: { 'retry-after': '1' } },
    };
    const listed = { id: 'fault-1', ...rule };
    const reset = { type: 'reset' };
    expect([
      await control('POST', '', rule),
      await control('POST', '', { outage: true }),
      await control('GET', ''),
      await control('DELETE', '/fault-1'),
      await control('DELETE', '/fault-1'),
      await control('POST', '', { outage: { type: 'latency', ms: 1 } }),
      await control('POST', '', { outage: false }),
      await control('POST', '', { id: 'g', effect: { type: 'garbage', carriedOut: true } }),
      await control('DELETE', ''),
      server.requests,
    ]).toEqual([
      [201, listed],
      [200, { outage: reset, rules: [listed] }],
      [200, { outage: reset, rules: [listed] }],
      [200, { outage: reset, rules: [] }],
      [404, { message: 'There is no fault with the id "fault-1".' }],
      [200, { outage: { type: 'latency', ms: 1 }, rules: [] }],
      [200, { outage: false, rules: [] }],
      [201, { id: 'g', match: {}, effect: { type: 'garbage', carriedOut: true } }],
      [200, { outage: false, rules: [] }],
      [],
    ]);
  });

  it('explains invalid input', async () => {
    server = await startEmulatorServer(new Recorder());
    const wrong: readonly [string, unknown, string][] = [
      ['POST', '{', 'The body must be JSON.'],
      ['POST', [], 'The body must be a JSON object.'],
      ['POST', { effect: { type: 'nope' } }, 'The "type" of an effect must be one of latency'],
      ['POST', { effect: { type: 'reset', ms: 1 } }, 'A "reset" has no field "ms", only type.'],
      ['POST', { effect: { type: 'latency', ms: 'x' } }, '"ms" must be a number.'],
      ['POST', { time: 1, effect: { type: 'reset' } }, 'A fault has no field "time"'],
      ['POST', { match: { path: '(' }, effect: { type: 'reset' } }, 'Invalid regular expression'],
      ['POST', { times: 0, effect: { type: 'reset' } }, '"times" must be a whole number'],
    ];
    const answers = await Promise.all(
      wrong.map(([method, body]) => control(method, '', body) as Promise<[number, unknown]>),
    );
    expect(answers).toEqual(
      wrong.map(([, , message]) => [400, { message: expect.stringContaining(message) }]),
    );
    expect(await control('PUT', '', {})).toEqual([
      405,
      { message: 'Use GET to list faults, POST to set them and DELETE to remove them.' },
    ]);
  });
});

/** Waits for other callbacks of the event loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
