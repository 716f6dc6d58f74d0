import { afterEach, describe, expect, it } from '@jest/globals';
import { samplesOf, sumOf } from '../support/samples.js';
import { ALICES_DATASET, BOBS_DATASET, eventually, TestService } from '../support/service.js';
import { statusAndCode } from './error-shape.js';
import { RawConnection, readRaw } from './raw-http.js';

/*
 * What one caller can do to all others: by sending more at once, or more slowly, than anybody should.
 */

const MIB = 1024 * 1024;
const FILE = { path: 'a.h5', isSymlink: false };
/** All connections of a test come from one address. */
const ANY_ADDRESS = 'maxConnectionsPerAddress: 0';
const BUSY = { status: 503, code: 'TOO_MANY_REQUESTS', retryAfter: '5' };

let service: TestService;
const open: RawConnection[] = [];
const logged: string[] = [];

async function start(server = ''): Promise<void> {
  service = await TestService.start({
    pollSeconds: 0.1,
    yaml: server === '' ? '' : `server: { ${server} }`,
    log: { write: (line) => logged.push(line) },
  });
  await service.ready();
}

afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  logged.length = 0;
  await service.stop();
});

async function connect(url = service.url): Promise<RawConnection> {
  const connection = await RawConnection.to(url, { stubborn: true });
  open.push(connection);
  return connection;
}

/** Not all of them at the same moment, for which no server's backlog is long enough. */
async function connectTimes(times: number): Promise<readonly RawConnection[]> {
  const all: RawConnection[] = [];
  while (all.length < times) {
    const some = Array.from({ length: Math.min(50, times - all.length) }, () => connect());
    all.push(...(await Promise.all(some)));
  }
  return all;
}

const get = (path: string, token: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${token}\r\n\r\n`;

function hangSciCat(path: string): void {
  service.scicat.faults.add({ match: { path }, effect: { type: 'hang' } });
}

const askedOf = (path: string): number =>
  service.scicat.requests.filter((request) => request.path.includes(path)).length;

function answered(connection: RawConnection): unknown {
  const { status, headers, body } = readRaw(connection.text);
  const { code } = JSON.parse(body) as { readonly code: unknown };
  return { status, code, retryAfter: headers['retry-after'] };
}

const answers = (all: readonly RawConnection[]): readonly RawConnection[] =>
  all.filter(({ text }) => text !== '');

async function metric(name: string, labels: Readonly<Record<string, string>> = {}) {
  const { text } = await service.call('GET', '/metrics');
  return sumOf(samplesOf(text), `globus_proxy_${name}`, labels);
}

const jobId = (first: string, n: number): string =>
  `${first.repeat(8)}-0000-4000-8000-${String(n).padStart(12, '0')}`;

const linesWith = (text: string): readonly string[] => logged.filter((line) => line.includes(text));

describe('requests sent ahead on one connection', () => {
  it('45,000 of them are one that is handled, and the end of the connection', async () => {
    await start();
    hangSciCat('identity');
    const connection = await connect();
    connection.write(
      Array.from({ length: 45_000 }, (_, n) => get('/transfer', `wrong-${n}`)).join(''),
    );
    await connection.closed();
    expect(askedOf('identity')).toBeLessThanOrEqual(1);
    expect(await metric('requests_waiting')).toBe(0);
    expect(await metric('requests_running')).toBeLessThanOrEqual(1);
    expect(await metric('refused_total', { what: 'pipelining' })).toBe(1);
    expect(linesWith('sent ahead')).toHaveLength(1);
  });

  it('a few are handled one after the other', async () => {
    await start();
    const paths = ['/version', '/nowhere', '/version', '/transfer', '/version', '/nowhere'];
    const connection = await connect();
    const last = 'GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    connection.write(paths.map((path) => get(path, '')).join('') + last);
    const statuses = [...(await connection.closed()).matchAll(/HTTP\/1\.1 (\d+)/g)];
    expect(statuses.map(([, status]) => Number(status))).toEqual([
      200, 404, 200, 401, 200, 404, 200,
    ]);
  });

  it('the second one is not begun before the first one has ended', async () => {
    await start('maxFailedLoginsPerMinute: 0');
    hangSciCat('identity');
    const [pipelined, other] = await Promise.all([connect(), connect()]);
    pipelined.write(get('/transfer', 'first') + get('/transfer', 'second'));
    await eventually(() => askedOf('identity') === 1, 'the first one is begun');
    other.write(get('/transfer', 'third'));
    await eventually(() => askedOf('identity') === 2, 'another connection is not held up');
    pipelined.close();
    expect(askedOf('identity')).toBe(2);
  });
});

describe('a flood of wrong tokens while SciCat hangs', () => {
  it('is refused at once beyond a bounded line, and nothing piles up if the callers leave', async () => {
    await start(`${ANY_ADDRESS}, maxFailedLoginsPerMinute: 0`);
    hangSciCat('identity');
    const flood = await connectTimes(600);
    for (const [n, one] of flood.entries()) one.write(get('/transfer', `wrong-${n}`));
    await eventually(() => answers(flood).length === 600 - 432, 'what is too much is refused');
    await eventually(() => askedOf('identity') === 32, 'some are processed');
    for (const one of answers(flood)) expect(answered(one)).toEqual(BUSY);
    expect(await metric('requests_waiting')).toBe(400);
    expect(await metric('refused_total', { what: 'request' })).toBe(168);
    expect(linesWith('too many requests are waiting')).toHaveLength(1);
    expect(linesWith('"status":503').every((line) => line.includes('"level":"debug"'))).toBe(true);

    for (const one of flood) one.close();
    await eventually(async () => (await metric('requests_waiting')) === 0, 'the line is empty');
    const again = await connectTimes(100);
    for (const [n, one] of again.entries()) one.write(get('/transfer', `more-${n}`));
    await eventually(async () => (await metric('requests_waiting')) === 100, 'all of them wait');
    // The calls for those who have left are still under way.
    expect([askedOf('identity'), await metric('requests_running')]).toEqual([32, 32]);
  });

  it('a user whose token is known is not behind them', async () => {
    await start(`${ANY_ADDRESS}, maxFailedLoginsPerMinute: 0, maxRequests: 40`);
    expect((await service.call('GET', '/facilities', { who: 'alice' })).status).toBe(200);
    service.scicat.faults.add({
      match: { path: 'identity' },
      times: 32,
      effect: { type: 'hang' },
    });
    const flood = await connectTimes(200);
    for (const [n, one] of flood.entries()) one.write(get('/transfer', `wrong-${n}`));
    await eventually(async () => (await metric('requests_waiting')) === 168, 'the others wait');
    expect((await service.call('GET', '/facilities', { who: 'alice' })).status).toBe(200);
  });
});

describe('many requests of one user at once', () => {
  it('1,200 do not delay a single one of another user, nor probes', async () => {
    await start(ANY_ADDRESS);
    const { alice } = service.tokens;
    expect((await service.call('GET', '/facilities', { who: 'alice' })).status).toBe(200);
    hangSciCat('aaaaaaaa-0000');
    const flood = await connectTimes(1_200);
    for (const [n, one] of flood.entries()) {
      one.write(get(`/transfer/${jobId('a', n)}`, alice));
    }
    await eventually(() => answers(flood).length === 1_200 - 432, 'what is too much is refused');
    await eventually(() => askedOf('aaaaaaaa-0000') === 32, "alice's share is processed");
    for (const one of answers(flood)) expect(answered(one)).toEqual(BUSY);

    const path = `/transfer/${jobId('b', 1)}`;
    expect(statusAndCode(await service.call('GET', path, { who: 'bob' }))).toEqual([
      404,
      'JOB_NOT_FOUND',
    ]);
    // Not one of hers has been answered meanwhile.
    expect([answers(flood).length, askedOf('aaaaaaaa-0000')]).toEqual([1_200 - 432, 32]);
    expect((await service.call('GET', '/health/live')).status).toBe(200);
    expect((await service.call('GET', '/health/ready')).status).toBe(200);
  });

  it('when all places are taken, another user is served after one turn of theirs', async () => {
    await start(`${ANY_ADDRESS}, maxRequests: 1, maxRequestsPerUser: 1`);
    const { alice, bob } = service.tokens;
    for (const who of ['alice', 'bob']) await service.call('GET', '/facilities', { who });
    service.scicat.faults.add({ match: { path: 'aaaaaaaa-' }, effect: { type: 'latency', ms: 5 } });
    const flood = await connectTimes(100);
    for (const [n, one] of flood.entries()) {
      one.write(get(`/transfer/${jobId('a', n)}`, alice));
    }
    await eventually(async () => ((await metric('requests_waiting')) ?? 0) > 50, 'they wait');
    const before = answers(flood).length;
    const single = await connect();
    single.write(get(`/transfer/${jobId('b', 1)}`, bob));
    await eventually(() => single.text !== '', 'bob is answered');
    const order = service.scicat.requests.map((request) => request.path);
    const turnOfBob = order.findIndex((asked) => asked.includes('bbbbbbbb-'));
    const turnsOfAlice = order.slice(0, turnOfBob).filter((asked) => asked.includes('aaaaaaaa-'));
    expect(turnsOfAlice.length).toBeGreaterThanOrEqual(before);
    expect(turnsOfAlice.length).toBeLessThan(50);
    await eventually(() => answers(flood).length === 100, 'everybody is answered in the end');
    expect(flood.map(({ text }) => readRaw(text).status)).toEqual(Array(100).fill(404));
  });

  it('an honest burst of 200 is answered whole, with a token that was never seen before', async () => {
    await start();
    const burst = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        service.post({}, { body: { fileList: [{ ...FILE, path: `scan-${n}.h5` }] } }),
      ),
    );
    expect(new Set(burst.map(({ status }) => status))).toEqual(new Set([200]));
    const ids = burst.map(({ json }) => (json as { readonly jobId: string }).jobId);
    expect(new Set(ids).size).toBe(200);
    expect(await metric('refused_total')).toBe(0);
    await eventually(async () => (await metric('requests_running')) === 0, 'all have ended');
  });
});

describe('a large body that is announced and sent slowly', () => {
  const target = (pid: string): string =>
    `/transfer?sourceFacility=SOURCE&destFacility=ARCHIVE&scicatPid=${encodeURIComponent(pid)}&collectionRootPath=/data`;

  /** Announces a body, and waits until the service asks for it. */
  async function announce(token: string, pid: string, bytes: number): Promise<RawConnection> {
    const connection = await connect();
    connection.write(
      `POST ${target(pid)} HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${token}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`,
    );
    await eventually(() => connection.text.includes('100 Continue'), 'the body is wanted');
    return connection;
  }

  const BEGINNING = '{"fileList": [';
  const SUBFOLDER = 'run/'.repeat(1_000);
  const entriesOf = (bytes: number): string =>
    Array.from({ length: Math.ceil(bytes / SUBFOLDER.length) }, (_, n) =>
      JSON.stringify({ ...FILE, path: `${SUBFOLDER}${n}.h5` }),
    ).join(',');
  /** Of about so many bytes. */
  const listOf = (bytes: number): string => `${BEGINNING}${entriesOf(bytes * 0.98)}]}`;

  it('keeps neither small nor large bodies of others out', async () => {
    await start();
    const slow = await announce(service.tokens.carol, BOBS_DATASET, 128 * MIB);
    slow.write(BEGINNING.padEnd(1_400));
    for (const bytes of [10_000, MIB, 40 * MIB]) {
      const { status, text } = await service.post({}, { body: listOf(bytes) });
      expect([bytes, status, status === 200 ? '' : text]).toEqual([bytes, 200, '']);
    }
    expect(await metric('refused_total')).toBe(0);
  });

  it('is sent away if it fills the room in which others have a share', async () => {
    await start('maxBodiesMiB: 6, maxBodiesPerUserMiB: 2, smallBodiesMiB: 1');
    const greedy = await announce(service.tokens.carol, BOBS_DATASET, 10 * MIB);
    greedy.write(`${BEGINNING}${entriesOf(4.5 * MIB)}`);
    await eventually(
      async () => ((await metric('request_body_bytes')) ?? 0) > 4.5 * MIB,
      'it takes what is free',
    );
    expect((await service.post({}, { body: listOf(2 * MIB) })).status).toBe(200);
    await eventually(() => greedy.text.includes('TOO_BUSY'), 'it gives way');
    expect(linesWith('no room for further request bodies')).toHaveLength(1);
    await eventually(async () => (await metric('request_body_bytes')) === 0, 'nothing is left');
  });

  it('counts for as long as the service works on it, also if the client leaves once it has arrived', async () => {
    await start('maxBodiesMiB: 4, maxBodiesPerUserMiB: 3, smallBodiesMiB: 1');
    hangSciCat('/datasets');
    const parameters = `"sourceFacility":"SOURCE","destFacility":"ARCHIVE","scicatPid":"${ALICES_DATASET}"`;
    const body = `{${parameters},"fileList":[${entriesOf(2 * MIB)}]}`;
    const client = await connect();
    client.write(
      `POST /transfer HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${service.tokens.alice}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually(() => askedOf('/datasets') === 1, 'its body has been read');
    const [taken, connections] = [await metric('request_body_bytes'), await metric('connections')];
    expect(taken).toBeGreaterThan(2 * MIB);
    client.close();
    await eventually(
      async () => (await metric('connections')) === (connections ?? 0) - 1,
      'it has left',
    );
    expect(await metric('request_body_bytes')).toBe(taken);
  });
});

describe('silent connections', () => {
  it.each([
    ['from one address', ''],
    ['from many addresses', ANY_ADDRESS],
  ])('2,050 of them %s do not keep a probe out, nor a caller', async (_, setting) => {
    await start(setting);
    await connectTimes(2_050);
    expect((await service.call('GET', '/health/live')).status).toBe(200);
    expect((await service.call('GET', '/facilities', { who: 'alice' })).status).toBe(200);
    expect(await metric('connections')).toBeLessThanOrEqual(setting === '' ? 500 : 2_000);
  });

  it('a busy connection is never closed for the sake of a new one', async () => {
    await start('maxConnections: 3, maxConnectionsPerAddress: 2');
    hangSciCat('identity');
    const busy = await Promise.all([connect(), connect()]);
    for (const [n, one] of busy.entries()) one.write(get('/transfer', `token-${n}`));
    await eventually(() => askedOf('identity') === 2, 'both are busy');
    for (let n = 0; n < 3; n += 1) expect(await (await connect()).closed()).toBe('');
    expect(linesWith('too many connections from one address')).toHaveLength(1);
  });

  it('a reverse proxy may have any number of connections', async () => {
    await start('maxConnectionsPerAddress: 2, trustProxy: loopback');
    await connectTimes(5);
    expect(await metric('connections')).toBe(6);
  });
});

describe('a port for probes and metrics', () => {
  const statusOf = async (url: string | undefined, path: string): Promise<number> => {
    const answer = await fetch(`${String(url)}${path}`, { headers: { Connection: 'close' } });
    await answer.text();
    return answer.status;
  };

  it('serves them, and nothing else; the other port serves the rest', async () => {
    await start('adminPort: 8081');
    for (const [path, onMain, onAdmin] of [
      ['/health/live', 404, 200],
      ['/health/ready', 404, 200],
      ['/metrics', 404, 200],
      ['/version', 200, 404],
      ['/facilities', 401, 404],
      ['/docs/index.html', 200, 404],
      ['/HEALTH/live', 404, 200],
      ['//health//live', 404, 200],
    ] as const) {
      const statuses = [await statusOf(service.url, path), await statusOf(service.adminUrl, path)];
      expect([path, ...statuses]).toEqual([path, onMain, onAdmin]);
    }
  });

  it('answers while the other one has no connection left', async () => {
    await start('adminPort: 8081, maxConnections: 2');
    hangSciCat('identity');
    for (const n of [1, 2]) {
      (await connect()).write(get('/transfer', `token-${n}`));
      await eventually(() => askedOf('identity') === n, 'it is busy');
    }
    expect(await (await connect()).closed()).toBe('');
    expect(await statusOf(service.adminUrl, '/health/live')).toBe(200);
    expect(await statusOf(service.adminUrl, '/metrics')).toBe(200);
  });

  it('there is none unless it is wanted', async () => {
    await start();
    expect(service.adminUrl).toBeUndefined();
    expect(await statusOf(service.url, '/health/live')).toBe(200);
  });
});

describe('a program with an expired token', () => {
  it('thirty times does not lock out a fresh login from its address', async () => {
    await start();
    for (let n = 0; n < 30; n += 1) {
      expect(statusAndCode(await service.call('GET', '/transfer', { who: 'expired' }))).toEqual([
        401,
        'UNAUTHENTICATED',
      ]);
    }
    expect(askedOf('identity')).toBe(1);
    expect((await service.post({ scicatPid: ALICES_DATASET })).status).toBe(200);
  });
});
