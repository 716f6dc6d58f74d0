import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EmulatedResponse } from '../http/emulator.js';
import { errorBody, forbiddenResource, TestWorld } from './test-world.js';

const ONE = '20.500%2Fone';
const PUBLIC = '20.500%2Fpublic';
const unauthorized = errorBody(403, 'Forbidden', 'Unauthorized access');

let world: TestWorld;

beforeEach(() => {
  world = new TestWorld();
});

describe('reading a dataset', () => {
  const get = (who: string, version: string, pid: string): EmulatedResponse =>
    world.as(who, 'GET', `/api/${version}/datasets/${pid}`);

  it.each<[string, string, EmulatedResponse | 200, EmulatedResponse | 200]>([
    ['alice', ONE, 200, 200],
    ['carol', ONE, 200, 200],
    ['admin', ONE, 200, 200],
    ['archiver', ONE, 200, 200],
    ['creator', ONE, unauthorized, unauthorized],
    ['updater', ONE, unauthorized, unauthorized],
    ['bob', ONE, 200, unauthorized],
    ['nobody', ONE, unauthorized, forbiddenResource],
    ['nobody', PUBLIC, 200, forbiddenResource],
    ['bob', PUBLIC, 200, 200],
    [
      'alice',
      'no%2Fsuch',
      errorBody(404, 'Not Found', 'dataset: no/such not found'),
      errorBody(404, 'Not Found', 'dataset: null not found'),
    ],
    [
      'alice',
      '20.500%252Fone',
      errorBody(404, 'Not Found', 'dataset: 20.500%2Fone not found'),
      errorBody(404, 'Not Found', 'dataset: null not found'),
    ],
  ])('by %s of %s depends on the version', (who, pid, v3, v4) => {
    const brief = (answer: EmulatedResponse): EmulatedResponse | number =>
      answer.status === 200 ? 200 : answer;
    expect([brief(get(who, 'v3', pid)), brief(get(who, 'v4', pid))]).toEqual([v3, v4]);
  });

  it('returns any dataset for findOne, and the list for an empty PID', () => {
    const pidsOf = (body: unknown): unknown[] =>
      (body as { pid: string }[]).map((dataset) => dataset.pid);
    expect([
      (get('alice', 'v4', 'findOne').body as { pid: string }).pid,
      pidsOf(get('alice', 'v4', '').body),
      pidsOf(get('bob', 'v4', '').body),
      world.as('bob', 'GET', '/api/v4/datasets/findOne?filter={"where":{"pid":"x"}}'),
    ]).toEqual([
      '20.500/one',
      ['20.500/one', '20.500/public'],
      // Shared with bob by e-mail: listed, though not shown alone.
      ['20.500/one', '20.500/public'],
      { status: 200 },
    ]);
  });
});

describe('PATCH datasetlifecycle', () => {
  const patch = (who: string, json: unknown, pid = ONE, version = 'v4'): EmulatedResponse =>
    world.as(who, 'PATCH', `/api/${version}/datasets/${pid}/datasetlifecycle`, { json });

  it('merges, returns the whole lifecycle, and changes nothing else', () => {
    const before = world.machine.datasets.get('20.500/one');
    const answer = patch('admin', { archivable: false, archiveStatusMessage: 'x' });
    const expected = {
      archivable: false,
      retrievable: false,
      publishable: false,
      isOnCentralDisk: true,
      archiveStatusMessage: 'x',
      retrieveStatusMessage: '',
      retrieveIntegrityCheck: false,
    };
    expect([answer, world.machine.datasets.get('20.500/one')]).toEqual([
      { status: 200, body: expected },
      {
        ...before,
        datasetlifecycle: expected,
        updatedBy: 'admin',
        updatedAt: '2026-11-22T12:00:00.000Z',
      },
    ]);
  });

  it('is allowed for administrators, lifecycle groups and the owner group', () => {
    const body = { archivable: true };
    expect([
      ['admin', 'archiver', 'alice'].map((who) => patch(who, body).status),
      patch('carol', body),
      patch('carol', body, ONE, 'v3'),
      patch('creator', body),
      patch('admin', body, 'no%2Fsuch'),
    ]).toEqual([
      [200, 200, 200],
      unauthorized,
      errorBody(403, 'Forbidden', 'Unauthorized to update this dataset'),
      unauthorized,
      errorBody(404, 'Not Found', 'dataset with pid no/such not found'),
    ]);
  });

  it('requires the right to create datasets', () => {
    world = new TestWorld({ groupRights: { createDataset: ['ingestors'] } });
    expect(patch('alice', {})).toEqual(forbiddenResource);
  });
});
