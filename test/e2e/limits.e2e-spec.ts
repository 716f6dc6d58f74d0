import { afterEach, describe, expect, it } from '@jest/globals';
import type { ServerLimits } from '../../src/hardening/server-limits.js';
import { ALICES_DATASET, eventually, TestService } from '../support/service.js';
import { RawConnection, readRaw } from './raw-http.js';

const TARGET = `/transfer?sourceFacility=SOURCE&destFacility=ARCHIVE&scicatPid=${encodeURIComponent(ALICES_DATASET)}&collectionRootPath=/data`;
const MIB = 1024 * 1024;
const BODY = '{"fileList": [{"path": "a.h5", "isSymlink": false}]}';

/** A list of at least so many bytes. */
function listOf(bytes: number): string {
  const folder = 'run/'.repeat(1_000);
  const fileList = Array.from({ length: Math.ceil(bytes / folder.length) }, (_, n) => ({
    path: `${folder}${n}.h5`,
    isSymlink: false,
  }));
  return JSON.stringify({ fileList });
}

let service: TestService;
const open: RawConnection[] = [];
const logged: string[] = [];

async function start(limits: Partial<ServerLimits>, yaml = ''): Promise<void> {
  service = await TestService.start({
    pollSeconds: 0.1,
    limits: { checkEveryMs: 20, ...limits },
    yaml,
    log: { write: (line) => logged.push(line) },
  });
  await service.ready();
}

afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  logged.length = 0;
  await service.stop();
});

async function connect(): Promise<RawConnection> {
  // As an attacker would, it does not hang up itself.
  const connection = await RawConnection.to(service.url, { stubborn: true });
  open.push(connection);
  return connection;
}

function head(length: number | 'chunked', more = ''): string {
  const size =
    length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length.toString()}`;
  return `POST ${TARGET} HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${service.tokens.alice}\r\nContent-Type: application/json\r\n${size}\r\n${more}\r\n`;
}

/** Status and code of the one answer on a connection that the service has closed. */
function answered(text: string): unknown {
  const { status, headers, body } = readRaw(text);
  const { code } = JSON.parse(body) as { readonly code: unknown };
  return { status, code, retryAfter: headers['retry-after'] };
}

const BAD_REQUEST = { status: 400, code: 'INVALID_REQUEST', retryAfter: undefined };
const TOO_BUSY = { status: 503, code: 'TOO_BUSY', retryAfter: '5' };

const connections = () =>
  new Promise<number>((resolve, reject) => {
    const server = service.app.getHttpServer();
    server.getConnections((error: Error | null, count: number) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });

const nobodyIsLeft = () =>
  eventually(async () => (await connections()) === 0, 'the service closes the connection');

describe('what takes too long is ended', () => {
  it('a connection on which nothing is ever sent', async () => {
    await start({ headersMs: 50 });
    const connection = await connect();
    expect(answered(await connection.closed())).toEqual(BAD_REQUEST);
    await nobodyIsLeft();
  });

  it('headers that never end', async () => {
    await start({ headersMs: 50 });
    const connection = await connect();
    connection.write('GET /version HTTP/1.1\r\nX-A: ');
    const drip = setInterval(() => {
      connection.write('a');
    }, 5);
    const text = await connection.closed();
    clearInterval(drip);
    expect(answered(text)).toEqual(BAD_REQUEST);
    await nobodyIsLeft();
  });

  it('a body that comes steadily but never ends', async () => {
    await start({ headersMs: 100, requestMs: 150 });
    const connection = await connect();
    connection.write(head(1e6));
    const drip = setInterval(() => {
      connection.write(' '.repeat(100));
    }, 5);
    const text = await connection.closed();
    clearInterval(drip);
    expect(answered(text)).toEqual(BAD_REQUEST);
    await nobodyIsLeft();
  });

  it('a body that trickles in', async () => {
    await start({ slowBodySeconds: 1, bodyBytesPerSecond: 1e6 });
    const connection = await connect();
    connection.write(`${head(1e6)}{"fileList": [`);
    expect(answered(await connection.closed())).toEqual(BAD_REQUEST);
    await nobodyIsLeft();
  });

  it('a body that goes on coming long after its request was refused', async () => {
    await start({ lingerMs: 50 });
    const connection = await connect();
    connection.write(head(1e6).replace(service.tokens.alice, 'nobody'));
    const drip = setInterval(() => {
      connection.write(' ');
    }, 5);
    const text = await connection.closed();
    clearInterval(drip);
    expect(answered(text)).toEqual({ ...BAD_REQUEST, status: 401, code: 'UNAUTHENTICATED' });
    await nobodyIsLeft();
  });

  it('a connection that is kept for a next request which never comes', async () => {
    await start({ keepAliveMs: 50 });
    const connection = await connect();
    connection.write('GET /version HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(readRaw(await connection.closed()).status).toBe(200);
    await nobodyIsLeft();
  });

  it('not a connection that is idle for longer than a request may take', async () => {
    await start({ headersMs: 40, requestMs: 50, silenceMs: 50, keepAliveMs: 1e6 });
    const idle = await connect();
    idle.write('GET /version HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => idle.text.includes('"version"'), 'the first request is answered');
    // One after the other, these are ended after the times above.
    for (let n = 0; n < 3; n += 1) await (await connect()).closed();
    idle.write('GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(await idle.closed()).toContain('NOT_FOUND');
  });

  it('a client that does not read the answer', async () => {
    await start({ silenceMs: 100, keepAliveMs: 1e6 });
    const connection = await connect();
    connection.pause();
    // More than the buffers of both sides hold.
    connection.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20));
    await eventually(async () => (await connections()) === 1, 'the service is asked');
    await nobodyIsLeft();
  });
});

describe('the keep-alive race', () => {
  it("a POST after the 90 s for which Go's client keeps a connection meets an open one", async () => {
    await start({});
    // What Node enforces, and what it announces to clients that listen.
    const server = service.app.getHttpServer();
    const { headers } = await service.call('GET', '/version');
    expect([server.keepAliveTimeout, headers.get('keep-alive')]).toEqual([620_000, 'timeout=620']);
    // Google's load balancer keeps them for 600 s, longer than any other common client.
    expect(server.keepAliveTimeout).toBeGreaterThan(600_000);
  });

  it('idle connections make room for new ones when there is none', async () => {
    await start({}, 'server: { maxConnections: 3 }');
    const idle = await Promise.all([connect(), connect()]);
    for (const one of idle) {
      one.write('GET /version HTTP/1.1\r\nHost: x\r\n\r\n');
      await eventually(() => one.text.includes('"version"'), 'it is answered');
    }
    const busy = await connect();
    busy.write(`${head(1000, 'Connection: close\r\n')}{`);
    // The one that has been idle for longest.
    await idle[0].closed();
    for (let n = 0; n < 5; n += 1) {
      expect(
        (await service.call('GET', '/version', { headers: { Connection: 'close' } })).status,
      ).toBe(200);
    }
    await idle[1].closed();
    await eventually(async () => (await connections()) === 1, 'only the busy one is left');
    busy.write(BODY.slice(1).padEnd(999));
    expect(readRaw(await busy.closed()).status).toBe(200);
    expect(logged.filter((line) => line.includes('connection limit reached'))).toEqual([]);
  });
});

describe('limits of simultaneous use', () => {
  it('connections that are all in use leave no room for more, and one line tells so', async () => {
    await start({}, 'server: { maxConnections: 2 }');
    service.scicat.faults.add({ match: { path: 'identity' }, effect: { type: 'hang' } });
    const asked = () => service.scicat.requests.filter(({ path }) => path.includes('identity'));
    for (const who of ['one', 'two']) {
      const before = asked().length;
      (await connect()).write(head(0).replace(service.tokens.alice, who));
      await eventually(() => asked().length > before, 'it is busy');
    }
    for (let n = 0; n < 5; n += 1) expect(await (await connect()).closed()).toBe('');
    expect(logged.filter((line) => line.includes('connection limit reached'))).toHaveLength(1);
  });

  it('bodies beyond what memory there is are put off, and get in when there is room', async () => {
    await start({}, 'server: { maxBodiesMiB: 3, maxBodiesPerUserMiB: 3, smallBodiesMiB: 1 }');
    const first = await connect();
    first.write(head(1.5 * MIB, 'Expect: 100-continue\r\n'));
    await eventually(() => first.text.includes('100 Continue'), 'the first body is wanted');
    const second = await connect();
    second.write(`${head(1.25 * MIB, 'Connection: close\r\n')}{`);
    expect(answered(await second.closed())).toEqual(TOO_BUSY);
    // It does not say how long it will be, and turns out to be too long.
    const third = await connect();
    const list = listOf(1.25 * MIB);
    third.write(
      `${head('chunked', 'Connection: close\r\n')}${list.length.toString(16)}\r\n${list}\r\n`,
    );
    expect(answered(await third.closed())).toEqual(TOO_BUSY);
    // Short ones still fit in.
    expect((await service.post({}, { body: BODY })).status).toBe(200);

    first.close();
    await eventually(
      async () => (await service.post({}, { body: listOf(1.5 * MIB) })).status === 200,
      'there is room again',
    );
  });

  it('a slot is released after each body, whatever the outcome of its request', async () => {
    await start({}, 'server: { maxBodiesMiB: 2, maxBodiesPerUserMiB: 2, smallBodiesMiB: 0 }');
    const list = listOf(1.5 * MIB);
    for (const [body, status] of [
      [list, 200],
      [`${list.slice(0, -1)},`, 400],
      [list.replace('"path"', '"paths"'), 400],
      [list, 200],
    ] as const) {
      expect((await service.post({}, { body })).status).toBe(status);
    }
  });
});
