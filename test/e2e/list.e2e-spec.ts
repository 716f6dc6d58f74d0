import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, TestService } from '../support/service.js';

interface Page {
  readonly total: number;
  readonly transfers: readonly {
    readonly transferId: string;
    readonly status: string;
    readonly message?: string;
  }[];
}

let service: TestService;
let alices: string[];
let carols: string;

beforeAll(async () => {
  service = await TestService.start({
    pollSeconds: 0.1,
    yaml: 'task: { maxConcurrency: 4, pollInterval: 1 }',
  });
  await service.ready();
  service.scicat.machine.addUser({
    username: 'dora',
    groups: ['group1', 'group2', 'SOURCE', 'ARCHIVE'],
  });
  service.scicat.machine.addUser({ username: 'erik', groups: ['SOURCE', 'ARCHIVE'] });
  const ended = await service.accepted({ scicatPid: service.addDataset('list-0') });
  await service.reaches(ended, '003');
  service.holdTasks();
  alices = [ended];
  for (let n = 1; n < 7; n += 1) {
    alices.push(await service.accepted({ scicatPid: service.addDataset(`list-${n}`) }));
  }
  carols = await service.accepted(
    { scicatPid: service.addDataset('carols', 'group2') },
    { who: 'carol' },
  );
  // By another user, and of another type: neither is a transfer of the proxy.
  const job = service.job(ended);
  for (const [id, change] of [
    ['00000000-0000-4000-8000-0000000000b1', { createdBy: 'alice' }],
    ['00000000-0000-4000-8000-0000000000b2', { type: 'archive' }],
  ] as const) {
    service.scicat.machine.putJob({ ...job, _id: id, id, ...change });
  }
});

afterAll(async () => {
  await service.stop();
});

async function list(who: string, query = ''): Promise<Page> {
  const answer = await service.call('GET', `/transfer${query}`, { who });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Page;
}

const ids = ({ transfers }: Page): readonly string[] =>
  transfers.map(({ transferId }) => transferId);

describe('GET /transfer', () => {
  it('lists the newest first, with current states', async () => {
    const page = await list('alice');
    expect(page.total).toBe(7);
    expect(ids(page)).toEqual([...alices].reverse());
    expect(page.transfers.map(({ status }) => status)).toEqual([
      'waiting',
      'waiting',
      'transferring',
      'transferring',
      'transferring',
      'transferring',
      'finished',
    ]);
    for (const item of page.transfers) {
      expect(item).toMatchObject({
        bytesTransferred: expect.any(Number),
        bytesTotal: 3000,
        filesTransferred: expect.any(Number),
        filesTotal: 3,
      });
    }
  });

  it('pages without a gap or a repetition, and ends with an empty page', async () => {
    const pages = await Promise.all(
      [1, 2, 3, 4].map((page) => list('alice', `?page=${page}&pageSize=3`)),
    );
    expect(pages.map((page) => [page.total, page.transfers.length])).toEqual([
      [7, 3],
      [7, 3],
      [7, 1],
      [7, 0],
    ]);
    expect(pages.flatMap(ids)).toEqual([...alices].reverse());
  });

  it('shows only what the user may see', async () => {
    expect(ids(await list('carol'))).toEqual([carols]);
    // Of the same group, without having asked for anything.
    expect(ids(await list('bob'))).toEqual([carols]);
    expect(ids(await list(service.scicat.mintToken('dora')))).toEqual([
      carols,
      ...[...alices].reverse(),
    ]);
    expect(await list(service.scicat.mintToken('erik'))).toEqual({ total: 0, transfers: [] });
  });
});

describe('GET /transfer/{scicatJobId}', () => {
  it('is the same as in the list', async () => {
    const worded = async () =>
      (await list('alice')).transfers.every(
        ({ status, message = '' }) =>
          status !== 'transferring' || message.includes('queued at Globus'),
      );
    await eventually(worded, 'all tasks were looked at, and change no more');
    const { transfers } = await list('alice');
    for (const item of transfers) {
      const one = await service.call('GET', `/transfer/${item.transferId}`, { who: 'alice' });
      expect([one.status, one.json]).toEqual([200, item]);
    }
  });
});

describe('GET /version, /health/live, /health/ready', () => {
  it('are answered without a token', async () => {
    const [version, live, ready] = await Promise.all(
      ['/version', '/health/live', '/health/ready'].map((path) => service.call('GET', path)),
    );
    expect([version?.status, version?.json]).toEqual([200, { version: expect.any(String) }]);
    expect([live?.status, ready?.status]).toEqual([200, 200]);
    expect(ready?.json).toMatchObject({
      status: 'ok',
      details: {
        configuration: { status: 'up' },
        recovery: { status: 'up', ready: true },
        scicat: { status: 'up' },
        globus: { status: 'up', reachable: true },
        operator: { status: 'up', alarms: {} },
      },
    });
  });

  it('ready is a 503 that names the dependency when SciCat is down', async () => {
    const other = await TestService.start({ upstreams: service });
    try {
      await other.ready();
      service.scicat.faults.outage(true);
      const [ready, live] = await Promise.all([
        other.call('GET', '/health/ready'),
        other.call('GET', '/health/live'),
      ]);
      expect([ready.status, ready.json, live.status]).toEqual([
        503,
        expect.objectContaining({ code: 'NOT_READY', details: expect.stringMatching(/^scicat: /) }),
        200,
      ]);
      expect(ready.text).not.toContain(service.scicat.url);
    } finally {
      service.scicat.faults.clear();
      await other.stop();
    }
  });
});

describe('X-Request-Id', () => {
  it('is made for each request', async () => {
    const answers = await Promise.all([1, 2].map(() => service.call('GET', '/version')));
    const ids = answers.map(({ headers }) => headers.get('x-request-id'));
    expect(ids).toEqual(Array(2).fill(expect.stringMatching(/^[0-9a-f-]{36}$/)));
    expect(new Set(ids).size).toBe(2);
  });

  it('is taken over from a trusted proxy in front, in the header and in errors', async () => {
    const behind = await TestService.start({ yaml: 'server: { trustProxy: loopback }' });
    try {
      const answer = await behind.call('GET', '/transfer', {
        headers: { 'X-Request-Id': 'gateway-7:42.a_b' },
      });
      expect([answer.status, answer.headers.get('x-request-id'), answer.json]).toEqual([
        401,
        'gateway-7:42.a_b',
        expect.objectContaining({ requestId: 'gateway-7:42.a_b' }),
      ]);
    } finally {
      await behind.stop();
    }
  });

  it('is not taken over from anybody else, who could pass off a request as that of another', async () => {
    const answer = await service.call('GET', '/version', { headers: { 'X-Request-Id': 'alices' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each(['a b', 'x'.repeat(200), '<script>', '{"a":1}'])(
    'is not taken over when it is %j',
    async (given) => {
      const answer = await service.call('GET', '/version', { headers: { 'X-Request-Id': given } });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});
