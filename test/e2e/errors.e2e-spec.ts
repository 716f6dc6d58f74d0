import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CancelTransfer } from '../../src/transfers/application/cancel-transfer.js';
import { LookUpTransfers } from '../../src/transfers/application/look-up-transfers.js';
import { RequestTransfer } from '../../src/transfers/application/request-transfer.js';
import {
  ALICES_DATASET,
  type Answer,
  BOBS_DATASET,
  COLLECTIONS,
  eventually,
  TestService,
} from '../support/service.js';
import { errorOf, statusAndCode } from './error-shape.js';

const either = new Intl.ListFormat('en-US', { type: 'disjunction' });
const UNKNOWN_JOB = '00000000-0000-4000-8000-000000000000';

let service: TestService;
let logged: string[];

beforeAll(async () => {
  logged = [];
  service = await TestService.start({
    pollSeconds: 0.1,
    yaml: 'server: { maxBodyMiB: 1 }',
    log: { write: (line) => logged.push(line) },
  });
  await service.ready();
});

afterEach(() => {
  jest.restoreAllMocks();
  service.scicat.faults.clear();
  service.globus.faults.clear();
});

afterAll(async () => {
  await service.stop();
});

/** The same call by each operation, as one person. */
async function byEach(
  who: string | undefined,
  jobId: string,
): Promise<Readonly<Record<'post' | 'delete' | 'get' | 'list', Answer>>> {
  const options = who === undefined ? {} : { who };
  const [post, remove, get, list] = await Promise.all([
    service.post({}, { who }),
    service.call('DELETE', `/transfer/${jobId}`, options),
    service.call('GET', `/transfer/${jobId}`, options),
    service.call('GET', '/transfer', options),
  ]);
  return { post, delete: remove, get, list };
}

async function anonymousToken(): Promise<string> {
  const answer = await fetch(`${service.scicat.url}/api/v3/users/jwt`, { method: 'POST' });
  return ((await answer.json()) as { readonly jwt: string }).jwt;
}

describe('missing, invalid or expired SciCat token', () => {
  it.each<[string, () => string | undefined | Promise<string>]>([
    ['no token', () => undefined],
    ['a token that means nothing', () => 'not-a-token'],
    ['an expired token', () => service.scicat.mintToken('alice', { expiresInSeconds: -1 })],
    ["SciCat's self-made anonymous token", anonymousToken],
  ])('%s is a 401 for every operation', async (_, token) => {
    const answers = await byEach(await token(), UNKNOWN_JOB);
    expect(Object.values(answers).map(statusAndCode)).toEqual(
      Array(4).fill([401, 'UNAUTHENTICATED']),
    );
  });

  it('a token is taken from Authorization: Bearer as well', async () => {
    const answer = await service.call('GET', '/transfer', {
      headers: { Authorization: `bearer ${service.tokens.alice}` },
    });
    expect(answer.status).toBe(200);
  });
});

describe('bad parameter, malformed body, path outside the collection, unknown dataset', () => {
  it.each<[string, Readonly<Record<string, string | undefined>>, RegExp]>([
    ['no sourceFacility', { sourceFacility: undefined }, /sourceFacility/],
    ['an empty sourceFacility', { sourceFacility: '' }, /sourceFacility/],
    ['no destFacility', { destFacility: undefined }, /destFacility/],
    ['no scicatPid', { scicatPid: undefined }, /scicatPid/],
    ['an empty scicatPid', { scicatPid: '' }, /scicatPid/],
    ['an overlong scicatPid', { scicatPid: 'x'.repeat(5000) }, /scicatPid/],
    ['an autoArchive that is not a boolean', { autoArchive: 'perhaps' }, /autoArchive must be/],
    ['an empty autoArchive', { autoArchive: '' }, /autoArchive must be/],
    ['a misspelt parameter', { autoarchive: 'false' }, /"autoarchive"/],
    ['a collection root beside the folder', { collectionRootPath: '/other' }, /not inside/],
    ['a collection root with dots', { collectionRootPath: '/data/../data' }, /"\.\."/],
    ['a collection root that is relative', { collectionRootPath: 'data' }, /absolute/],
    ['an unknown dataset', { scicatPid: '20.500.12345/nobodys' }, /no dataset/],
    ["a dataset this token can't read", { scicatPid: BOBS_DATASET }, /no dataset/],
    ['a PID that is a route of SciCat', { scicatPid: 'findOne' }, /no dataset/],
    ['a PID of dots', { scicatPid: '..' }, /no dataset/],
  ])('POST with %s is a 400', async (_, query, message) => {
    const jobs = service.transferJobs().length;
    const answer = errorOf(await service.post(query));
    expect(answer).toEqual({
      status: 400,
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(message),
    });
    expect(service.transferJobs()).toHaveLength(jobs);
  });

  it('a parameter sent twice is a 400', async () => {
    const answer = await service.call(
      'POST',
      `/transfer?sourceFacility=SOURCE&sourceFacility=PRIVATE&destFacility=ARCHIVE&scicatPid=${encodeURIComponent(ALICES_DATASET)}`,
      { who: 'alice' },
    );
    expect(statusAndCode(answer)).toEqual([400, 'INVALID_REQUEST']);
  });

  const json = { 'content-type': 'application/json' };
  it.each<[string, string | Uint8Array, Readonly<Record<string, string>>, RegExp]>([
    ['that is not JSON', '{"fileList": [', json, /not valid JSON/],
    ['that is a string', '"x"', json, /JSON object/],
    ['that is a list', '[]', json, /JSON object/],
    ['that is null', 'null', json, /JSON object/],
    ['of another type', 'fileList=a', { 'content-type': 'text/plain' }, /Content-Type/],
    ['of a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, /Content-Type/],
    ['with an empty list', '{"fileList": []}', json, /list is empty/],
    ['whose list is not one', '{"fileList": {"path": "a"}}', json, /fileList must be a list/],
    ['with an entry that is a string', '{"fileList": ["a"]}', json, /Entry 0/],
    ['with an entry without isSymlink', '{"fileList": [{"path": "a"}]}', json, /Entry 0/],
    ['with a path that is a number', '{"fileList": [{"path": 1, "isSymlink": false}]}', json, /0/],
    ['larger than allowed', JSON.stringify({ x: 'y'.repeat(1_100_000) }), json, /1 MiB/],
    [
      'that inflates to more than allowed',
      gzipSync(JSON.stringify({ x: 'y'.repeat(50_000_000) })),
      { ...json, 'content-encoding': 'gzip' },
      /1 MiB/,
    ],
    ['that is not gzip', 'x', { ...json, 'content-encoding': 'gzip' }, /could not be read/],
    ['packed in an unknown way', 'x', { ...json, 'content-encoding': 'zip' }, /Content-Encoding/],
    ['that is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), json, /UTF-8/],
    [
      'in an unknown alphabet',
      '{}',
      { 'content-type': 'application/json; charset=klingon' },
      /UTF-8/,
    ],
  ])('POST with a body %s is a 400', async (_, body, headers, message) => {
    const answer = await service.post({}, { body, headers });
    expect(errorOf(answer)).toEqual({
      status: 400,
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['/transfer?page=abc', /page must be an integer/],
    ['/transfer?page=1&page=2', /page is given 2 times/],
    ['/transfer?pageSize=1000', /pageSize must not be greater than 100/],
  ])('GET %s says what is wrong with it', async (path, message) => {
    const answer = await service.call('GET', path, { who: 'alice' });
    expect(errorOf(answer)).toMatchObject({
      status: 400,
      message: expect.stringMatching(message),
    });
  });

  it.each([
    '../other',
    'a/../../b',
    'a\\..\\b',
    '/etc/passwd',
    '.',
    'a/./b',
    '',
    'a\u0000b',
    'a\nb',
  ])('the file path %j is refused', async (path) => {
    const answer = await service.post({}, { body: { fileList: [{ path, isSymlink: false }] } });
    expect(errorOf(answer)).toMatchObject({
      status: 400,
      message: expect.stringMatching(/Entry 0/),
    });
  });

  it.each([
    '/transfer/not-a-uuid',
    '/transfer/fullquery',
    '/transfer/..%2f..%2fusers',
    '/transfer/%00',
    `/transfer/${UNKNOWN_JOB}x`,
  ])('%s is a 400 for DELETE and GET', async (path) => {
    const answers = await Promise.all(
      ['DELETE', 'GET'].map((method) => service.call(method, path, { who: 'alice' })),
    );
    expect(answers.map(statusAndCode)).toEqual(Array(2).fill([400, 'INVALID_REQUEST']));
  });

  it.each([
    ['GET', '/transfer?page=0'],
    ['GET', '/transfer?page=x'],
    ['GET', '/transfer?page='],
    ['GET', '/transfer?page=1.5'],
    ['GET', '/transfer?pageSize=101'],
    ['GET', '/transfer?pageSize=-1'],
    ['GET', '/transfer?pagesize=10'],
    ['DELETE', `/transfer/${UNKNOWN_JOB}?delete=maybe`],
    ['DELETE', `/transfer/${UNKNOWN_JOB}?remove=true`],
  ])('%s %s is a 400', async (method, path) => {
    const answer = await service.call(method, path, { who: 'alice' });
    expect(statusAndCode(answer)).toEqual([400, 'INVALID_REQUEST']);
  });

  it('URLs that can not be decoded and unknown routes have the one shape, too', async () => {
    const answers = await Promise.all(
      (
        [
          ['GET', '/transfer/%E0%A4%A'],
          ['POST', '/transfer/%'],
          ['GET', '/nowhere'],
          ['POST', '/'],
          ['OPTIONS', '/transfer/a/b'],
          ['GET', '/docs/nowhere.js'],
          ['GET', '/docs/..%2f..%2fpackage.json'],
        ] as const
      ).map(([method, path]) => service.call(method, path, { who: 'alice' })),
    );
    expect(answers.map((answer) => statusAndCode(answer))).toEqual([
      [400, 'INVALID_REQUEST'],
      [400, 'INVALID_REQUEST'],
      ...Array<unknown>(5).fill([404, 'NOT_FOUND']),
    ]);
  });

  it.each([
    ['POST', '/version', 'GET, HEAD'],
    ['PUT', '/transfer', 'GET, HEAD, POST'],
    ['PATCH', '/Transfer/', 'GET, HEAD, POST'],
    ['DELETE', '/transfer?delete=true', 'GET, HEAD, POST'],
    ['PATCH', `/transfer/${UNKNOWN_JOB}`, 'DELETE, GET, HEAD'],
    ['POST', '/transfer/%25', 'DELETE, GET, HEAD'],
    // Not the transfer with the id "preview".
    ['GET', '/transfer/preview', 'POST'],
    ['DELETE', '/transfer/preview', 'POST'],
    ['POST', '/facilities', 'GET, HEAD'],
    ['DELETE', '/health/live', 'GET, HEAD'],
    ['POST', '/health/ready', 'GET, HEAD'],
    ['POST', '/metrics', 'GET, HEAD'],
    ['POST', '/openapi.yaml', 'GET, HEAD'],
    ['PUT', '/openapi.json', 'GET, HEAD'],
    ['POST', '/docs', 'GET, HEAD'],
    ['DELETE', '/docs/index.html', 'GET, HEAD'],
    ['POST', '/docs/swagger-ui.css', 'GET, HEAD'],
    ['OPTIONS', '/transfer', 'GET, HEAD, POST'],
    ['PROPFIND', '/transfer', 'GET, HEAD, POST'],
  ])(
    '%s %s is a 405 that names the right methods, with or without a token',
    async (method, path, allow) => {
      for (const who of ['alice', undefined]) {
        const answer = await service.call(method, path, {
          who,
          ...(method === 'POST' ? { body: '{' } : {}),
        });
        expect({ ...errorOf(answer), allow: answer.headers.get('allow') }).toEqual({
          status: 405,
          code: 'METHOD_NOT_ALLOWED',
          message: `The method ${method} is not supported at this address. Use ${either.format(allow.split(', '))}.`,
          allow,
        });
      }
    },
  );

  it('HEAD is what GET is, without the body', async () => {
    const answers = await Promise.all(
      ['/transfer', '/version', '/docs/', `/transfer/${UNKNOWN_JOB}`, '/transfer/preview'].map(
        (path) => service.call('HEAD', path, { who: 'alice' }),
      ),
    );
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [200, ''],
      [200, ''],
      [200, ''],
      [404, ''],
      [405, ''],
    ]);
  });
});

describe('unknown facility, wrong direction, no group, a dataset or job of others', () => {
  it.each<[string, Readonly<Record<string, string>>, string, RegExp]>([
    ['an unknown source', { sourceFacility: 'NOWHERE' }, 'alice', /NOWHERE/],
    ['an unknown destination', { destFacility: 'NOWHERE' }, 'alice', /NOWHERE/],
    ['a destination as source', { sourceFacility: 'ARCHIVE' }, 'alice', /ARCHIVE/],
    ['a source as destination', { destFacility: 'SOURCE' }, 'alice', /SOURCE/],
    ['no group for the source', { sourceFacility: 'PRIVATE' }, 'alice', /no access to .*PRIVATE/],
    ['no group for the destination', { scicatPid: BOBS_DATASET }, 'bob', /no access to .*ARCHIVE/],
  ])('POST with %s is a 403', async (_, query, who, message) => {
    expect(errorOf(await service.post(query, { who }))).toEqual({
      status: 403,
      code: 'ACCESS_DENIED',
      message: expect.stringMatching(message),
    });
  });

  it('POST for a dataset that one may read, but that belongs to another group, is a 403', async () => {
    const pid = service.addDataset('shared-with-alice', 'group2');
    service.scicat.machine.addDataset({
      pid,
      ownerGroup: 'group2',
      accessGroups: ['group1'],
      sourceFolder: '/data/group2/shared',
    });
    expect(errorOf(await service.post({ scicatPid: pid }))).toEqual({
      status: 403,
      code: 'ACCESS_DENIED',
      message: expect.stringMatching(/belongs to group "group2"/),
    });
  });

  it("DELETE and GET of another user's job are a 403", async () => {
    const jobId = await service.accepted({ scicatPid: service.addDataset('alices-own') });
    const answers = await Promise.all(
      ['DELETE', 'GET'].map((method) =>
        service.call(method, `/transfer/${jobId}`, { who: 'carol' }),
      ),
    );
    expect(answers.map(statusAndCode)).toEqual(Array(2).fill([403, 'ACCESS_DENIED']));
    await service.reaches(jobId, '003');
    const later = await Promise.all(
      ['DELETE', 'GET'].map((method) =>
        service.call(method, `/transfer/${jobId}`, { who: 'carol' }),
      ),
    );
    expect(later.map(statusAndCode)).toEqual(Array(2).fill([403, 'ACCESS_DENIED']));
  });
});

describe('job does not exist, is not one of ours, or has already ended', () => {
  it('an unknown job is a 400 for DELETE and a 404 for GET', async () => {
    const { delete: remove, get } = await byEach('alice', UNKNOWN_JOB);
    expect([remove, get].map(statusAndCode)).toEqual([
      [400, 'JOB_NOT_FOUND'],
      [404, 'JOB_NOT_FOUND'],
    ]);
  });

  it('so is one whose id no version of UUIDs has, as the API description allows', async () => {
    const { delete: remove, get } = await byEach('alice', 'E0000000-0000-0000-0000-000000000000');
    expect([remove, get].map(statusAndCode)).toEqual([
      [400, 'JOB_NOT_FOUND'],
      [404, 'JOB_NOT_FOUND'],
    ]);
  });

  it('a job of another type or by another account is not one of ours', async () => {
    const jobId = await service.accepted({ scicatPid: service.addDataset('forged') });
    const own = await service.reaches(jobId, '003');
    const forged = [
      { ...own, type: 'archive' },
      { ...own, createdBy: 'alice' },
    ].map((job) => {
      const id = randomUUID();
      service.scicat.machine.putJob({ ...job, _id: id, id });
      return id;
    });
    for (const id of forged) {
      const answers = await Promise.all([
        service.call('DELETE', `/transfer/${id}`, { who: 'alice' }),
        service.call('DELETE', `/transfer/${id}?delete=true`, { who: 'alice' }),
        service.call('GET', `/transfer/${id}`, { who: 'alice' }),
      ]);
      expect(answers.map(statusAndCode)).toEqual([
        [400, 'JOB_NOT_FOUND'],
        [400, 'JOB_NOT_FOUND'],
        [404, 'JOB_NOT_FOUND'],
      ]);
      expect(service.job(id).id).toBe(id);
    }
  });

  it('a job without an owner can not be read or removed', async () => {
    const jobId = await service.accepted({ scicatPid: service.addDataset('without-owner') });
    const own = await service.reaches(jobId, '003');
    const id = randomUUID();
    service.scicat.machine.putJob({
      ...own,
      _id: id,
      id,
      ownerUser: '',
      ownerGroup: '',
      jobParams: { datasetList: own.jobParams['datasetList'] },
    });
    const answers = await Promise.all([
      service.call('DELETE', `/transfer/${id}?delete=true`, { who: 'alice' }),
      service.call('GET', `/transfer/${id}`, { who: 'alice' }),
    ]);
    expect(answers.map(statusAndCode)).toEqual(Array(2).fill([403, 'ACCESS_DENIED']));
  });

  it('a transfer that has ended is a 400 for DELETE, unless delete is set', async () => {
    const jobId = await service.accepted({ scicatPid: service.addDataset('ended') });
    await service.reaches(jobId, '003');
    expect(
      errorOf(await service.call('DELETE', `/transfer/${jobId}`, { who: 'alice' })),
    ).toMatchObject({ status: 400, code: 'ALREADY_ENDED' });
    const removed = await service.call('DELETE', `/transfer/${jobId}?delete=true`, {
      who: 'alice',
    });
    expect([removed.status, removed.text]).toEqual([200, '']);
    expect(service.scicat.machine.job(jobId)).toBeUndefined();
  });
});

describe('Globus permanently refuses the transfer', () => {
  afterEach(() => {
    service.globus.machine.setPermission(COLLECTIONS.archive, undefined);
  });

  it('permission: a 400, and a failed job', async () => {
    service.globus.machine.setPermission(COLLECTIONS.archive, []);
    const before = service.transferJobs().length;
    const answer = await service.post({ scicatPid: service.addDataset('refused') });
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 'TRANSFER_REFUSED' });
    const job = service.transferJobs()[before];
    await service.reaches(job?.id ?? '', '998');
    expect((answer.json as { details: string }).details).toContain(job?.id);
  });

  it('unknown collection: a 400', async () => {
    const gone = 'aaaaaaaa-0000-4000-8000-00000000000f';
    service.globus.machine.addCollection({ id: gone, displayName: 'gone' });
    const other = await TestService.start({
      upstreams: service,
      yaml: `x: 1`,
      change: (config) => ({
        ...config,
        facilities: config.facilities.map((facility) =>
          facility.name === 'ARCHIVE' ? { ...facility, collection: gone } : facility,
        ),
      }),
    });
    try {
      await other.ready();
      const scicatPid = service.addDataset('to-nowhere');
      const warm = await other.accepted({ scicatPid: service.addDataset('warm') });
      await eventually(() => other.job(warm).jobResultObject !== null, 'the first is there');
      service.globus.machine.deleteCollection(gone);
      expect(errorOf(await other.post({ scicatPid }))).toMatchObject({
        status: 400,
        code: 'TRANSFER_REFUSED',
      });
    } finally {
      await other.stop();
    }
  });
});

describe('waiting queue full, service not ready yet, SciCat unreachable', () => {
  it('queue full: POST is a 503 with Retry-After', async () => {
    const small = await TestService.start({
      yaml: 'task: { maxConcurrency: 1, queueSize: 1, pollInterval: 1 }',
    });
    try {
      await small.ready();
      small.holdTasks();
      await small.accepted({ scicatPid: small.addDataset('first') });
      await small.accepted({ scicatPid: small.addDataset('second') });
      const answer = await small.post({ scicatPid: small.addDataset('third') });
      expect(errorOf(answer)).toMatchObject({ status: 503, code: 'QUEUE_FULL' });
      expect(answer.headers.get('retry-after')).toBe('30');
      expect(small.transferJobs()).toHaveLength(2);
      // An equal one needs no place.
      expect((await small.post({ scicatPid: '20.500.12345/second' })).status).toBe(200);
    } finally {
      await small.stop();
    }
  });

  it('not ready yet: POST is a 503 with Retry-After, DELETE a 500, GET is answered', async () => {
    const jobId = await service.accepted({ scicatPid: service.addDataset('not-ready') });
    await service.reaches(jobId, '003');
    service.scicat.faults.add({
      match: { method: 'GET', path: '/jobs$' },
      effect: { type: 'status', status: 503 },
    });
    const late = await TestService.start({ upstreams: service });
    try {
      const [post, remove, get, ready, live] = await Promise.all([
        late.post(),
        late.call('DELETE', `/transfer/${jobId}?delete=true`, { who: 'alice' }),
        late.call('GET', `/transfer/${jobId}`, { who: 'alice' }),
        late.call('GET', '/health/ready'),
        late.call('GET', '/health/live'),
      ]);
      expect([post, remove, ready].map(statusAndCode)).toEqual([
        [503, 'NOT_READY'],
        [500, 'NOT_READY'],
        [503, 'NOT_READY'],
      ]);
      expect([get.status, live.status]).toEqual([200, 200]);
      expect(post.headers.get('retry-after')).toBe('30');
      expect(ready.json).toMatchObject({ details: expect.stringContaining('recovery: ') });
      service.scicat.faults.clear();
      await late.ready();
    } finally {
      await late.stop();
    }
  });

  it.each<[string, () => void]>([
    [
      'dead',
      () => {
        service.scicat.faults.outage(true);
      },
    ],
    [
      'answering 503',
      () => {
        service.scicat.faults.outage(true, { type: 'status', status: 503 });
      },
    ],
    [
      'answering with a login page',
      () => {
        service.scicat.faults.outage(true, { type: 'garbage' });
      },
    ],
  ])('SciCat %s: POST and GET are a 503 with Retry-After, DELETE a 500', async (_, breakIt) => {
    breakIt();
    const answers = await byEach('alice', UNKNOWN_JOB);
    expect(
      Object.values(answers).map((answer) => [
        errorOf(answer).status,
        Number(answer.headers.get('retry-after')) > 0,
      ]),
    ).toEqual([
      [503, true],
      [500, false],
      [503, true],
      [503, true],
    ]);
    for (const answer of Object.values(answers)) {
      expect(errorOf(answer).message).toMatch(/SciCat/);
      expect(answer.text).not.toContain(service.scicat.url);
    }
  });
});

describe('Globus unreachable, overloaded or in maintenance', () => {
  it.each<[string, (globus: TestService['globus']) => void, string]>([
    // Whether Globus got the submission is not known then, so the end comes when Globus is back.
    [
      'dead',
      ({ faults }) => {
        faults.outage(true);
      },
      '001',
    ],
    [
      'in maintenance',
      ({ machine }) => {
        machine.setMaintenance(true, 1);
      },
      '004',
    ],
    [
      'overloaded',
      ({ faults }) => {
        faults.outage(true, { type: 'status', status: 429 });
      },
      '004',
    ],
    ['full', ({ machine }) => (machine.limits.pendingTasks = 0), '004'],
    [
      'a login page',
      ({ faults }) => {
        faults.outage(true, { type: 'garbage' });
      },
      '001',
    ],
  ])(
    'Globus %s: accepted, waits; cancel is accepted and carried out',
    async (_, breakIt, statusCode) => {
      const alone = await TestService.start({ pollSeconds: 0.1 });
      try {
        await alone.ready();
        breakIt(alone.globus);
        const jobId = await alone.accepted();
        const { statusMessage } = await alone.reaches(jobId, '001');
        expect(statusMessage).toMatch(/^waiting: ./);
        const item = await alone.call('GET', `/transfer/${jobId}`, { who: 'alice' });
        expect(item.json).toMatchObject({ transferId: jobId, status: 'waiting' });
        const health = await alone.call('GET', '/health/ready');
        expect(health.status).toBe(200);
        const cancelled = await alone.call('DELETE', `/transfer/${jobId}`, { who: 'alice' });
        expect([cancelled.status, cancelled.text]).toEqual([200, '']);
        const { jobResultObject } = await alone.reaches(jobId, statusCode);
        expect(jobResultObject).toMatchObject({
          endRequested: { reason: 'user', by: 'alice', remove: false },
        });
        expect(alone.globus.machine.tasks()).toEqual([]);
      } finally {
        await alone.stop();
      }
    },
  );

  it('is submitted when Globus is back', async () => {
    const alone = await TestService.start({ pollSeconds: 0.1 });
    try {
      await alone.ready();
      alone.globus.machine.setMaintenance(true, 1);
      const jobId = await alone.accepted();
      await alone.reaches(jobId, '001');
      alone.globus.machine.setMaintenance(false);
      await alone.reaches(jobId, '003');
    } finally {
      await alone.stop();
    }
  });
});

describe('an upstream that never answers', () => {
  // Both wait for real time-outs, so they wait side by side.
  it('SciCat: each operation is answered with an error; Globus: POST within 10 s, with the job', async () => {
    const alone = await TestService.start({ pollSeconds: 0.1 });
    try {
      await alone.ready();
      alone.globus.faults.add({
        match: { method: 'POST', path: '/transfer$' },
        effect: { type: 'hang' },
      });
      service.scicat.faults.add({ match: { path: 'identity' }, effect: { type: 'hang' } });
      // `call` gives up after 25 s, which is what makes this a test.
      const [answers, jobId] = await Promise.all([byEach('alice', UNKNOWN_JOB), alone.accepted()]);
      expect(Object.values(answers).map(statusAndCode)).toEqual([
        [503, 'UPSTREAM_TIMEOUT'],
        [500, 'UPSTREAM_TIMEOUT'],
        [503, 'UPSTREAM_TIMEOUT'],
        [503, 'UPSTREAM_TIMEOUT'],
      ]);
      expect(alone.job(jobId).statusCode).toBe('001');
    } finally {
      // Otherwise the service would wait for the submission before it stops.
      await alone.globus.close();
      await alone.stop();
    }
  });
});

describe('an unexpected error', () => {
  it('a crash in a handler is a 500 in the one shape, and its reason is in the log only', async () => {
    const crash = new TypeError('undefined is not a secret-reason');
    jest.spyOn(service.app.get(RequestTransfer), 'execute').mockRejectedValue(crash);
    jest.spyOn(service.app.get(CancelTransfer), 'execute').mockImplementation(() => {
      throw crash;
    });
    jest.spyOn(service.app.get(LookUpTransfers), 'one').mockRejectedValue(crash);
    jest.spyOn(service.app.get(LookUpTransfers), 'list').mockRejectedValue('not even an error');
    logged.length = 0;
    const answers = Object.values(await byEach('alice', UNKNOWN_JOB));
    expect(answers.map(statusAndCode)).toEqual(Array(4).fill([500, 'INTERNAL']));
    expect(answers.map(({ text }) => text).join()).not.toMatch(/secret-reason|not even/);
    for (const answer of answers) {
      const id = answer.headers.get('x-request-id') ?? '';
      const line = logged.find((text) => text.includes('unexpected error') && text.includes(id));
      expect(line).toMatch(/secret-reason|not even an error/);
    }
  });
});
