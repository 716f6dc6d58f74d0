import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ALICES_DATASET, eventually, TestService } from '../support/service.js';
import { RawConnection, readRaw } from './raw-http.js';

const TARGET = `/transfer?sourceFacility=SOURCE&destFacility=ARCHIVE&scicatPid=${encodeURIComponent(ALICES_DATASET)}`;

let service: TestService;
const open: RawConnection[] = [];

beforeAll(async () => {
  service = await TestService.start({
    pollSeconds: 0.1,
    // Two requests with the same id can be compared.
    yaml: 'server: { trustProxy: loopback }',
  });
  await service.ready();
});

afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
});

afterAll(async () => {
  await service.stop();
});

async function connect(): Promise<RawConnection> {
  const connection = await RawConnection.to(service.url);
  open.push(connection);
  return connection;
}

/** What came back for these bytes, once the answer is complete. */
async function exchange(text: string) {
  const connection = await connect();
  connection.write(text);
  return answerOn(connection);
}

async function answerOn(connection: RawConnection) {
  await eventually(
    () => {
      const { headers, body } = readRaw(connection.text);
      return (
        headers['content-length'] !== undefined &&
        Buffer.byteLength(body) >= Number(headers['content-length'])
      );
    },
    () => `an answer with a length comes: ${JSON.stringify(connection.text)}`,
  );
  return readRaw(connection.text);
}

function shape({ status, headers, body }: ReturnType<typeof readRaw>): unknown {
  const { message, code, requestId } = JSON.parse(body) as Record<string, unknown>;
  return {
    status,
    type: headers['content-type']?.split(';')[0],
    message: typeof message,
    code,
    requestId: requestId === headers['x-request-id'] ? 'as in the header' : requestId,
  };
}

const BAD_REQUEST = {
  status: 400,
  type: 'application/json',
  message: 'string',
  code: 'INVALID_REQUEST',
  requestId: 'as in the header',
};

describe('what is not even HTTP has the one error shape', () => {
  it.each([
    ['no HTTP at all', 'HELLO\r\n\r\n'],
    ['binary', '\u0000\u0001\u0002\u0003\r\n\r\n'],
    ['a TLS greeting', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\r\n'],
    ['a header without a name', 'GET /version HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n'],
    [
      'two lengths',
      `POST ${TARGET} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    ],
    [
      'a length and chunks, as request smuggling has it',
      `POST ${TARGET} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'a length that is not a number',
      `POST ${TARGET} HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n`,
    ],
    [
      'oversized headers',
      `GET /version HTTP/1.1\r\nHost: x\r\nX-Much: ${'x'.repeat(40_000)}\r\n\r\n`,
    ],
    ['an oversized address', `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['an unknown version', 'GET /version HTTP/9.9\r\nHost: x\r\n\r\n'],
  ])('%s', async (_, text) => {
    expect(shape(await exchange(text))).toEqual(BAD_REQUEST);
  });

  it('no Host header: served, or refused in the one shape', async () => {
    const answer = await exchange('GET /version HTTP/1.1\r\n\r\n');
    if (answer.status !== 200) expect(shape(answer)).toEqual(BAD_REQUEST);
    else expect(JSON.parse(answer.body)).toEqual({ version: expect.any(String) });
  });

  it('ignores an unknown expectation', async () => {
    const answer = await exchange(
      `POST ${TARGET} HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(shape(answer)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });

  it('a body with broken chunks', async () => {
    const answer = await exchange(
      `POST ${TARGET} HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${service.tokens.alice}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nnot-a-length\r\n`,
    );
    expect(shape(answer)).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  });

  it('continues to serve all others', async () => {
    expect((await service.call('GET', '/version')).status).toBe(200);
  });
});

describe('a reverse proxy with a slash too many', () => {
  // The same request has the same answer as long as its transfer is open.
  beforeAll(() => {
    service.holdTasks();
  });
  afterAll(() => {
    service.releaseTasks();
  });

  const get = async (target: string, more = '') => {
    const { status, headers, body } = await exchange(
      `GET ${target} HTTP/1.1\r\nHost: x\r\n${more}\r\n`,
    );
    return { status, type: headers['content-type']?.split(';')[0], body };
  };

  it.each([
    '//version',
    '///version//',
    '//health//live',
    '//metrics',
    '//openapi.yaml',
    '//docs//index.html',
    '/docs//swagger-ui.css',
    '//docs/swagger-ui-init.js',
    'http://anything//version',
  ])('%s is answered as without it', async (target) => {
    const answer = await get(target);
    const plain = await get(target.replace(/^http:\/\/anything/, '').replace(/\/+/g, '/'));
    expect([answer.status, answer.type]).toEqual([200, plain.type]);
  });

  it.each([
    ['POST', TARGET],
    ['POST', TARGET.replace('/transfer', '/transfer/preview')],
    ['GET', '/transfer?page=1'],
    ['GET', '/transfer/00000000-0000-4000-8000-000000000000'],
    ['DELETE', '/transfer/00000000-0000-4000-8000-000000000000'],
    ['GET', '/facilities'],
  ])('%s %s', async (method, target) => {
    const send = (path: string) =>
      exchange(
        `${method} ${path} HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${service.tokens.alice}\r\nX-Request-Id: r1\r\nContent-Length: 0\r\n\r\n`,
      );
    const plain = await send(target);
    const doubled = await send(
      target
        .replaceAll(/\/(?=[a-z0-9-]+)/g, '//')
        .replace(/\?.*/, /\?.*|$/.exec(target)?.[0] ?? ''),
    );
    expect(doubled).toMatchObject({ status: plain.status, body: plain.body });
  });

  it.each([
    '//docs//..//package.json',
    '/docs/..//..//package.json',
    '//docs/..%2f..%2fpackage.json',
    '//docs/%2e%2e//package.json',
    '/docs//....//package.json',
    '//..//version',
    '//docs/..\\..\\package.json',
    '//evil.example/%2e%2e',
  ])('%s leads nowhere else', async (target) => {
    const { status, body } = await get(target);
    expect([400, 404]).toContain(status);
    expect(JSON.parse(body)).toMatchObject({ code: expect.any(String) });
  });

  it('//docs is led to the page here, not to another host', async () => {
    const located = async (target: string) =>
      (await exchange(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)).headers['location'];
    expect(await located('//docs')).toBe('docs/index.html');
    // A folder gets a slash at its end.
    expect(await located('//docs//evil.example//..')).toBe('/docs/evil.example/../');
    expect(await located('//evil.example')).toBeUndefined();
  });
});

describe('authentication is decided on the headers, before the body is read', () => {
  const head = (token: string, more = '') =>
    `POST ${TARGET} HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${token}\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n${more}\r\n`;

  it('answers an unauthorized upload of 100 MB after its first bytes', async () => {
    const connection = await connect();
    connection.write(head('nobody'));
    connection.write('{"fileList": [');
    expect(shape(await answerOn(connection))).toEqual({
      ...BAD_REQUEST,
      status: 401,
      code: 'UNAUTHENTICATED',
    });
  });

  it('who asks first whether to send the body is told no before it is sent', async () => {
    const connection = await connect();
    connection.write(head('nobody', 'Expect: 100-continue\r\n'));
    const answer = await answerOn(connection);
    expect(connection.text).not.toMatch(/^HTTP\/1.1 100/);
    expect(answer.status).toBe(401);
  });

  it('who asks first whether to send the body, and may, is told to go on', async () => {
    const connection = await connect();
    const body = '{"fileList": []}';
    connection.write(
      head(service.tokens.alice, 'Expect: 100-continue\r\n').replace('104857600', `${body.length}`),
    );
    await eventually(() => connection.text.includes('\r\n\r\n'), 'an interim answer comes');
    expect(connection.text).toMatch(/^HTTP\/1.1 100 Continue\r\n/);
    connection.write(body);
    await eventually(() => connection.text.includes('The file list is empty'), 'the answer comes');
  });

  it('a sender who disconnects midway affects no one else', async () => {
    const connection = await connect();
    connection.write(head(service.tokens.alice));
    connection.write('{"fileList": [');
    await eventually(
      () => service.scicat.requests.some(({ path }) => path.includes('identity')),
      'the sender was looked up',
    );
    connection.close();
    expect((await service.call('GET', '/version')).status).toBe(200);
  });
});
