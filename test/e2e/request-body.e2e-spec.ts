import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ALICES_DATASET,
  type Answer,
  BOBS_DATASET,
  eventually,
  TestService,
} from '../support/service.js';
import { errorOf } from './error-shape.js';
import { RawConnection, readRaw } from './raw-http.js';

const NAMES = { sourceFacility: 'SOURCE', destFacility: 'ARCHIVE' };
const LIST = [{ path: 'a.h5', isSymlink: false }];

let service: TestService;
let logged: string[];
let open: RawConnection[];
let pid: string;
let datasets = 0;

beforeAll(async () => {
  logged = [];
  service = await TestService.start({
    pollSeconds: 0.1,
    yaml: 'server: { maxBodyMiB: 1 }',
    facilities: `
  - name: PINNED
    collection: aaaaaaaa-0000-4000-8000-00000000000e
    accessValue: SOURCE
    direction: SRC
    collectionRootPath: /data
`,
    log: { write: (line) => logged.push(line) },
  });
  await service.ready();
  service.holdTasks();
});

beforeEach(() => {
  open = [];
  pid = service.addDataset(`in-the-body-${(datasets += 1)}`);
});

afterEach(() => {
  for (const connection of open) connection.close();
});

afterAll(async () => {
  await service.stop();
});

function post(query: Readonly<Record<string, string>>, body: unknown): Promise<Answer> {
  return service.call('POST', `/transfer?${new URLSearchParams(query).toString()}`, {
    who: 'alice',
    body,
  });
}

/** What the job that was answered holds. */
function recordOf(answer: Answer): unknown {
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('jobId')]);
  const { jobId } = answer.json as { readonly jobId: string };
  return { ...(service.job(jobId).jobParams['globusTransfer'] as object), sealed: undefined };
}

const refusal = (message: RegExp) => ({
  status: 400,
  code: 'INVALID_REQUEST',
  message: expect.stringMatching(message),
});

describe('a misspelt key in the body', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'filelist',
      { filelist: [] },
      /unknown key "filelist" in the body \(did you mean "fileList"\?\)/,
    ],
    ['files', { files: LIST }, /unknown key "files" in the body/],
    ['file_list', { file_list: LIST }, /did you mean "fileList"\?/],
    ['one beside the list', { fileList: LIST, recursive: true }, /unknown key "recursive"/],
    ['one that JSON has for itself', JSON.parse('{"__proto__":{}}'), /unknown key "__proto__"/],
    ['none at all', { '': 1 }, /unknown key ""/],
    ['autoarchive', { autoarchive: false }, /did you mean "autoArchive"\?/],
    ['one in an entry', { fileList: [{ ...LIST[0], to: '/x' }] }, /Entry 0 .* unknown key "to"/],
    ['scicatPID', { scicatPID: ALICES_DATASET }, /did you mean "scicatPid"\?/],
  ])('%s: nothing is copied, and the answer says what was meant', async (_, body, message) => {
    const jobs = service.transferJobs().length;
    const [posted, previewed] = await Promise.all([
      service.post({ scicatPid: pid }, { body }),
      service.preview({ scicatPid: pid }, { body }),
    ]);
    expect(errorOf(posted)).toEqual(refusal(message));
    expect(errorOf(previewed)).toEqual(refusal(message));
    expect(service.transferJobs()).toHaveLength(jobs);
  });

  it('a misspelt parameter in the query is told what was meant, too', async () => {
    const answer = await service.post({ scicatPid: pid, autoarchive: 'false' });
    expect(errorOf(answer)).toEqual(
      refusal(/unknown parameter "autoarchive" \(did you mean "autoArchive"\?\)/),
    );
  });

  it('sixty thousand of them get a short answer', async () => {
    const body = Object.fromEntries(Array.from({ length: 60_000 }, (_none, n) => [`k${n}`, 1]));
    const answer = await service.post({ scicatPid: pid }, { body });
    expect(errorOf(answer)).toEqual(
      refusal(/^The request is invalid: (unknown key .*; ){5}and more\.$/),
    );
  });
});

describe('parameters in the body', () => {
  it.each<[string, Readonly<Record<string, string>>, () => object]>([
    ['all of them', {}, () => ({ ...NAMES, scicatPid: pid, collectionRootPath: '/data' })],
    ['the dataset', NAMES, () => ({ scicatPid: pid, collectionRootPath: '/data' })],
    [
      'some in both, with the same value',
      { ...NAMES, autoArchive: 'T' },
      () => ({ ...NAMES, scicatPid: pid, collectionRootPath: '/data', autoArchive: true }),
    ],
    [
      'an empty root in the query, as the Ingestor sends it',
      { ...NAMES, collectionRootPath: '' },
      () => ({ scicatPid: pid, collectionRootPath: '/data' }),
    ],
  ])('%s: the same transfer as with parameters in the query', async (_, query, body) => {
    const record = recordOf(await post(query, { ...body(), fileList: LIST }));
    // An equal request is answered with the same job.
    const inQuery = await service.post({ scicatPid: pid }, { body: { fileList: LIST } });
    expect(recordOf(inQuery)).toEqual(record);
    expect(record).toMatchObject({ autoArchive: true });
  });

  it.each<[string, Readonly<Record<string, string>>, object]>([
    ['in the body', {}, { autoArchive: false }],
    ['in the query', { autoArchive: 'false' }, {}],
    ['in both', { autoArchive: '0' }, { autoArchive: false }],
  ])('autoArchive=false %s counts', async (_, query, body) => {
    for (const where of ['query', 'body'] as const) {
      const all = { ...NAMES, scicatPid: service.addDataset(`${pid}-${where}`.slice(13)) };
      const answer = await (where === 'query'
        ? post({ ...all, ...query }, body)
        : post(query, { ...all, ...body }));
      expect(recordOf(answer)).toMatchObject({ autoArchive: false });
    }
  });

  it('a root in the body counts, when the query names the rest', async () => {
    const query = { ...NAMES, scicatPid: pid };
    expect(recordOf(await post(query, { collectionRootPath: '/data' }))).toMatchObject({
      source: { path: '/group1/'.concat(pid.split('/')[1] ?? '') },
    });
    expect(errorOf(await post(query, { collectionRootPath: '/other' }))).toEqual(
      refusal(/not inside/),
    );
    // Where the configuration states the root, the request can't state another one.
    const pinned = { ...query, sourceFacility: 'PINNED' };
    expect(errorOf(await post(pinned, { collectionRootPath: '/' }))).toEqual(
      refusal(/differs from the one configured/),
    );
  });

  it('the preview shows what they do', async () => {
    const answer = await service.call('POST', '/transfer/preview', {
      who: 'alice',
      body: { ...NAMES, scicatPid: pid, collectionRootPath: '/data', autoArchive: false },
    });
    expect(answer.json).toMatchObject({ datasetPid: pid, autoArchive: false });
  });

  it.each<[string, Readonly<Record<string, string>>, object, RegExp]>([
    [
      'another dataset',
      { scicatPid: ALICES_DATASET },
      {},
      /scicatPid is ".*" in the query, but ".*" in the body/,
    ],
    [
      'another source',
      { sourceFacility: 'PINNED' },
      {},
      /sourceFacility is "PINNED" in the query, but "SOURCE" in the body; send it only once/,
    ],
    [
      'another root',
      { collectionRootPath: '/' },
      { collectionRootPath: '/data' },
      /collectionRootPath is "\/" in the query/,
    ],
    [
      'another wish',
      { autoArchive: 'true' },
      { autoArchive: false },
      /autoArchive is true in the query, but false in the body/,
    ],
  ])('%s in the query than in the body is a 400', async (_, query, body, message) => {
    const all = { ...NAMES, scicatPid: pid };
    const jobs = service.transferJobs().length;
    for (const answer of await Promise.all([
      post(query, { ...all, ...body }),
      post({ ...all, ...query }, { ...all, ...body }),
    ])) {
      expect(errorOf(answer)).toEqual(refusal(message));
    }
    expect(service.transferJobs()).toHaveLength(jobs);
  });

  it.each<[string, unknown, RegExp]>([
    ['null for a name', { sourceFacility: null }, /sourceFacility in the body must be a string/],
    ['a number', { scicatPid: 20.5 }, /scicatPid in the body must be a string/],
    ['a list', { destFacility: ['ARCHIVE'] }, /destFacility in the body must be a string/],
    ['an object', { collectionRootPath: {} }, /collectionRootPath in the body must be a string/],
    ['null for the root', { collectionRootPath: null }, /collectionRootPath in the body must be/],
    ['an empty name', { sourceFacility: '' }, /sourceFacility in the body is empty/],
    [
      'an overlong name',
      { scicatPid: 'x'.repeat(5000) },
      /scicatPid in the body must have at most 4096/,
    ],
    [
      'a flag in quotes',
      { autoArchive: 'false' },
      /autoArchive in the body must be true or false, without quotes/,
    ],
    ['a number for a flag', { autoArchive: 0 }, /autoArchive in the body must be true or false/],
    ['null for a flag', { autoArchive: null }, /autoArchive in the body must be true or false/],
    ['a flag twice', '{"autoArchive":false,"autoArchive":true}', /contains autoArchive twice/],
    ['a dataset twice', '{"scicatPid":"a","scicatPid":"b"}', /contains scicatPid twice/],
  ])('%s is a 400 that names it', async (_, body, message) => {
    // Whether the query states everything else, or nothing.
    const [complete, empty] = await Promise.all([
      service.post({ scicatPid: pid }, { body }),
      post({}, body),
    ]);
    expect(errorOf(complete)).toEqual(refusal(message));
    expect(errorOf(empty)).toEqual(refusal(message));
  });

  it.each<[string, Readonly<Record<string, string>>, unknown, RegExp]>([
    [
      'no body at all',
      {},
      undefined,
      /sourceFacility is missing.*destFacility is missing.*scicatPid is missing/,
    ],
    ['an empty body', {}, '', /scicatPid is missing/],
    ['only a list', {}, { fileList: LIST }, /scicatPid is missing/],
    ['a dataset alone', {}, { scicatPid: ALICES_DATASET }, /sourceFacility is missing/],
    ['an empty name in the query', { sourceFacility: '' }, NAMES, /sourceFacility is missing/],
  ])('%s: what is missing is said', async (_, query, body, message) => {
    expect(errorOf(await post(query, body))).toEqual(refusal(message));
  });

  it('the rules are the same: no access, a dataset of others, an unknown one', async () => {
    const [other, unknown, facility] = await Promise.all([
      post({}, { ...NAMES, scicatPid: BOBS_DATASET }),
      post({}, { ...NAMES, scicatPid: '20.500.12345/nobodys' }),
      post({}, { ...NAMES, sourceFacility: 'PRIVATE', scicatPid: pid }),
    ]);
    expect(errorOf(other)).toEqual(refusal(/no dataset/));
    expect(errorOf(unknown)).toEqual(refusal(/no dataset/));
    expect(errorOf(facility)).toMatchObject({ status: 403, code: 'ACCESS_DENIED' });
  });

  it('the log names the dataset', async () => {
    logged.length = 0;
    await post({}, { ...NAMES, scicatPid: pid });
    await eventually(() => logged.some((line) => line.includes('"msg":"request"')), 'it is logged');
    const line = logged.find((one) => one.includes('"msg":"request"')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ datasetPid: pid, username: 'alice' });
  });
});

describe('when the body is read', () => {
  const head = (query: object, token: string) => {
    const target = `/transfer?${new URLSearchParams({ ...query }).toString()}`;
    return `POST ${target} HTTP/1.1\r\nHost: x\r\nSciCat-API-Key: ${token}\r\nContent-Type: application/json\r\nContent-Length: 900000\r\nExpect: 100-continue\r\n\r\n`;
  };

  async function send(text: string): Promise<RawConnection> {
    const connection = await RawConnection.to(service.url);
    open.push(connection);
    connection.write(text);
    await eventually(() => connection.text.includes('\r\n\r\n'), 'an answer comes');
    return connection;
  }

  it.each([
    ['nobody', {}, 401],
    ['nobody, who names everything', { ...NAMES, scicatPid: ALICES_DATASET }, 401],
  ])('not for %s', async (_, query, status) => {
    expect(readRaw((await send(head(query, 'nobody'))).text).status).toBe(status);
  });

  it.each<[string, object, number]>([
    ['a facility', { ...NAMES, sourceFacility: 'PRIVATE', scicatPid: ALICES_DATASET }, 403],
    ['a dataset', { ...NAMES, scicatPid: BOBS_DATASET }, 400],
    ['a path', { ...NAMES, scicatPid: ALICES_DATASET, collectionRootPath: '/other' }, 400],
  ])('not for %s that the query alone shows to be refused', async (_, query, status) => {
    expect(readRaw((await send(head(query, service.tokens.alice))).text).status).toBe(status);
  });

  it('at once, if the query leaves something out', async () => {
    const connection = await send(head({ destFacility: 'ARCHIVE' }, service.tokens.alice));
    expect(connection.text).toMatch(/^HTTP\/1.1 100 Continue\r\n/);
  });

  it('a body that can not be read is no decision of a rule', async () => {
    logged.length = 0;
    await service.post({ scicatPid: pid, collectionRootPath: undefined }, { body: '{' });
    await post({}, '{');
    await eventually(
      () => logged.filter((line) => line.includes('"msg":"request"')).length === 2,
      'both are logged',
    );
    expect(logged.filter((line) => line.includes('"audit":true'))).toEqual([]);
  });
});
