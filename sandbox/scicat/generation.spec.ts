import { describe, expect, it } from '@jest/globals';
import { SCICAT_GENERATIONS, type ScicatGeneration } from './generation.js';
import { errorBody, forbiddenResource, jobId, NOW, TestWorld } from './test-world.js';

/** What each generation does with one request, side by side. */
function inEach<T>(what: (world: TestWorld) => T): Readonly<Record<ScicatGeneration, T>> {
  const entries = SCICAT_GENERATIONS.map((generation) => [
    generation,
    what(new TestWorld({ generation })),
  ]);
  return Object.fromEntries(entries) as Readonly<Record<ScicatGeneration, T>>;
}

const forAlice = { ownerUser: 'alice', ownerGroup: 'group1' };
const listOf = (pid: string) => ({ datasetList: [{ pid, files: [] }] });

function create(world: TestWorld, who: string, body: Readonly<Record<string, unknown>>) {
  return world.as(who, 'POST', '/api/v4/jobs', {
    json: { type: 'globus_transfer_job', jobParams: listOf('20.500/one'), ...body },
  });
}

/** Three jobs, the ids descending in order of creation. */
function withThreeJobs(world: TestWorld): void {
  create(world, 'creator', forAlice);
  const [job] = world.machine.jobs();
  if (job === undefined) throw new Error('There is no job.');
  world.machine.removeJob(job.id);
  for (const [index, n] of [3, 2, 1].entries()) {
    const id = jobId(n);
    const createdAt = new Date(NOW + index * 1000).toISOString();
    world.machine.putJob({ ...job, _id: id, id, createdAt });
  }
}

const ids = (...numbers: readonly number[]) => numbers.map(jobId);

describe('what differs between generations of SciCat', () => {
  it('the order of a job list: one ignores `sort`, the other `limits.sort`', () => {
    expect(
      inEach((world) => {
        withThreeJobs(world);
        const list = (filter: unknown) => world.jobIds('creator', filter);
        return {
          none: list({}),
          top: list({ sort: { id: 1 } }),
          inLimits: list({ limits: { sort: { id: 'asc' } } }),
          both: list({ sort: { id: 1 }, limits: { limit: 2, sort: { id: 'asc' } } }),
          numeric: list({ sort: { id: -1 }, limits: { sort: { id: 1 } } }),
        };
      }),
    ).toEqual({
      '4.5': {
        none: ids(3, 2, 1),
        top: ids(1, 2, 3),
        inLimits: ids(3, 2, 1),
        both: ids(1, 2),
        numeric: ids(3, 2, 1),
      },
      ...sameSince52({
        none: ids(3, 2, 1),
        top: ids(3, 2, 1),
        inLimits: ids(1, 2, 3),
        both: ids(1, 2),
        numeric: ids(3, 2, 1),
      }),
    });
  });

  it('the number of jobs without a limit; 0 is none in all', () => {
    const lengths = inEach((world) => {
      create(world, 'creator', forAlice);
      const [job] = world.machine.jobs();
      if (job === undefined) throw new Error('There is no job.');
      for (let n = 2; n <= 120; n += 1)
        world.machine.putJob({ ...job, _id: jobId(n), id: jobId(n) });
      return [undefined, { limits: { skip: 1 } }, { limits: { limit: 0 } }].map((filter) => {
        const listed = world.jobIds('creator', filter);
        return Array.isArray(listed) ? listed.length : listed;
      });
    });
    expect(lengths).toEqual({ '4.5': [120, 119, 120], ...sameSince52([100, 99, 120]) });
  });

  it('the status of a new job whose dataset does not exist, or without an owner', () => {
    const message = 'Datasets with pid no/such do not exist.';
    expect(
      inEach((world) => [
        create(world, 'creator', { ...forAlice, jobParams: listOf('no/such') }),
        create(world, 'creator', {}).status,
        create(world, 'creator', { ...forAlice, type: 'nope' }).status,
        create(world, 'creator', { ...forAlice, contactEmail: '-' }).status,
        create(world, 'alice', { ownerGroup: 'group2' }).status,
      ]),
    ).toEqual({
      '4.5': [{ status: 400, body: { status: 400, message } }, 400, 400, 400, 400],
      ...sameSince52([errorBody(422, 'Unprocessable Entity', message), 422, 400, 400, 403]),
    });
  });

  it('the answer to an expired token, but not to an invalid one', () => {
    const expired = errorBody(401, 'Unauthorized', 'SESSION_EXPIRED');
    expect(
      inEach((world) => {
        const token = world.machine.mintToken('alice', { now: NOW, expiresInSeconds: 0 });
        return [
          world.as(token, 'GET', '/api/v4/jobs'),
          world.as(token, 'GET', '/api/v4/datasets/20.500%2Fone'),
          world.as('garbage', 'GET', '/api/v4/jobs'),
          world.as(token, 'GET', '/api/v3/users/my/identity').status,
        ];
      }),
    ).toEqual({
      '4.5': [forbiddenResource, forbiddenResource, forbiddenResource, 401],
      ...sameSince52([expired, expired, forbiddenResource, 401]),
    });
  });

  it('whether a group that is part of another group’s name has its rights', () => {
    expect(
      inEach((world) => {
        world.machine.addUser({ username: 'part', groups: ['creator'] });
        const token = world.machine.mintToken('part', { now: NOW });
        return create(world, token, forAlice).status;
      }),
    ).toEqual({ '4.5': 201, ...sameSince52(403) });
  });

  it('the rights of one account, not an administrator, in one group with all rights or in several', () => {
    expect(
      inEach((world) => {
        create(world, 'creator', forAlice);
        const rightsOf = (who: string) => {
          const write = { json: { statusCode: '1', statusMessage: '' } };
          return [
            create(world, who, forAlice).status,
            world.as(who, 'PATCH', `/api/v4/jobs/${jobId(1)}`, write).status,
            world.as(who, 'PATCH', '/api/v4/jobs/no-such', write).status,
          ];
        };
        return {
          creator: rightsOf('creator'),
          updater: rightsOf('updater'),
          both: rightsOf('both'),
          alice: rightsOf('alice'),
        };
      }),
    ).toEqual({
      '4.5': {
        creator: [201, 403, 403],
        updater: [403, 200, 400],
        both: [201, 403, 403],
        alice: [403, 403, 400],
      },
      '5.2': {
        creator: [201, 403, 403],
        updater: [403, 200, 400],
        both: [201, 403, 403],
        alice: [403, 403, 400],
      },
      head: {
        creator: [201, 403, 403],
        updater: [403, 200, 400],
        // Each group takes away what the other one gives.
        both: [403, 403, 403],
        alice: [403, 403, 403],
      },
    });
  });

  it('head: one group in all lists gives all rights', () => {
    const allRights = SCICAT_GENERATIONS.map((generation) => {
      const world = new TestWorld({
        generation,
        groupRights: {
          createJobPrivileged: ['proxy'],
          updateJobPrivileged: ['proxy'],
          deleteJob: ['proxy'],
          updateDatasetLifecycle: ['proxy'],
        },
      });
      world.machine.addUser({ username: 'proxy', groups: ['proxy'] });
      const token = world.machine.mintToken('proxy', { now: NOW });
      create(world, token, forAlice);
      const write = { json: { statusCode: '1', statusMessage: '' } };
      return [
        world.as(token, 'PATCH', `/api/v4/jobs/${jobId(1)}`, write).status,
        world.as(token, 'DELETE', `/api/v4/jobs/${jobId(1)}`).status,
      ];
    });
    expect(allRights).toEqual([
      [403, 200],
      [403, 200],
      [200, 200],
    ]);
  });

  it('an archive job for a group alone, or for a user whom SciCat does not know', () => {
    const noGroup =
      'User does not belong to any group, cannot create job with #datasetOwner authorization.';
    const noAccess = 'User does not have access to all datasets, cannot create job.';
    expect(
      inEach((world) => {
        const archive = (owner: Readonly<Record<string, unknown>>) => {
          const { status, body } = create(world, 'creator', { type: 'archive', ...owner });
          return status === 201 ? status : [status, (body as { message?: unknown }).message];
        };
        return [
          archive({ ownerGroup: 'group1' }),
          archive({ ownerUser: 'alice', ownerGroup: 'group1' }),
          archive({ ownerUser: 'bob', ownerGroup: 'group1' }),
          archive({ ownerUser: 'who?', ownerGroup: 'group1' }),
        ];
      }),
    ).toEqual({
      '4.5': [201, 201, [403, 'Unauthorized to create this job.'], 201],
      '5.2': [[403, noGroup], 201, [403, noAccess], [403, noGroup]],
      head: [201, 201, 201, 201],
    });
  });

  it('an administrator may name any owner', () => {
    expect(
      inEach((world) => create(world, 'admin', { type: 'archive', ownerGroup: 'group1' }).status),
    ).toEqual({ '4.5': 201, '5.2': 201, head: 201 });
  });

  it('reading a job whose type was removed, and a published dataset without a token', () => {
    expect(
      inEach((world) => {
        create(world, 'creator', forAlice);
        world.machine.jobTypes.delete('globus_transfer_job');
        return [
          world.as('creator', 'GET', `/api/v4/jobs/${jobId(1)}`).status,
          world.as('nobody', 'GET', '/api/v4/datasets/20.500%2Fpublic').status,
          world.as('nobody', 'GET', '/api/v4/datasets/20.500%2Fone').status,
          world.as('nobody', 'GET', '/api/v4/datasets/missing').status,
        ];
      }),
    ).toEqual({
      '4.5': [400, 403, 403, 403],
      '5.2': [400, 403, 403, 403],
      head: [200, 200, 403, 404],
    });
  });
});

describe('what surprises in all generations of SciCat', () => {
  it('a file list is shown to the owner’s groups, access groups and administrators only', () => {
    const seen = inEach((world) => {
      world.machine.addOrigDatablock('20.500/one', [{ path: 'a' }]);
      const filter = encodeURIComponent('{"where":{"datasetId":"20.500/one"}}');
      return ['alice', 'carol', 'admin', 'updater', 'archiver', 'bob'].map((who) => {
        const { status, body } = world.as(who, 'GET', `/api/v4/origdatablocks?filter=${filter}`);
        return [status, (body as readonly unknown[]).length];
      });
    });
    const expected = [1, 1, 1, 0, 0, 0].map((length) => [200, length]);
    expect(seen).toEqual({ '4.5': expected, '5.2': expected, head: expected });
  });

  it('a lifecycle flag is set by null', () => {
    const set = inEach((world) => {
      const target = '/api/v4/datasets/20.500%2Fone/datasetlifecycle';
      world.as('archiver', 'PATCH', target, { json: { archivable: false } });
      const { status, body } = world.as('archiver', 'PATCH', target, {
        json: { archivable: null },
      });
      return [status, (body as { archivable?: unknown }).archivable];
    });
    expect(set).toEqual({ '4.5': [200, true], '5.2': [200, true], head: [200, true] });
  });
});

function sameSince52<T>(expected: T): Readonly<Record<'5.2' | 'head', T>> {
  return { '5.2': expected, head: expected };
}
