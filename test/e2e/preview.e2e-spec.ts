import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PreviewTransfer } from '../../src/transfers/application/preview-transfer.js';
import { RequestTransfer } from '../../src/transfers/application/request-transfer.js';
import { PREVIEW_EXAMPLES } from '../../src/transfers/http/preview.dto.js';
import {
  type Answer,
  BOBS_DATASET,
  type CallOptions,
  COLLECTIONS,
  eventually,
  type RequestQuery,
  TestService,
} from '../support/service.js';
import { errorOf } from './error-shape.js';

const SUBMISSION_IDS_IN_STOCK = 8;

let service: TestService;
let logged: string[];

beforeAll(async () => {
  logged = [];
  service = await TestService.start({
    pollSeconds: 0.1,
    yaml: 'server: { maxBodyMiB: 1 }',
    facilities: `
  - name: EXAMPLE-SOURCE
    collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
    direction: SRC
    collectionRootPath: /data
    allowedSourceFolders: ['/data/{{ .OwnerGroup }}']
  - name: EXAMPLE-ARCHIVE
    collection: 31ce9ba0-176d-45a5-add3-f37d233ba47d
    direction: DST
    destinationPath: '/{{ .Username }}/{{ .PidShort }}'
`,
    log: { write: (line) => logged.push(line) },
  });
  await service.ready();
  await eventually(
    () =>
      service.globus.requests.filter(
        ({ path, status }) => path.includes('submission_id') && status === 200,
        // One more tells whether Globus can be reached.
      ).length > SUBMISSION_IDS_IN_STOCK,
    'the service has all the submission ids that it keeps',
  );
});

afterEach(() => {
  jest.restoreAllMocks();
  service.scicat.faults.clear();
});

afterAll(async () => {
  await service.stop();
});

/** What the service has left behind anywhere. */
const traces = (at: TestService = service) => {
  const { open, waiting, inFlight, pendingWrites } = at.tracker.status();
  return {
    jobs: at.scicat.machine.jobs(),
    toGlobus: at.globus.requests.length,
    toScicat: at.scicat.requests
      .filter(({ method, path }) => method !== 'GET' && !path.endsWith('/auth/login'))
      .map(({ method, path }) => `${method} ${path}`),
    files: readdirSync(at.config.dataDir, { recursive: true }).sort(),
    transfers: { open, waiting, inFlight, pendingWrites },
  };
};

/** Waits until nothing is going on that would leave traces by itself. */
const idle = () =>
  eventually(() => {
    const { open, pendingWrites } = service.tracker.status();
    return open === 0 && pendingWrites === 0;
  }, 'all transfers have ended');

/** All that a caller sees of an error, but its request id. */
const shown = (answer: Answer) => ({
  ...errorOf(answer),
  details: (answer.json as { readonly details?: string }).details,
  retryAfter: answer.headers.get('retry-after'),
});

/** A preview's error, which must be the very one of the request. */
async function refusedAlike(query: RequestQuery = {}, options: CallOptions = {}, at = service) {
  await idle();
  const before = traces(at);
  const preview = shown(await at.preview(query, options));
  expect(traces(at)).toEqual(before);
  expect(preview).toEqual(shown(await at.post(query, options)));
  return preview;
}

describe('POST /transfer/preview', () => {
  it('answers with paths, rules and copy options, as documented', async () => {
    service.scicat.machine.setGroups('alice', [
      ...['group1', 'SOURCE', 'ARCHIVE'],
      ...['p10001', 'EXAMPLE-SOURCE', 'EXAMPLE-ARCHIVE'],
    ]);
    const scicatPid = service.addDataset(
      '2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22',
      'p10001',
      '/data/p10001/run-7',
    );
    const { status, json } = await service.preview({
      sourceFacility: 'EXAMPLE-SOURCE',
      destFacility: 'EXAMPLE-ARCHIVE',
      scicatPid,
      collectionRootPath: '',
    });
    const example = PREVIEW_EXAMPLES.atOnce.value;
    const rules: unknown = expect.arrayContaining([...example.rules]);
    expect({ status, json }).toEqual({ status: 200, json: { ...example, rules } });
  });

  it('leaves no trace: neither in SciCat, nor at Globus, nor on the disk, nor in the service', async () => {
    await idle();
    const before = traces();
    const seen = service.scicat.requests.length;
    const files = { fileList: [{ path: 'raw/1.h5', isSymlink: false }] };
    const answers = await Promise.all([
      service.preview(),
      service.preview({ autoArchive: 'false' }, { body: files }),
      service.preview({ destFacility: 'PRIVATE' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403]);
    expect(traces()).toEqual(before);
    const asked = service.scicat.requests
      .slice(seen)
      .map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(asked)].sort()).toEqual([
      `GET /api/v3/users/my/identity`,
      `GET /api/v4/datasets`,
    ]);
  });

  it('is in the audit trail as what it is, allowed or not', async () => {
    logged.length = 0;
    await service.preview();
    await service.preview({ destFacility: 'PRIVATE' });
    const audit = logged
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      .filter((line) => line['audit'] === true);
    expect(audit).toMatchObject([
      { operation: 'preview', allowed: true, rule: 'all', username: 'alice' },
      { operation: 'preview', allowed: false, rule: 'access:PRIVATE', username: 'alice' },
    ]);
  });

  it('says what the request then does: paths, copy options and files', async () => {
    const scicatPid = service.addDataset('foretold');
    const entry = { path: 'raw', isSymlink: false };
    const body = { fileList: [entry, entry, { ...entry, path: 'b' }] };
    const preview = (await service.preview({ scicatPid }, { body })).json as {
      readonly source: object;
      readonly destination: object;
    };
    expect(preview).toMatchObject({ listedFiles: 2, wouldWait: false });
    const jobId = await service.accepted({ scicatPid }, { body });
    const { globusTransfer } = service.job(jobId).jobParams as {
      readonly globusTransfer: { readonly source: object; readonly destination: object };
    };
    expect(preview.source).toMatchObject(globusTransfer.source);
    expect(preview.destination).toMatchObject(globusTransfer.destination);
    const [task] = service.globus.machine.tasks().filter(({ label }) => label?.includes(jobId));
    expect([task?.source.id, task?.destination.id]).toEqual([
      COLLECTIONS.source,
      COLLECTIONS.archive,
    ]);
  });

  it('names the equal transfer that is open already, and only an equal one', async () => {
    const alone = await TestService.start();
    try {
      await alone.ready();
      alone.holdTasks();
      const jobId = await alone.accepted();
      const [equal, other] = await Promise.all([
        alone.preview(),
        alone.preview({ autoArchive: 'false' }),
      ]);
      expect(equal.json).toMatchObject({ openJobId: jobId, wouldWait: false });
      expect(other.json).not.toHaveProperty('openJobId');
      expect(alone.transferJobs().map(({ id }) => id)).toEqual([jobId]);
    } finally {
      await alone.stop();
    }
  });

  it('says whether it would wait, and is refused as the request is when the queue is full', async () => {
    const small = await TestService.start({
      yaml: 'task: { maxConcurrency: 1, queueSize: 1, pollInterval: 1 }',
    });
    try {
      await small.ready();
      small.holdTasks();
      const third = { scicatPid: small.addDataset('third') };
      expect((await small.preview(third)).json).toMatchObject({ wouldWait: false });
      await small.accepted({ scicatPid: small.addDataset('first') });
      // Many previews take no place from each other.
      const waiting = await Promise.all([1, 2, 3].map(() => small.preview(third)));
      for (const { json } of waiting) {
        expect(json).toMatchObject({
          wouldWait: true,
          waitsFor: expect.stringMatching(/at most 1 transfer at a time/),
        });
      }
      await small.accepted({ scicatPid: small.addDataset('second') });
      const refusal = {
        status: 503,
        code: 'QUEUE_FULL',
        message: expect.stringMatching(/queue is full/),
        details: undefined,
        retryAfter: '30',
      };
      expect(shown(await small.preview(third))).toEqual(refusal);
      expect(shown(await small.post(third))).toEqual(refusal);
      expect((await small.preview({ scicatPid: '20.500.12345/second' })).status).toBe(200);
    } finally {
      await small.stop();
    }
  });

  it.each(['GET', 'DELETE'])('%s /transfer/preview is not a transfer', async (method) => {
    const answer = await service.call(method, '/transfer/preview', { who: 'alice' });
    expect(errorOf(answer)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
  });
});

describe('each error of POST /transfer is the same for its preview', () => {
  it.each<[string, string | undefined | (() => string)]>([
    ['no token', undefined],
    ['a token that means nothing', 'not-a-token'],
    ['an expired token', () => service.scicat.mintToken('alice', { expiresInSeconds: -1 })],
  ])('401: %s', async (_, token) => {
    const who = typeof token === 'function' ? token() : token;
    expect(await refusedAlike({}, { who })).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });

  const json = { 'content-type': 'application/json' };
  it.each<[string, RequestQuery, CallOptions?]>([
    ['no sourceFacility', { sourceFacility: undefined }],
    ['no scicatPid', { scicatPid: undefined }],
    ['an autoArchive that is not a boolean', { autoArchive: 'perhaps' }],
    ['a misspelt parameter', { autoarchive: 'false' }],
    ['a collection root beside the folder', { collectionRootPath: '/other' }],
    ['a collection root with dots', { collectionRootPath: '/data/../data' }],
    ['an unknown dataset', { scicatPid: '20.500.12345/nobodys' }],
    ["a dataset this token can't read", { scicatPid: BOBS_DATASET }],
    ['a PID that is a route of SciCat', { scicatPid: 'findOne' }],
    ['a body that is not JSON', {}, { body: '{"fileList": [', headers: json }],
    ['a body of another type', {}, { body: 'a=b', headers: { 'content-type': 'text/plain' } }],
    ['a body that is too large', {}, { body: { x: 'y'.repeat(1_100_000) } }],
    ['an empty list', {}, { body: { fileList: [] } }],
    ['an entry that is a text', {}, { body: { fileList: ['a'] } }],
    ['a way out of the dataset', {}, { body: { fileList: [{ path: '../a', isSymlink: false }] } }],
    [
      'one path as link and as file',
      {},
      { body: { fileList: [true, false].map((isSymlink) => ({ path: 'a', isSymlink })) } },
    ],
  ])('400: %s', async (_, query, options = {}) => {
    expect(await refusedAlike(query, options)).toMatchObject({
      status: 400,
      code: 'INVALID_REQUEST',
    });
  });

  it.each<[string, RequestQuery, string?]>([
    ['an unknown source', { sourceFacility: 'NOWHERE' }],
    ['an unknown destination', { destFacility: 'NOWHERE' }],
    ['a destination as source', { sourceFacility: 'ARCHIVE' }],
    ['a source as destination', { destFacility: 'SOURCE' }],
    ['no group for the source', { sourceFacility: 'PRIVATE' }],
    ['no group for the destination', { scicatPid: BOBS_DATASET }, 'bob'],
  ])('403: %s', async (_, query, who = 'alice') => {
    expect(await refusedAlike(query, { who })).toMatchObject({
      status: 403,
      code: 'ACCESS_DENIED',
    });
  });

  it('403: a dataset that one may read, but that belongs to another group', async () => {
    const scicatPid = '20.500.12345/shared-with-alice';
    service.scicat.machine.addDataset({
      pid: scicatPid,
      ownerGroup: 'group2',
      accessGroups: ['group1'],
      sourceFolder: '/data/group2/shared',
    });
    expect(await refusedAlike({ scicatPid })).toMatchObject({
      status: 403,
      message: expect.stringMatching(/belongs to group "group2"/),
    });
  });

  it('503: SciCat is down', async () => {
    service.scicat.faults.outage(true);
    expect(await refusedAlike()).toMatchObject({
      status: 503,
      code: 'UPSTREAM_UNAVAILABLE',
      retryAfter: expect.stringMatching(/^\d+$/),
    });
  });

  it('503: the service is not ready yet', async () => {
    service.scicat.faults.add({
      match: { method: 'GET', path: '/jobs$' },
      effect: { type: 'status', status: 503 },
    });
    const asked = service.globus.requests.length;
    const late = await TestService.start({ upstreams: service });
    try {
      // It asks by itself, once, whether Globus can be reached: for a token and for an id.
      await eventually(
        () => service.globus.requests.filter(({ status }) => status !== null).length === asked + 2,
        'the service has asked Globus',
      );
      await eventually(
        () => traces(late).files.some((file) => String(file) === 'ended-transfers'),
        'it has prepared its data folder',
      );
      expect(await refusedAlike({}, {}, late)).toMatchObject({ status: 503, code: 'NOT_READY' });
    } finally {
      await late.stop();
    }
  });

  it('500: an unexpected error', async () => {
    const crash = new TypeError('undefined is not a secret-reason');
    jest.spyOn(service.app.get(RequestTransfer), 'execute').mockRejectedValue(crash);
    jest.spyOn(service.app.get(PreviewTransfer), 'execute').mockRejectedValue(crash);
    expect(await refusedAlike()).toMatchObject({ status: 500, code: 'INTERNAL' });
  });

  it('does not read the body of an unknown user', async () => {
    const never = new ReadableStream({
      start: (stream) => {
        stream.enqueue(Buffer.from('{'));
      },
    });
    const request: RequestInit & { readonly duplex: 'half' } = {
      method: 'POST',
      body: never,
      duplex: 'half',
      headers: { 'SciCat-API-Key': 'nobody', ...json },
    };
    const answer = await fetch(`${service.url}/transfer/preview?scicatPid=x`, request);
    expect(answer.status).toBe(401);
    await answer.body?.cancel();
  });
});

describe('what only the request can find out', () => {
  it('Globus is not asked: a preview does not tell that Globus would refuse', async () => {
    const scicatPid = service.addDataset('globus-refuses');
    service.globus.machine.setPermission(COLLECTIONS.archive, []);
    try {
      expect((await service.preview({ scicatPid })).status).toBe(200);
      expect(errorOf(await service.post({ scicatPid }))).toMatchObject({
        status: 400,
        code: 'TRANSFER_REFUSED',
      });
    } finally {
      service.globus.machine.setPermission(COLLECTIONS.archive, undefined);
    }
  });
});

describe('GET /facilities', () => {
  const facilities = async (who: string) => {
    const { status, json } = await service.call('GET', '/facilities', { who });
    return { status, json };
  };
  const missing = (accessValue: string) => ({
    missingAccess: { accessPath: 'profile.accessGroups', accessValue },
  });

  it('says what each user may use as source and as destination, and what is missing', async () => {
    service.scicat.machine.setGroups('bob', ['group2', 'SOURCE', 'private-group']);
    expect(await facilities('bob')).toEqual({
      status: 200,
      json: {
        facilities: [
          {
            name: 'SOURCE',
            direction: 'SRC',
            allowedAsSource: true,
            allowedAsDestination: false,
            held: false,
          },
          {
            name: 'ARCHIVE',
            direction: 'DST',
            allowedAsSource: false,
            allowedAsDestination: false,
            ...missing('ARCHIVE'),
            held: false,
          },
          {
            name: 'PRIVATE',
            direction: 'BOTH',
            allowedAsSource: true,
            allowedAsDestination: true,
            held: false,
          },
          {
            name: 'EXAMPLE-SOURCE',
            direction: 'SRC',
            allowedAsSource: false,
            allowedAsDestination: false,
            ...missing('EXAMPLE-SOURCE'),
            held: false,
          },
          {
            name: 'EXAMPLE-ARCHIVE',
            direction: 'DST',
            allowedAsSource: false,
            allowedAsDestination: false,
            ...missing('EXAMPLE-ARCHIVE'),
            held: false,
          },
        ],
      },
    });
  });

  it('agrees with what a request is answered', async () => {
    const { json } = await facilities('alice');
    const { facilities: all } = json as {
      readonly facilities: readonly {
        readonly name: string;
        readonly allowedAsSource: boolean;
        readonly allowedAsDestination: boolean;
      }[];
    };
    for (const { name, allowedAsSource, allowedAsDestination } of all) {
      const from = await service.preview({ sourceFacility: name, destFacility: 'ARCHIVE' });
      const to = await service.preview({ sourceFacility: 'SOURCE', destFacility: name });
      expect([name, from.status !== 403, to.status !== 403]).toEqual([
        name,
        allowedAsSource,
        allowedAsDestination,
      ]);
    }
  });

  it('requires a SciCat token, and reports when SciCat is down', async () => {
    const answers = [
      await service.call('GET', '/facilities'),
      await service.call('GET', '/facilities', { who: 'not-a-token' }),
    ];
    service.scicat.faults.outage(true);
    answers.push(await service.call('GET', '/facilities', { who: 'alice' }));
    expect(answers.map((answer) => errorOf(answer).status)).toEqual([401, 401, 503]);
  });
});
