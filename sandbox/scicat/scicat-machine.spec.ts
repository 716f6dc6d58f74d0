import { beforeEach, describe, expect, it } from '@jest/globals';
import { directCall } from '../http/direct-call.js';
import type { EmulatedResponse } from '../http/emulator.js';
import { errorBody, forbiddenResource, NOW, TestWorld } from './test-world.js';

const IDENTITY = '/api/v3/users/my/identity';
const unauthenticated = errorBody(401, 'Unauthorized', 'Unauthenticated');
const wrongCredentials = { status: 401, body: { message: 'Unauthorized', statusCode: 401 } };

describe('logging in to SciCat', () => {
  let world: TestWorld;

  beforeEach(() => {
    world = new TestWorld();
  });

  function login(username: unknown, password: unknown, now = NOW): EmulatedResponse {
    return directCall(world.machine, now, {
      method: 'POST',
      target: '/api/v3/Auth/Login',
      json: { username, password },
    });
  }

  it('answers 201 with the token and its life', () => {
    const { status, body } = login('alice', 'alice-pw');
    expect({ status, body }).toMatchObject({
      status: 201,
      body: {
        access_token: (body as { readonly id: string }).id,
        expires_in: 3_600,
        ttl: 3_600,
        created: '2026-11-22T12:00:00.000Z',
        userId: expect.stringMatching(/^[0-9a-f]{24}$/),
        user: { username: 'alice', email: 'alice@scicat.example', authStrategy: 'local' },
      },
    });
  });

  it.each([
    ['alice', 'wrong'],
    ['nobody', 'alice-pw'],
    ['alice', undefined],
    [7, 'x'],
  ])('refuses %j with password %j in its own format', (username, password) => {
    expect(login(username, password)).toEqual(wrongCredentials);
  });

  it('crashes for an account without a local password', () => {
    world.machine.addUser({ username: 'ldap' });
    expect(login('ldap', 'x')).toEqual({ status: 500, body: 'Internal server error' });
  });

  it('returns the same token twice within a second, another one later', () => {
    const tokens = [NOW, NOW + 999, NOW + 1_000].map(
      (now) => (login('alice', 'alice-pw', now).body as Record<string, unknown>)['access_token'],
    );
    expect([tokens[0] === tokens[1], tokens[0] === tokens[2]]).toEqual([true, false]);
  });

  it('exists in v3 only', () => {
    expect(world.as('alice', 'GET', '/api/v4/users/my/identity')).toEqual(
      errorBody(404, 'Not Found', 'Cannot GET /api/v4/users/my/identity'),
    );
  });
});

describe('tokens of SciCat', () => {
  let world: TestWorld;

  beforeEach(() => {
    world = new TestWorld();
  });

  it('show who the user is, groups included', () => {
    world.machine.addUser({
      username: 'dora',
      groups: ['x'],
      id: 'd0',
      email: 'd@x.ch',
      displayName: 'Dora D.',
      profile: { oidcClaims: { aud: ['a', 'b'] } },
    });
    const token = world.machine.mintToken('dora', { now: NOW });
    expect(world.as(token, 'GET', IDENTITY)).toEqual({
      status: 200,
      body: {
        _id: 'identity-d0',
        authStrategy: 'local',
        externalId: '',
        profile: {
          displayName: 'Dora D.',
          email: 'd@x.ch',
          username: 'dora',
          thumbnailPhoto: 'error: no photo found',
          id: 'd0',
          emails: [{ value: 'd@x.ch' }],
          accessGroups: ['x'],
          _id: 'profile-d0',
          oidcClaims: { aud: ['a', 'b'] },
        },
        provider: 'local',
        userId: 'd0',
        created: '2026-01-01T00:00:00.000Z',
        modified: '2026-01-01T00:00:00.000Z',
        __v: 0,
        id: 'identity-d0',
      },
    });
  });

  it.each([
    ['expired', (w: TestWorld) => w.machine.mintToken('admin', { now: NOW, expiresInSeconds: 0 })],
    [
      'revoked',
      (w: TestWorld) => {
        w.machine.revokeTokens('admin');
        return 'admin';
      },
    ],
    ['garbage', () => 'garbage'],
    ['absent', () => 'nobody'],
  ])('are 401 on users and 403 elsewhere when %s', (_, make) => {
    const world = new TestWorld();
    const who = make(world);
    expect([
      world.as(who, 'GET', IDENTITY),
      world.as(who, 'GET', '/api/v3/auth/whoami'),
      world.as(who, 'GET', '/api/v4/jobs'),
      world.as(who, 'POST', '/api/v4/jobs', { json: {} }),
      world.as(who, 'PATCH', '/api/v4/jobs/x', { json: {} }),
      world.as(who, 'DELETE', '/api/v4/jobs/x'),
      world.as(who, 'GET', '/api/v4/datasets/20.500%2Fone'),
      world.as(who, 'PATCH', '/api/v4/datasets/20.500%2Fone/datasetlifecycle', { json: {} }),
      world.as(who, 'GET', '/api/v4/origdatablocks'),
    ]).toEqual([
      unauthenticated,
      { status: 200 },
      ...Array.from({ length: 7 }, () => forbiddenResource),
    ]);
  });

  it('can be anonymous: 200 with an empty body, and no rights', () => {
    const { status, body } = world.as('nobody', 'POST', '/api/v3/users/jwt');
    const { jwt } = body as { jwt: string };
    expect([
      status,
      world.as(jwt, 'GET', IDENTITY),
      world.as(jwt, 'GET', '/api/v3/auth/whoami'),
      world.as(jwt, 'GET', '/api/v4/jobs'),
    ]).toEqual([
      201,
      { status: 200 },
      { status: 200, body: { username: 'anonymous', currentGroups: [] } },
      forbiddenResource,
    ]);
  });
});

describe('the rights of SciCat’s groups', () => {
  it('match parts of group names, except for administrators', () => {
    const world = new TestWorld();
    for (const username of ['creator', 'updater', 'archive', 'adm'] as const) {
      world.machine.addUser({ username, groups: [username] });
    }
    const status = (who: string, method: string, target: string, json?: unknown): number =>
      world.as(world.machine.mintToken(who, { now: NOW }), method, target, { json }).status;
    const job = { type: 'globus_transfer_job', ownerUser: 'alice', jobParams: {} };
    const patch = { statusCode: '', statusMessage: '' };
    expect({
      create: status('creator', 'POST', '/api/v4/jobs', job),
      update: status(
        'updater',
        'PATCH',
        '/api/v4/jobs/00000000-0000-4000-8000-000000000001',
        patch,
      ),
      readAnyDataset: status('archive', 'GET', '/api/v4/datasets/20.500%2Fone'),
      deleteJob: status('archive', 'DELETE', '/api/v4/jobs/00000000-0000-4000-8000-000000000001'),
      admin: status('adm', 'GET', '/api/v4/datasets/20.500%2Fone'),
    }).toEqual({ create: 201, update: 200, readAnyDataset: 200, deleteJob: 200, admin: 403 });
  });
});

describe('SciCat with its database down', () => {
  it('reports bad tokens and missing rights, after half a minute', () => {
    const world = new TestWorld();
    world.machine.switches.databaseDown = true;
    const late = (response: EmulatedResponse): EmulatedResponse => ({
      ...response,
      delayMs: 30_000,
    });
    const mongodb = { mongodb: { status: 'down' } };
    const login = { json: { username: 'alice', password: 'alice-pw' } };
    expect([
      world.as('alice', 'GET', IDENTITY),
      world.as('nobody', 'GET', IDENTITY),
      world.as('admin', 'GET', '/api/v4/jobs'),
      world.as('alice', 'GET', '/api/v4/datasets/20.500%2Fone'),
      world.as('nobody', 'GET', '/api/v4/jobs'),
      world.as('nobody', 'POST', '/api/v3/auth/login', login),
      world.as('alice', 'GET', '/api/v3/auth/whoami'),
      world.as('nobody', 'GET', '/api/v3/health'),
    ]).toEqual([
      late(unauthenticated),
      unauthenticated,
      late(forbiddenResource),
      late(forbiddenResource),
      forbiddenResource,
      late({ status: 500, body: 'Internal server error' }),
      { status: 200, delayMs: Number.POSITIVE_INFINITY },
      late({
        status: 503,
        body: { status: 'error', info: {}, error: mongodb, details: mongodb },
      }),
    ]);
    world.machine.switches.databaseDown = false;
    expect(world.as('alice', 'GET', IDENTITY).status).toBe(200);
  });
});

describe('SciCat as an HTTP server', () => {
  const world = new TestWorld();

  it('is healthy without a token', () => {
    const mongodb = { mongodb: { status: 'up' } };
    expect(world.as('nobody', 'GET', '/api/v3/health')).toEqual({
      status: 200,
      body: { status: 'ok', info: mongodb, error: {}, details: mongodb },
    });
  });

  it('answers a filter that is too long for a header with an empty 431', () => {
    const filter = (length: number): EmulatedResponse =>
      world.as('admin', 'GET', `/api/v4/jobs?filter={"where":{"id":"${'x'.repeat(length)}"}}`);
    expect([filter(13_500).status, filter(22_500)]).toEqual([200, { status: 431 }]);
  });
});
