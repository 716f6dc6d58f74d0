import { itemOfJob } from '../domain/transfer-item.js';
import { field } from '../domain/untyped.js';
import { describe, expect, it } from '@jest/globals';
import {
  answer,
  failing,
  forbidden,
  type Reply,
  ScriptedScicat,
  told,
} from '../../test/contract/scicat/scripted-scicat.js';
import { USUAL_COPY } from '../../test/support/builders.js';
import type { JobView } from '../domain/job-view.js';
import { sealRecord, type TransferRecord } from '../domain/transfer-record.js';
import { ScicatTransferJobs } from './scicat-jobs.client.js';

const KEY = '0d6d5b5e-6a1c-4b8e-9d50-b0f6a3b4c001';
const JOB = '2d5528e1-0f3e-4f0a-8c58-0a1b2c3d4e5f';
const EARLIER_JOB = '1c4417d0-0f3e-4f0a-8c58-0a1b2c3d4e5f';
const OTHER_JOB = '3e6639f2-0f3e-4f0a-8c58-0a1b2c3d4e5f';

const record: TransferRecord = {
  version: 2,
  key: KEY,
  datasetPid: '20.500.12345/e009',
  source: {
    facility: 'SRC',
    collection: 'c1',
    path: '/data/alice@psi.ch/run1',
    scopes: ['secret-scope'],
  },
  destination: { facility: 'DST', collection: 'c2', path: '/e009', scopes: ['other-scope'] },
  copy: USUAL_COPY,
  autoArchive: true,
  finalize: 'archive',
  requestedBy: { username: 'alice', email: 'alice@psi.ch', ownerGroup: 'p1' },
  dataset: { bytes: 30, files: 2 },
  globusClientId: 'client',
};

const wireJob = {
  _id: JOB,
  id: JOB,
  type: 'globus_transfer_job',
  createdBy: 'creator',
  updatedBy: 'creator',
  ownerUser: 'alice',
  ownerGroup: 'p1',
  createdAt: '2026-01-02T03:04:05.678Z',
  updatedAt: '2026-01-02T03:04:06.000Z',
  statusCode: 'jobSubmitted',
  statusMessage: 'Job submitted.',
  jobParams: {
    datasetList: [{ pid: '20.500.12345/e009', files: [] }],
    globusTransfer: { version: 2, key: KEY, sealed: sealRecord(record) },
  },
  jobResultObject: {},
};

const parsedJob = {
  id: JOB,
  type: 'globus_transfer_job',
  createdBy: 'creator',
  updatedBy: 'creator',
  ownerUser: 'alice',
  ownerGroup: 'p1',
  createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  updatedAt: Date.UTC(2026, 0, 2, 3, 4, 6),
  statusCode: 'jobSubmitted',
  statusMessage: 'Job submitted.',
  datasetPids: ['20.500.12345/e009'],
  globusTransfer: wireJob.jobParams.globusTransfer,
  result: {},
};

const view: JobView = {
  statusCode: '002',
  statusMessage: 'transferring',
  jobResultObject: {
    globusTaskId: 'task',
    bytesTransferred: 1,
    filesTransferred: 1,
    filesTotal: 2,
    status: 'transferring',
    error: '',
    phase: 'transferring',
    bytesTotal: 30,
    faults: 0,
    attempts: 1,
  },
};

const FIELDS = [
  'id',
  'type',
  'createdBy',
  'updatedBy',
  'ownerUser',
  'ownerGroup',
  'createdAt',
  'updatedAt',
  'statusCode',
  'statusMessage',
  'jobParams.datasetList.pid',
  'jobParams.globusTransfer',
  'jobResultObject',
];
const OURS = { type: 'globus_transfer_job', createdBy: { $in: ['creator', 'former'] } };

const reading = (token = 'token-1') => ({
  Accept: 'application/json',
  Authorization: `Bearer ${token}`,
});
const writing = { ...reading(), 'Content-Type': 'application/json' };
const listing = (filter: unknown) => ({
  method: 'GET',
  url: 'https://scicat.test/api/v4/jobs',
  filter,
  headers: reading(),
  freshConnection: false,
});
/** For both generations of SciCat: each ignores one of the two. */
const sortedById = (limit: number) => ({
  sort: { id: 1 },
  limits: { limit, sort: { id: 'asc' } },
});
/** On day 20,455 since the epoch. */
const NOON = { now: () => Date.UTC(2026, 0, 2, 12) };
const none = answer(200, []);
const refused = (message: string): Reply => answer(400, { status: 400, message });

function jobsWith(...replies: readonly Reply[]) {
  const scicat = new ScriptedScicat(replies);
  const creator = scicat.account('creator');
  const jobs = new ScicatTransferJobs({
    creator,
    updater: creator,
    formerAccounts: () => ['former', 'creator', ''],
    clock: NOON,
  });
  return { scicat, jobs };
}

describe('ScicatTransferJobs', () => {
  it('knows its accounts: today’s, then former ones, each once and none empty', () => {
    expect(jobsWith().jobs.ownAccounts()).toEqual(['creator', 'former']);
  });

  describe('create', () => {
    const create = (jobs: ScicatTransferJobs) =>
      jobs.create({ record, ownerUser: 'alice', ownerGroup: 'p1', contactEmail: 'alice@psi.ch' });

    it('sends the job once, on a connection of its own, with the sealed record in it', async () => {
      const { scicat, jobs } = jobsWith(answer(201, wireJob));
      expect(await create(jobs)).toEqual({ jobId: JOB, createdAt: parsedJob.createdAt });
      expect(scicat.sent).toEqual([
        {
          method: 'POST',
          url: 'https://scicat.test/api/v4/jobs',
          headers: writing,
          freshConnection: true,
          json: {
            type: 'globus_transfer_job',
            ownerUser: 'alice',
            ownerGroup: 'p1',
            contactEmail: 'alice@psi.ch',
            jobParams: {
              datasetList: [{ pid: '20.500.12345/e009', files: [] }],
              globusTransfer: {
                version: 2,
                key: KEY,
                sealed: sealRecord(record),
                day: 20_455,
                source: { facility: 'SRC', path: '/data/alice@psi.ch/run1' },
                destination: { facility: 'DST', path: '/e009' },
                autoArchive: true,
                finalize: 'archive',
                symlinks: 'Symbolic links are copied as links.',
                fileCount: 2,
                requestedBy: 'alice',
              },
            },
          },
        },
      ]);
    });

    it('leaves a missing e-mail out, since SciCat refuses an empty one', async () => {
      const { scicat, jobs } = jobsWith(answer(201, wireJob));
      await jobs.create({ record, ownerUser: 'alice', ownerGroup: 'p1' });
      expect(Object.keys(scicat.sent[0]?.json as object)).toEqual([
        'type',
        'ownerUser',
        'ownerGroup',
        'jobParams',
      ]);
    });

    it('says in words that symbolic links are left out', async () => {
      const { scicat, jobs } = jobsWith(answer(201, wireJob));
      const copy = { ...record.copy, recursiveSymlinks: 'ignore' } as const;
      await jobs.create({ record: { ...record, copy }, ownerUser: 'alice', ownerGroup: 'p1' });
      expect(scicat.sent[0]?.json).toMatchObject({
        jobParams: { globusTransfer: { symlinks: 'Symbolic links are left out.' } },
      });
    });

    it('counts the files of the list where there is one', async () => {
      const { scicat, jobs } = jobsWith(answer(201, wireJob));
      const fileList = { count: 7, sha256: 'a'.repeat(64), symlinks: [] };
      await jobs.create({ record: { ...record, fileList }, ownerUser: 'alice', ownerGroup: 'p1' });
      expect(scicat.sent[0]?.json).toMatchObject({
        jobParams: { globusTransfer: { fileCount: 7 } },
      });
    });

    it.each([
      ['a 400 may come after storing', refused('An action failed.'), true],
      ['a bare 500', answer(500, 'Internal server error'), true],
      ['a 503', answer(503), true],
      ['no answer in time', 'timeout', true],
      ['a lost connection', 'lost', true],
      ['an empty 201', answer(201), true],
      ['a 201 without an id', answer(201, { ...wireJob, id: undefined, _id: undefined }), true],
      ['a 201 with an id that is none', answer(201, { ...wireJob, id: '../x' }), true],
      ['a 201 with a job of another type', answer(201, { ...wireJob, type: 'archive' }), true],
      ['a 200', answer(200, wireJob), true],
      ['a page of something in between', answer(200, '<html>'), true],
      ['a 403', forbidden, false],
      ['a 401', answer(401), false],
      ['a missing job type', refused('Invalid job type: globus_transfer_job'), false],
    ] as const)('%s: thrown after one try, unclear: %#', async (_, reply, outcomeUnclear) => {
      const { scicat, jobs } = jobsWith(reply);
      expect(told(await failing(create(jobs)))).toMatchObject({ outcomeUnclear });
      expect(scicat.sent).toHaveLength(1);
    });

    const invalid = (status: number, message: unknown): Reply => answer(status, { message });
    const vanished = 'Datasets with pid 20.500.12345/e009 do not exist.';
    it.each([
      ['4.5: the dataset is gone', invalid(400, vanished), 'DatasetGoneError', false],
      ['5.2: the dataset is gone', invalid(422, vanished), 'DatasetGoneError', false],
      [
        'gone a moment later',
        invalid(404, 'Unable to get a dataset. (["20.500.12345/e009"])'),
        'DatasetGoneError',
        false,
      ],
      ['no such type', invalid(400, 'Invalid job type: x'), 'UpstreamSetupError', false],
      ['a later SciCat', invalid(422, 'Invalid job type: x'), 'UpstreamSetupError', false],
      [
        'the body is not as expected',
        invalid(400, ['property ownerUser should not exist']),
        'UpstreamSetupError',
        false,
      ],
      [
        'the type asks something of the dataset',
        invalid(400, "Invalid request. Invalid value for 'datasetlifecycle.archivable'"),
        'UpstreamSetupError',
        false,
      ],
      [
        'the type asks for access',
        invalid(403, 'User does not have access to all datasets, cannot create job.'),
        'UpstreamSetupError',
        false,
      ],
      [
        '4.5: no right to name an owner',
        invalid(400, 'Invalid new job. User owning the job should match user logged in.'),
        'ServiceAccountError',
        false,
      ],
      [
        '5.2: no right to name an owner',
        invalid(403, 'Invalid new job. User owning the job should match user logged in.'),
        'ServiceAccountError',
        false,
      ],
      ['an action of the type', invalid(422, 'Broken.'), 'ScicatDoubtfulRefusalError', true],
      ['a route that is missing', invalid(404, 'Cannot POST /x'), 'UpstreamUnavailableError', true],
    ] as const)(
      'tells the dataset’s fault from the operator’s: %s',
      async (_, reply, name, outcomeUnclear) => {
        const { jobs } = jobsWith(reply);
        expect(told(await failing(create(jobs)))).toMatchObject({ name, outcomeUnclear });
      },
    );

    it('does not fail because of an e-mail address that SciCat refuses: it knows the user’s', async () => {
      const reply = invalid(400, ['contactEmail must be an email']);
      const { scicat, jobs } = jobsWith(reply, answer(201, wireJob));
      expect((await create(jobs)).jobId).toBe(JOB);
      const sent = scicat.sent.map(({ json }) => (json as { contactEmail?: string }).contactEmail);
      expect(sent).toEqual(['alice@psi.ch', undefined]);
      // Something else is wrong as well: the job is not sent again.
      const two = jobsWith(invalid(400, ['contactEmail must be an email', 'x must be y']));
      expect((await failing(create(two.jobs))).name).toBe('UpstreamSetupError');
    });

    it('is certain when nothing was sent', async () => {
      const { jobs } = jobsWith('not-sent', 'not-sent', 'not-sent', 'not-sent');
      expect(told(await failing(create(jobs)))).toMatchObject({ outcomeUnclear: false });
    });

    it('sends the job again after the 403 for an expired token', async () => {
      const { scicat, jobs } = jobsWith(answer(200, []), forbidden, answer(201, wireJob));
      await jobs.findByKey(KEY);
      await scicat.clock.sleep(60_000);
      expect(await create(jobs)).toEqual({ jobId: JOB, createdAt: parsedJob.createdAt });
      expect(scicat.sent.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST']);
    });

    it('accepts another owner of the job in the response', async () => {
      const { jobs } = jobsWith(answer(201, { ...wireJob, ownerUser: 'creator' }));
      expect(await create(jobs)).toEqual({ jobId: JOB, createdAt: parsedJob.createdAt });
    });
  });

  describe('findByKey', () => {
    it('asks for our own jobs with this key', async () => {
      const { scicat, jobs } = jobsWith(answer(200, [wireJob]));
      expect(await jobs.findByKey(KEY)).toEqual(parsedJob);
      expect(scicat.sent).toEqual([
        listing({
          where: { ...OURS, 'jobParams.globusTransfer.key': KEY },
          fields: FIELDS,
          ...sortedById(10),
        }),
      ]);
    });

    it('does not believe a readable key that the sealed record contradicts', async () => {
      const forged = {
        ...wireJob,
        id: EARLIER_JOB,
        jobParams: {
          ...wireJob.jobParams,
          globusTransfer: { key: KEY, sealed: sealRecord({ ...record, key: 'another' }) },
        },
      };
      const unsealed = { ...wireJob, jobParams: { globusTransfer: { key: KEY } } };
      expect(await jobsWith(answer(200, [forged, unsealed])).jobs.findByKey(KEY)).toBeUndefined();
      expect(await jobsWith(answer(200, [forged, wireJob])).jobs.findByKey(KEY)).toEqual(parsedJob);
    });

    it('finds one among others that are too large together, but not instead of one that it can not read', async () => {
      const forged = { ...wireJob, id: EARLIER_JOB, jobParams: {} };
      const found = jobsWith('too-large', answer(200, [forged]), answer(200, [wireJob]));
      expect(await found.jobs.findByKey(KEY)).toEqual(parsedJob);
      const { jobs } = jobsWith(answer(200, [{ ...wireJob, type: 7 }]));
      expect((await failing(jobs.findByKey(KEY))).name).toBe('UnreadableItemError');
    });

    it('finds nothing in an empty list', async () => {
      expect(await jobsWith(answer(200, [])).jobs.findByKey(KEY)).toBeUndefined();
    });

    it.each([refused('connection pool destroyed'), answer(200, { error: 'x' }), answer(200)])(
      'a failed list is not an empty one: every failure is a 400 (%#)',
      async (reply) => {
        const error = await failing(jobsWith(reply).jobs.findByKey(KEY));
        expect(error).toMatchObject({ retryable: true });
      },
    );
  });

  describe('read', () => {
    it('asks for one job by its id', async () => {
      const { scicat, jobs } = jobsWith(answer(200, wireJob));
      expect(await jobs.read(JOB)).toEqual(parsedJob);
      expect(scicat.sent).toEqual([
        {
          method: 'GET',
          url: `https://scicat.test/api/v4/jobs/${JOB}`,
          headers: reading(),
          freshConnection: false,
        },
      ]);
    });

    it('copes with a job of which hardly anything is there', async () => {
      const { jobs } = jobsWith(answer(200, { id: JOB, type: 'archive', jobResultObject: null }));
      expect(await jobs.read(JOB)).toEqual({
        id: JOB,
        type: 'archive',
        createdBy: '',
        updatedBy: '',
        ownerUser: '',
        ownerGroup: '',
        createdAt: 0,
        updatedAt: 0,
        statusCode: '',
        statusMessage: '',
        datasetPids: [],
        globusTransfer: undefined,
        result: null,
      });
    });

    it('takes only the 400 "Invalid job id." as proof that the job is gone', async () => {
      expect(await jobsWith(refused('Invalid job id.')).jobs.read(JOB)).toBeUndefined();
      for (const reply of [
        refused('Invalid job type: globus_transfer_job'),
        answer(404, { message: 'Cannot GET /api/v4/jobs/x' }),
        answer(403, { message: 'Unauthorized to get this job.' }),
        answer(200),
      ]) {
        expect(await failing(jobsWith(reply).jobs.read(JOB))).toMatchObject({ retryable: true });
      }
    });

    it('never requests routes such as fullquery as ids', async () => {
      const { scicat, jobs } = jobsWith();
      for (const id of [
        'fullquery',
        'fullfacet',
        'findOne',
        '',
        '.',
        '..',
        `${JOB}/x`,
        `${JOB}?`,
      ]) {
        expect(await jobs.read(id)).toBeUndefined();
      }
      expect(scicat.sent).toEqual([]);
    });

    it('reads one that is larger than the service makes them, unless it is larger than SciCat can', async () => {
      const { scicat, jobs } = jobsWith('too-large', answer(200, wireJob));
      expect(await jobs.read(JOB)).toEqual(parsedJob);
      expect(scicat.limits.slice(1)).toEqual([256 * 1024, 17 * 1024 * 1024]);
      for (const replies of [['too-large', 'too-large'], [answer(200, { id: JOB })]] as const) {
        const error = await failing(jobsWith(...replies).jobs.read(JOB));
        expect(error.name).toBe('UnreadableItemError');
      }
    });

    it('rejects a job other than the requested one', async () => {
      const error = await failing(jobsWith(answer(200, wireJob)).jobs.read(OTHER_JOB));
      expect(told(error)).toMatchObject({ name: 'UpstreamMalformedError', outcomeUnclear: true });
    });
  });

  describe('listOpen', () => {
    const open = { 'jobResultObject.status': { $nin: ['finished', 'failed', 'cancelled'] } };

    it('pages by ascending id, since SciCat’s skip is broken, and finds jobs never written to', async () => {
      const { scicat, jobs } = jobsWith(answer(200, [wireJob]), answer(200, []));
      expect(await jobs.listOpen(undefined, 2)).toEqual({
        jobs: [parsedJob],
        unreadable: [],
        last: JOB,
      });
      expect(await jobs.listOpen(JOB, 2)).toEqual({ jobs: [], unreadable: [], last: undefined });
      const filter = { fields: FIELDS, ...sortedById(2) };
      expect(scicat.sent).toEqual([
        listing({ where: { ...OURS, ...open }, ...filter }),
        listing({ where: { ...OURS, ...open, id: { $gt: JOB } }, ...filter }),
      ]);
    });

    it('asks for ids alone where nothing else is needed', async () => {
      const { scicat, jobs } = jobsWith(answer(200, [{ id: JOB }, { _id: OTHER_JOB }]));
      expect(await jobs.listOpenIds(EARLIER_JOB, 5)).toEqual([JOB, OTHER_JOB]);
      expect(scicat.sent).toEqual([
        listing({
          where: { ...OURS, ...open, id: { $gt: EARLIER_JOB } },
          fields: ['id'],
          ...sortedById(5),
        }),
      ]);
    });

    it('passes a job without datasets or owner on, for the sweep to skip (W13)', async () => {
      const bare = { ...wireJob, ownerUser: undefined, ownerGroup: undefined, jobParams: {} };
      const { jobs } = jobsWith(
        answer(200, [bare, { ...wireJob, id: OTHER_JOB, jobParams: undefined }]),
      );
      const lists = await jobs.listOpen(undefined, 5);
      expect(lists.jobs.map(({ ownerUser, datasetPids }) => ({ ownerUser, datasetPids }))).toEqual([
        { ownerUser: '', datasetPids: [] },
        { ownerUser: 'alice', datasetPids: [] },
      ]);
    });

    it.each([
      ['descending', undefined, 5, [OTHER_JOB, JOB], `job ${JOB} after job ${OTHER_JOB}`],
      ['a job twice', undefined, 5, [JOB, JOB], `job ${JOB} after job ${JOB}`],
      ['the same page again', JOB, 5, [JOB, OTHER_JOB], `job ${JOB} after job ${JOB}`],
      ['from before the page', JOB, 5, [EARLIER_JOB], `job ${EARLIER_JOB} after job ${JOB}`],
      ['more than asked for', undefined, 1, [JOB, OTHER_JOB], '2 jobs instead of at most 1'],
    ] as const)(
      'a list that is not as asked for is an error that says so, not a shorter list: %s',
      async (_, after, limit, ids, what) => {
        const rows = answer(
          200,
          ids.map((id) => ({ ...wireJob, id })),
        );
        const errors = [
          await failing(jobsWith(rows).jobs.listOpen(after, limit)),
          await failing(jobsWith(rows).jobs.listOpenIds(after, limit)),
        ];
        expect(errors).toMatchObject(
          ['list open transfer jobs', 'list ids of open transfer jobs'].map((operation) => ({
            name: 'JobListOrderError',
            code: 'SERVICE_ACCOUNT',
            retryable: true,
            message: `SciCat did not return its list of jobs in the form that this service requested (${operation}: ${what}). The operator must check whether this service supports this version of SciCat; there is nothing wrong with your request.`,
          })),
        );
      },
    );

    it('fails rather than pass over a row that is no job', async () => {
      const error = await failing(jobsWith(answer(200, [wireJob, {}])).jobs.listOpen('', 5));
      expect(error.name).toBe('UpstreamMalformedError');
    });

    it('names a job that is not as expected, and shows the others', async () => {
      const odd = { ...wireJob, id: OTHER_JOB, type: 7 };
      expect(await jobsWith(answer(200, [wireJob, odd])).jobs.listOpen('', 5)).toEqual({
        jobs: [parsedJob],
        unreadable: [{ id: OTHER_JOB, reason: expect.any(String) }],
        last: OTHER_JOB,
      });
    });

    it('asks for a quarter after an answer that is too large, and for more again', async () => {
      const { scicat, jobs } = jobsWith('too-large', 'too-large', answer(200, [wireJob]), none);
      expect(await jobs.listOpen(undefined, 1000)).toMatchObject({ jobs: [parsedJob], last: JOB });
      await jobs.listOpen(JOB, 1000);
      expect(scicat.sent.map(({ filter }) => field(field(filter, 'limits'), 'limit'))).toEqual([
        1000, 250, 62, 124,
      ]);
      // The login, and pages of whole jobs.
      expect(scicat.limits).toEqual([256, 17_408, 17_408, 17_408, 17_408].map((kib) => kib * 1024));
    });

    it('passes over a single job that is too large, by its id', async () => {
      const { jobs } = jobsWith('too-large', 'too-large', answer(200, [{ id: JOB }]));
      expect(await jobs.listOpen(undefined, 2)).toEqual({
        jobs: [],
        unreadable: [{ id: JOB, reason: expect.stringContaining('larger') }],
        last: JOB,
      });
    });

    it('is at its end if that job has ended meanwhile', async () => {
      const { jobs } = jobsWith('too-large', none);
      expect(await jobs.listOpen(undefined, 1)).toEqual({
        jobs: [],
        unreadable: [],
        last: undefined,
      });
    });
  });

  const neverShown = (): never => {
    throw new Error('It is not on the page.');
  };

  describe('list', () => {
    const numbered = (n: number) => ({
      ...wireJob,
      id: `00000000-0000-4000-8000-00000000000${n}`,
      createdAt: new Date(Date.UTC(2026, 0, n)).toISOString(),
    });
    const idsOf = (page: { jobs: readonly { id: string }[] }) =>
      page.jobs.map(({ id }) => Number(id.at(-1)));

    const alice = { username: 'alice', accessGroups: ['p1', 'p2'] };
    const onlyAlice = { username: 'alice', accessGroups: [] };
    const count = (total: number, ownerGroup: readonly unknown[] = []) =>
      answer(200, [{ ownerGroup, all: total === 0 ? [] : [{ totalSets: total }] }]);
    const newest = (limit: number, skip: number) => ({
      sort: { createdAt: -1, id: -1 },
      limits: { limit, skip, sort: { createdAt: 'desc', id: 'desc' } },
    });

    it('asks for the jobs of the page alone, and has all of them counted', async () => {
      const { scicat, jobs } = jobsWith(
        count(4, [
          { _id: 'p9', count: 1 },
          { _id: 'p1', count: 2 },
          { _id: null, count: 1 },
        ]),
        count(7),
        answer(200, [4, 3].map(numbered)),
      );
      const page = await jobs.list(alice, 2, 2);
      // Two of alice's four are counted with her groups.
      expect({ total: page.total, ids: idsOf(page) }).toEqual({ total: 9, ids: [4, 3] });
      const counted = { type: 'globus_transfer_job', createdBy: ['creator', 'former'] };
      expect(scicat.sent).toMatchObject([
        {
          url: 'https://scicat.test/api/v4/jobs/fullfacet',
          fields: { ...counted, ownerUser: 'alice' },
        },
        { fields: { ...counted, ownerGroup: ['p1', 'p2'] } },
        {
          url: 'https://scicat.test/api/v4/jobs',
          filter: {
            where: {
              ...OURS,
              $or: [{ ownerUser: 'alice' }, { ownerGroup: { $in: ['p1', 'p2'] } }],
            },
            // SciCat applies the limit before it skips.
            ...newest(4, 2),
          },
        },
      ]);
      const asked = field(scicat.sent[2]?.filter, 'fields');
      expect(asked).toContain('jobResultObject.status');
      expect(asked).not.toContain('jobParams.globusTransfer');
      expect(scicat.limits.slice(1)).toEqual([1, 1, 1].map(() => 256 * 1024));
    });

    it('halves a page that is too large, and names a single job that is', async () => {
      const { scicat, jobs } = jobsWith(
        count(4),
        'too-large',
        answer(200, [4, 3].map(numbered)),
        'too-large',
        answer(200, [2].map(numbered)),
        'too-large',
        answer(200, [{ id: numbered(1).id, createdAt: numbered(1).createdAt }]),
      );
      const page = await jobs.list(onlyAlice, 1, 4);
      expect(idsOf(page)).toEqual([4, 3, 2, 1]);
      expect(itemOfJob(page.jobs[3] ?? neverShown())).toEqual({
        transferId: numbered(1).id,
        status: 'invalid status',
        message: 'The job of this transfer in SciCat is too large to be shown.',
      });
      expect(scicat.sent.slice(1).map(({ filter }) => field(filter, 'limits'))).toMatchObject([
        { limit: 4, skip: 0 },
        { limit: 2, skip: 0 },
        { limit: 4, skip: 2 },
        { limit: 3, skip: 2 },
        { limit: 4, skip: 3 },
        { limit: 4, skip: 3 },
      ]);
    });

    it("lists everybody's for operators, but none of other accounts or types", async () => {
      const { scicat, jobs } = jobsWith(count(1), answer(200, [numbered(1)]));
      const { total, jobs: shown } = await jobs.list('everybody', 1, 10);
      expect([total, shown.map(({ id }) => id)]).toEqual([1, [numbered(1).id]]);
      expect(scicat.sent).toMatchObject([
        { fields: { type: 'globus_transfer_job', createdBy: ['creator', 'former'] } },
        { filter: { where: OURS } },
      ]);
      expect(field(scicat.sent[1]?.filter, 'where')).not.toHaveProperty('$or');
    });

    it.each([
      ['oldest first', [1, 2]],
      ['one twice', [2, 2]],
      ['more than asked for', [3, 2, 1]],
    ])('a list in another order is an error, not a wrong page: %s', async (_, rows) => {
      const { jobs } = jobsWith(count(3), answer(200, rows.map(numbered)));
      const error = await failing(jobs.list(onlyAlice, 1, 2));
      expect(error.name).toBe('JobListOrderError');
    });

    it('of one moment, the jobs are in the order of their ids', async () => {
      const same = [3, 2, 1].map((n) => ({ ...numbered(n), createdAt: numbered(1).createdAt }));
      const { jobs } = jobsWith(count(3), answer(200, same));
      expect(idsOf(await jobs.list(onlyAlice, 1, 3))).toEqual([3, 2, 1]);
    });

    it.each([answer(200, {}), answer(200, [{}]), answer(200, [{ all: [{}] }]), answer(400)])(
      'a count that is none is an error, not 0 (%#)',
      async (reply) => {
        const { jobs } = jobsWith(reply, none);
        expect(await failing(jobs.list(onlyAlice, 1, 2))).toMatchObject({ retryable: true });
      },
    );

    it.each([
      ['no user name', { username: '', accessGroups: ['p1'] }, [{ ownerGroup: { $in: ['p1'] } }]],
      ['no groups', onlyAlice, [{ ownerUser: 'alice' }]],
      ['an empty group', { username: 'alice', accessGroups: [''] }, [{ ownerUser: 'alice' }]],
    ])('%s: matches no job without an owner', async (_, viewer, $or) => {
      const { scicat, jobs } = jobsWith(count(0), none);
      expect(await jobs.list(viewer, 1, 10)).toEqual({ total: 0, jobs: [] });
      expect(scicat.sent[1]?.filter).toMatchObject({ where: { $or } });
    });

    it('sends nothing for a viewer without name and groups', async () => {
      const { scicat, jobs } = jobsWith();
      const nobody = { username: '', accessGroups: [''] };
      expect(await jobs.list(nobody, 1, 10)).toEqual({ total: 0, jobs: [] });
      expect(scicat.sent).toEqual([]);
    });

    it('splits the query for thousands of groups: SciCat accepts 16 KB', async () => {
      const groups = Array.from({ length: 2000 }, (_, n) => `gröup-${n}`);
      const [a, b, c] = [3, 2, 1].map(numbered);
      const lists = [[a, c], [b, c], [], [], [], []];
      const { scicat, jobs } = jobsWith(
        count(1, [{ _id: 'gröup-7', count: 1 }]),
        ...lists.map((_rows, index) => count(index < 2 ? 2 : 0)),
        ...lists.map((rows) => answer(200, rows)),
        answer(200, [a, b, c]),
      );
      const page = await jobs.list({ username: 'alice', accessGroups: groups }, 1, 10);
      expect({ total: page.total, ids: idsOf(page) }).toEqual({ total: 4, ids: [3, 2, 1] });
      const asked = scicat.sent.slice(7, 13).map(({ filter }) => filter) as {
        fields: string[];
        where: { $or: { ownerGroup?: { $in: string[] } }[] };
      }[];
      for (const filter of asked) {
        expect(encodeURIComponent(JSON.stringify(filter)).length).toBeLessThan(12_000);
        expect(filter.fields).toEqual(['id', 'createdAt']);
      }
      expect(
        asked.flatMap(({ where }) => where.$or.flatMap(({ ownerGroup }) => ownerGroup?.$in ?? [])),
      ).toEqual(groups);
    });
  });

  describe('write', () => {
    it('sends the whole object as plain JSON, once, on a connection of its own', async () => {
      const { scicat, jobs } = jobsWith(answer(200, wireJob));
      await jobs.write(JOB, view);
      expect(scicat.sent).toEqual([
        {
          method: 'PATCH',
          url: `https://scicat.test/api/v4/jobs/${JOB}`,
          headers: writing,
          freshConnection: true,
          json: view,
        },
      ]);
    });

    it.each([
      ['the job is gone', refused('Invalid job id.'), 'UpstreamRejectedError', 400, false],
      [
        '404 once the dataset is gone',
        answer(404, { message: 'Unable to get a dataset. (["x"])', statusCode: 404 }),
        'DatasetGoneError',
        404,
        false,
      ],
      ['no right to update', forbidden, 'ServiceAccountError', 403, false],
      [
        '400 after storing',
        refused('Unable to perform the action.'),
        'ScicatDoubtfulRefusalError',
        400,
        true,
      ],
      ['a 404 of something else', answer(404, '<html>'), 'UpstreamUnavailableError', 404, true],
      [
        'another 404 of SciCat',
        answer(404, { message: 'Something else not found', statusCode: 404 }),
        'UpstreamRejectedError',
        404,
        false,
      ],
      ['a bare 500', answer(500, 'Internal'), 'UpstreamUnavailableError', 500, true],
      ['a 200 without the job', answer(200), 'UpstreamMalformedError', 200, true],
      [
        'a 200 with another job',
        answer(200, { ...wireJob, id: OTHER_JOB }),
        'UpstreamMalformedError',
        200,
        true,
      ],
    ] as const)('%s', async (_, reply, name, status, outcomeUnclear) => {
      const { scicat, jobs } = jobsWith(reply);
      const error = await failing(jobs.write(JOB, view));
      expect(told(error)).toMatchObject({ name, status, outcomeUnclear });
      expect(scicat.sent).toHaveLength(1);
    });

    it('asks nothing for an id that is none', async () => {
      const { scicat, jobs } = jobsWith();
      const error = await failing(jobs.write('fullquery', view));
      expect(error.name).toBe('UpstreamRejectedError');
      expect(scicat.sent).toEqual([]);
    });
  });

  describe('remove', () => {
    it('deletes the job', async () => {
      const { scicat, jobs } = jobsWith(answer(200, wireJob));
      await jobs.remove(JOB);
      expect(scicat.sent).toEqual([
        {
          method: 'DELETE',
          url: `https://scicat.test/api/v4/jobs/${JOB}`,
          headers: reading(),
          freshConnection: false,
        },
      ]);
    });

    it('is content when the job is gone already, also by its own lost first try', async () => {
      await jobsWith(refused(`Job id ${JOB} doesn't exist.`)).jobs.remove(JOB);
      const { scicat, jobs } = jobsWith('lost', refused(`Job id ${JOB} doesn't exist.`));
      await jobs.remove(JOB);
      expect(scicat.sent).toHaveLength(2);
    });

    it.each([
      [forbidden, 'ServiceAccountError'],
      [refused('Something else.'), 'UpstreamUnavailableError'],
      // A login page of something in between: the job is still there.
      [answer(200, '<html>'), 'UpstreamMalformedError'],
      [answer(200, { ...wireJob, id: OTHER_JOB }), 'UpstreamMalformedError'],
    ] as const)('fails otherwise (%#)', async (reply, name) => {
      expect((await failing(jobsWith(reply).jobs.remove(JOB))).name).toBe(name);
    });

    it('asks nothing for an id that is none', async () => {
      const { scicat, jobs } = jobsWith();
      await jobs.remove('..');
      expect(scicat.sent).toEqual([]);
    });
  });

  it('uses separate accounts to create and update, as SciCat requires', async () => {
    const scicat = new ScriptedScicat([
      answer(201, wireJob),
      answer(200, wireJob),
      answer(200, wireJob),
      answer(200, []),
      answer(200, wireJob),
    ]);
    const jobs = new ScicatTransferJobs({
      creator: scicat.account('creator'),
      updater: scicat.account('updater'),
      formerAccounts: () => [],
      clock: NOON,
    });
    await jobs.create({ record, ownerUser: 'alice', ownerGroup: 'p1' });
    await jobs.write(JOB, view);
    await jobs.read(JOB);
    await jobs.listOpenIds(undefined, 1);
    await jobs.remove(JOB);
    expect(scicat.logins.map(({ json }) => (json as { username: string }).username)).toEqual([
      'creator',
      'updater',
    ]);
    expect(
      scicat.sent.map(({ method, headers }) => `${method} ${headers['Authorization'] ?? ''}`),
    ).toEqual([
      'POST Bearer token-1',
      'PATCH Bearer token-2',
      'GET Bearer token-1',
      'GET Bearer token-1',
      'DELETE Bearer token-2',
    ]);
    expect(jobs.ownAccounts()).toEqual(['creator']);
  });
});
