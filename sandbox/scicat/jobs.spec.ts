import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EmulatedResponse } from '../http/emulator.js';
import type { JobDocument } from './jobs.js';
import { errorBody, forbiddenResource, jobId, TestWorld } from './test-world.js';

const JOBS = '/api/v4/jobs';
const ID = jobId(1);
const oneDataset = [{ pid: '20.500/one', files: [] }];
const transfer = {
  type: 'globus_transfer_job',
  ownerUser: 'alice',
  ownerGroup: 'group1',
  contactEmail: 'alice@scicat.example',
  jobParams: { datasetList: oneDataset, globusTransfer: { sealed: 'e30' } },
};

let world: TestWorld;

beforeEach(() => {
  world = new TestWorld();
});

const post = (who: string, json: unknown): EmulatedResponse =>
  world.as(who, 'POST', JOBS, { json });
const patch = (who: string, json: unknown, id = ID): EmulatedResponse =>
  world.as(who, 'PATCH', `${JOBS}/${id}`, { json });
const jobError = (message: string, error = ''): EmulatedResponse => ({
  status: 400,
  body: { status: 400, message, ...(error === '' ? {} : { error }) },
});
const created = (answer: EmulatedResponse): JobDocument => {
  expect(answer.status).toBe(201);
  return answer.body as JobDocument;
};

describe('POST jobs', () => {
  it('stores and returns the job with an id and an initial status', () => {
    const answer = post('admin', transfer);
    expect(answer).toEqual({
      status: 201,
      body: {
        createdBy: 'admin',
        updatedBy: 'admin',
        createdAt: '2026-11-22T12:00:00.000Z',
        updatedAt: '2026-11-22T12:00:00.000Z',
        ownerGroup: 'group1',
        accessGroups: [],
        isPublished: false,
        _id: ID,
        id: ID,
        ownerUser: 'alice',
        type: 'globus_transfer_job',
        statusCode: 'jobSubmitted',
        statusMessage: 'Job submitted.',
        jobParams: transfer.jobParams,
        contactEmail: 'alice@scicat.example',
        configVersion: '1',
        jobResultObject: {},
        __v: 0,
      },
    });
    expect(world.machine.jobs()).toEqual([answer.body]);
  });

  it.each<[unknown, readonly string[]]>([
    [{ ...transfer, id: 'x' }, ['property id should not exist']],
    [{ ...transfer, statusCode: 'x' }, ['property statusCode should not exist']],
    [{ ...transfer, contactEmail: '' }, ['contactEmail must be an email']],
    [{ ...transfer, ownerGroup: 1 }, ['ownerGroup must be a string']],
    [{ jobParams: [] }, ['type must be a string', 'jobParams must be an object']],
  ])('refuses %j with a list of messages', (body, messages) => {
    expect(post('admin', body)).toEqual(errorBody(400, 'Bad Request', messages));
    expect(world.machine.jobs()).toEqual([]);
  });

  it('accepts listed files of one dataset only', () => {
    world.machine.addOrigDatablock('20.500/one', [{ path: 'a' }]);
    world.machine.addOrigDatablock('20.500/public', [{ path: 'b' }]);
    const files = (datasetList: unknown): EmulatedResponse =>
      post('admin', { ...transfer, jobParams: { datasetList } });
    const first = { pid: '20.500/one', files: ['a'] };
    expect([files([first]), files([first, { pid: '20.500/public', files: ['b'] }])]).toEqual([
      { status: 201, body: world.machine.job(ID) },
      jobError(
        'At least one requested file could not be found.',
        '[{"pid":"20.500/one","nonExistFiles":["a"]}]',
      ),
    ]);
  });

  it('silently makes the caller the owner of a job for a user who never logged in', () => {
    world.machine.addUser({ username: 'new', password: 'pw', neverLoggedIn: true });
    const before = created(post('admin', { ...transfer, ownerUser: 'new' }));
    world.as('nobody', 'POST', '/api/v3/auth/login', { json: { username: 'new', password: 'pw' } });
    const after = created(post('admin', { ...transfer, ownerUser: 'new' }));
    const unknown = created(post('admin', { ...transfer, ownerUser: 'zoe' }));
    expect([before.ownerUser, after.ownerUser, unknown.ownerUser]).toEqual([
      'admin',
      'new',
      'admin',
    ]);
  });

  it('lets ordinary users create jobs only for themselves and of types that allow it', () => {
    const archive = { type: 'archive', jobParams: { datasetList: oneDataset } };
    expect([
      post('alice', archive),
      post('alice', { ...archive, ownerGroup: 'group1', ownerUser: 'bob' }),
      post('alice', { ...archive, ownerGroup: 'group2' }),
      created(post('alice', { ...archive, ownerGroup: 'group1' })).ownerUser,
      post('carol', { ...archive, ownerGroup: 'group1-readers' }),
      post('alice', { ...transfer, ownerUser: 'alice' }),
      post('alice', { ...archive, jobParams: {}, ownerGroup: 'group1' }),
      post('nobody', transfer),
      post('admin', { ...transfer, type: 'nope' }),
    ]).toEqual([
      jobError('Invalid new job. Owner group should be specified.'),
      jobError('Invalid new job. User owning the job should match user logged in.'),
      jobError('Invalid new job. User needs to belong to job owner group.'),
      'alice',
      errorBody(403, 'Forbidden', 'Unauthorized to create this job.'),
      errorBody(403, 'Forbidden', 'Unauthorized to create this job.'),
      jobError('Dataset ids list was not provided in jobParams'),
      forbiddenResource,
      jobError('Invalid job type: nope'),
    ]);
  });

  it('requires an owner with access from callers who are merely job-privileged', () => {
    const archive = { type: 'archive', jobParams: { datasetList: oneDataset } };
    expect(
      [
        { ownerUser: 'alice', ownerGroup: 'group1' },
        { ownerUser: 'alice' },
        { ownerGroup: 'group1' },
        { ownerUser: 'bob', ownerGroup: 'group1' },
        { ownerGroup: 'group2' },
      ].map((owner) => post('creator', { ...archive, ...owner }).status),
    ).toEqual([201, 201, 201, 403, 403]);
    expect(post('admin', { ...archive, ownerGroup: 'group2' }).status).toBe(201);
  });

  it('refuses an archive job for a dataset that is not archivable', () => {
    world.machine.changeLifecycle('20.500/one', { archivable: false });
    const archive = { ...transfer, type: 'archive' };
    expect([post('admin', archive), world.machine.jobs()]).toEqual([
      jobError("Invalid request. Invalid value for 'datasetlifecycle.archivable'"),
      [],
    ]);
  });
});

describe('PATCH jobs', () => {
  beforeEach(() => {
    created(post('admin', transfer));
  });

  it('replaces jobResultObject as a whole, and keeps it when it is absent', () => {
    const first = patch('admin', {
      statusCode: '002',
      statusMessage: 'transferring',
      jobResultObject: { a: 1, b: { c: 2 } },
    });
    const second = patch('updater', {
      statusCode: '',
      statusMessage: '',
      jobResultObject: { b: {} },
    });
    const third = patch('updater', { statusCode: 'x', statusMessage: 'y' });
    expect([first.status, (second.body as JobDocument).jobResultObject, third]).toEqual([
      200,
      { b: {} },
      {
        status: 200,
        body: {
          ...(first.body as JobDocument),
          statusCode: 'x',
          statusMessage: 'y',
          jobResultObject: { b: {} },
          updatedBy: 'updater',
        },
      },
    ]);
    expect([world.machine.job(ID), world.machine.updateActions(ID)]).toEqual([third.body, 3]);
  });

  it('stores null', () => {
    const nulled = { statusCode: 's', statusMessage: 'm', jobResultObject: null };
    expect(patch('admin', nulled).body).toMatchObject({ jobResultObject: null });
  });

  it('is never allowed for create-privileged accounts that are not administrators', () => {
    const body = { statusCode: '', statusMessage: '' };
    const auth = '#all';
    world.machine.jobTypes.set('globus_transfer_job', { create: { auth }, update: { auth } });
    expect(
      ['admin', 'updater', 'alice', 'creator', 'both', 'nobody'].map((who) => patch(who, body)),
    ).toMatchObject([
      { status: 200 },
      { status: 200 },
      { status: 200 },
      ...Array<unknown>(3).fill(forbiddenResource),
    ]);
    expect(patch('alice', body, 'no-such')).toEqual(jobError('Invalid job id.'));
  });

  it.each([
    ['#jobOwnerUser', 'alice'],
    ['#jobOwnerGroup', 'alice'],
    ['@archivemanager', 'archiver'],
    ['archiver', 'archiver'],
    ['archivemanager', undefined],
  ])('obeys update.auth %s', (auth, allowed) => {
    world.machine.jobTypes.set('globus_transfer_job', {
      create: { auth: '#jobAdmin' },
      update: { auth },
    });
    const may = ['alice', 'bob', 'carol', 'archiver'].filter(
      (who) => patch(who, { statusCode: '', statusMessage: '' }).status === 200,
    );
    expect(may).toEqual(allowed === undefined ? [] : [allowed]);
  });
});

describe('GET one job', () => {
  beforeEach(() => {
    created(post('admin', transfer));
  });
  const get = (who: string, id = ID): EmulatedResponse => world.as(who, 'GET', `${JOBS}/${id}`);

  it('is allowed for its owner, the owner group, administrators and job-privileged accounts', () => {
    expect([
      ['alice', 'admin', 'creator', 'updater'].map((who) => get(who).status),
      get('alice').body,
      get('bob'),
      get('carol'),
      get('archiver').status,
      get('nobody'),
      get('admin', 'no-such'),
      get('admin', 'count'),
    ]).toEqual([
      [200, 200, 200, 200],
      world.machine.job(ID),
      errorBody(403, 'Forbidden', 'Unauthorized to get this job.'),
      errorBody(403, 'Forbidden', 'Unauthorized to get this job.'),
      403,
      forbiddenResource,
      jobError('Invalid job id.'),
      jobError('Invalid job id.'),
    ]);
  });
});

describe('GET jobs', () => {
  beforeEach(() => {
    for (let n = 1; n <= 6; n++) {
      created(
        post('admin', {
          ...transfer,
          type: n % 2 === 0 ? 'archive' : 'globus_transfer_job',
          ownerUser: n <= 3 ? 'alice' : 'bob',
          ownerGroup: n <= 3 ? 'group1' : 'group2',
          jobParams: { datasetList: oneDataset, n },
        }),
      );
    }
  });

  const finish = (n: number, status: string): void => {
    patch('admin', { statusCode: '3', statusMessage: '', jobResultObject: { status } }, jobId(n));
  };
  const ids = (...ns: readonly number[]): string[] => ns.map(jobId);

  it('returns all readable jobs without a limit', () => {
    expect(
      ['admin', 'creator', 'updater', 'alice', 'bob', 'carol'].map((who) => world.jobIds(who)),
    ).toEqual([
      ids(1, 2, 3, 4, 5, 6),
      ids(1, 2, 3, 4, 5, 6),
      ids(1, 2, 3, 4, 5, 6),
      ids(1, 2, 3),
      ids(4, 5, 6),
      [],
    ]);
  });

  it('applies the limit before the skip', () => {
    expect([
      world.jobIds('admin', { limits: { limit: 5, skip: 5 } }),
      world.jobIds('admin', { limits: { limit: 6, skip: 4 } }),
      world.jobIds('admin', { limits: { limit: 0, skip: 4 } }),
      world.jobIds('admin', { limits: { limit: 5, skip: 5 }, sort: { ownerUser: 1 } }),
    ]).toEqual([[], ids(5, 6), ids(5, 6), []]);
  });

  it('keeps the order of creation when jobs are changed, unless it is told to sort', () => {
    finish(2, 'x');
    const byOwner = { ownerUser: -1, id: -1 };
    expect([
      world.jobIds('admin'),
      world.jobIds('admin', { sort: byOwner }),
      world.jobIds('admin', { sort: byOwner, limits: { limit: 2 } }),
      world.jobIds('admin', { sort: { createdAt: -1 } }),
      world.jobIds('admin', { limits: { sort: { id: 'desc' }, limit: 1 } }),
    ]).toEqual([
      ids(1, 2, 3, 4, 5, 6),
      ids(6, 5, 4, 3, 2, 1),
      ids(6, 5),
      ids(1, 2, 3, 4, 5, 6),
      ids(1),
    ]);
  });

  it('returns the requested fields, and can sort only by these', () => {
    const list = (filter: unknown): unknown =>
      world.as('admin', 'GET', `${JOBS}?filter=${JSON.stringify(filter)}`).body;
    const where = { ownerUser: 'bob' };
    finish(5, 'finished');
    expect([
      list({ where, fields: ['id', 'jobParams.n'] }),
      list({ where, fields: ['jobParams.n'], sort: { 'jobParams.n': -1 } }),
      list({ where, fields: ['jobParams.n'], sort: { statusCode: 1 }, limits: { limit: 1 } }),
      (list({ where, fields: { id: 1 } }) as JobDocument[])[0],
    ]).toEqual([
      [4, 5, 6].map((n) => ({ id: jobId(n), jobParams: { n } })),
      [6, 5, 4].map((n) => ({ jobParams: { n } })),
      [{ jobParams: { n: 4 } }],
      world.machine.job(jobId(4)),
    ]);
  });

  it('crashes on the filter null', () => {
    expect(world.as('admin', 'GET', `${JOBS}?filter=null`)).toEqual({
      status: 500,
      body: 'Internal server error',
    });
  });
});
