import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from './logger.js';
import { requestLog } from './request-log.js';

const JOB = 'aaaaaaaa-0000-4000-8000-000000000001';

let server: Server;
let url: string;
let requestFacts = {};
let isFromProxy: boolean;
let isOneOfMany: boolean;
let logged: (line: Record<string, unknown>) => void;
let handle: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  isFromProxy = true;
  isOneOfMany = false;
  const log = requestLog(
    createLogger('trace', {
      write: (line) => {
        logged(JSON.parse(line) as Record<string, unknown>);
      },
    }),
    {
      factsOf: () => requestFacts,
      isFromProxy: () => isFromProxy,
      isOneOfMany: () => isOneOfMany,
    },
  );
  server = createServer((incoming, response) => {
    log(incoming, response, () => {
      handle(incoming, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const answering = (status: number, facts = {}): void => {
  handle = (_incoming, response) => {
    requestFacts = facts;
    response.writeHead(status).end('{}');
  };
};
const nextLine = (): Promise<Record<string, unknown>> =>
  new Promise((resolve) => (logged = resolve));

/** Makes a request. @returns its line in the log, and the id it was answered with */
async function lineOf(path: string, headers: Readonly<Record<string, string>> = {}) {
  const line = nextLine();
  const answer = await fetch(`${url}${path}`, { headers });
  await answer.text();
  return { line: await line, id: answer.headers.get('x-request-id') };
}

describe("a request's line", () => {
  test('says who asked about what, and how it ended', async () => {
    answering(200, { username: 'alice', datasetPid: '20.500/1' });
    const { line } = await lineOf(`/transfer/${JOB}?delete=true`, { 'X-Request-Id': 'mine-1' });
    expect(line).toEqual({
      level: 'info',
      time: expect.any(String),
      requestId: 'mine-1',
      req: { method: 'GET', path: `/transfer/${JOB}` },
      jobId: JOB,
      username: 'alice',
      datasetPid: '20.500/1',
      res: { status: 200 },
      responseTime: expect.any(Number),
      msg: 'request',
    });
  });

  test.each([
    ['/transfer', 200, 'info'],
    ['/transfer', 400, 'info'],
    ['/transfer', 401, 'info'],
    ['/transfer', 403, 'info'],
    ['/transfer', 503, 'warn'],
    ['/transfer', 500, 'error'],
    ['/health/ready', 503, 'debug'],
    ['/metrics', 200, 'debug'],
  ])('of %s with %i is of level %s', async (path, status, level) => {
    answering(status);
    expect((await lineOf(path)).line).toMatchObject({ level, res: { status } });
  });

  test('has the id that the answer has, and takes over none that is no id', async () => {
    answering(200);
    const made = await lineOf('/version', { 'X-Request-Id': 'a b{}"' });
    expect(made.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.line['requestId']).toBe(made.id);
    expect((await lineOf('/version', { 'X-Request-Id': 'x'.repeat(129) })).id).toHaveLength(36);
  });

  test('has an id of its own unless a reverse proxy is trusted to give one', async () => {
    answering(200);
    isFromProxy = false;
    const given = await lineOf('/version', { 'X-Request-Id': 'mine-1' });
    expect(given.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(given.line).toMatchObject({ requestId: given.id, callerRequestId: 'mine-1' });
    const odd = await lineOf('/version', { 'X-Request-Id': 'a b{}"' });
    expect(odd.line).not.toHaveProperty('callerRequestId');
    isFromProxy = true;
    const trusted = await lineOf('/version', { 'X-Request-Id': 'mine-1' });
    expect(trusted.id).toBe('mine-1');
    expect(trusted.line).not.toHaveProperty('callerRequestId');
  });

  test('of one of a flood is for debugging only', async () => {
    answering(503);
    isOneOfMany = true;
    expect((await lineOf('/transfer')).line).toMatchObject({ level: 'debug' });
  });

  test('holds nothing of headers and query, and does not grow with the path', async () => {
    answering(404);
    const { line } = await lineOf(`/${'a'.repeat(5000)}?token=secret-1`, {
      'SciCat-API-Key': 'secret-2',
    });
    expect(JSON.stringify(line)).not.toContain('secret');
    expect(JSON.stringify(line).length).toBeLessThan(500);
  });

  test('says so when the caller did not wait for the answer', async () => {
    handle = () => {
      call.destroy();
    };
    const line = nextLine();
    const call = request(`${url}/transfer`).on('error', () => undefined);
    call.end();
    expect(await line).toMatchObject({ msg: 'request aborted by the caller', res: {} });
  });
});
