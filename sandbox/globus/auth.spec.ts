import { beforeEach, describe, expect, it } from '@jest/globals';
import { MachineHarness, pick } from './machine-harness.js';
import { dataAccessScope, parseScopes, ScopeSyntaxError, transferScope } from './scopes.js';

const scopeA = dataAccessScope('col-a');
const scopeB = dataAccessScope('col-b');
const SUBMISSION_ID = '/v0.10/submission_id';

let harness: MachineHarness;

beforeEach(() => {
  harness = new MachineHarness();
});

describe('a scope string', () => {
  it('is merged: mentions of one scope become one, the required one winning', () => {
    expect(parseScopes('foo[*bar]  foo[bar[four]] foo[*baz] other')).toEqual([
      {
        name: 'foo',
        optional: false,
        dependencies: [
          {
            name: 'bar',
            optional: false,
            dependencies: [{ name: 'four', optional: false, dependencies: [] }],
          },
          { name: 'baz', optional: true, dependencies: [] },
        ],
      },
      { name: 'other', optional: false, dependencies: [] },
    ]);
  });

  it.each([
    ...['foo [bar]', 'foo[]', 'foo[bar]baz', 'foo[bar', 'foo]', 'foo[bar]]', '[foo]', '* foo'],
    ...['**foo', 'foo[bar][baz]', 'foo*bar', 'foo[bar[foo]]', ''],
  ])('is refused when it is %p', (text) => {
    expect(() => parseScopes(text)).toThrow(ScopeSyntaxError);
  });
});

describe('a token', () => {
  it('is granted for 48 hours with the base scope; others stand in other_tokens', () => {
    const { status, body } = harness.grant(`openid ${transferScope}[*${scopeB}] ${scopeA}`);
    const tokens = [body, ...(body['other_tokens'] as Record<string, unknown>[])];
    expect([status, body['expires_in'], typeof body['id_token']]).toEqual([200, 172_800, 'string']);
    expect(tokens.map((token) => pick(token, 'resource_server', 'scope'))).toEqual([
      { resource_server: 'auth.globus.org', scope: 'openid' },
      { resource_server: 'transfer.api.globus.org', scope: transferScope },
      { resource_server: 'col-a', scope: scopeA },
    ]);
  });

  it.each([
    ['an unknown collection', `${transferScope}[*${dataAccessScope('nowhere')}]`],
    ['a high-assurance collection', `${transferScope}[*${scopeA} *${dataAccessScope('high')}]`],
    ['a guest collection', `${transferScope}[*${dataAccessScope('guest')}]`],
    ['an unknown base', 'urn:globus:auth:scope:nowhere:all'],
    ['wrong syntax', `${transferScope} [*${scopeA}]`],
  ])('is refused as a whole for %s', (_what, scope) => {
    const kind = 'GCSv5_guest_collection';
    harness.machine.addCollection({ id: 'high', displayName: 'H', highAssurance: true });
    harness.machine.addCollection({ id: 'guest', displayName: 'G', kind });
    expect(harness.grant(scope)).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'UNKNOWN_SCOPE_ERROR' }] },
    });
    harness.login([]);
    expect(harness.submit().body['code']).toBe('ConsentRequired');
  });

  it('needs the present secret, in the header or in the body, but not in both', () => {
    harness.machine.setSecret('client-1', 'new');
    const grant = { grant_type: 'client_credentials', scope: transferScope };
    const inBody = { ...grant, client_id: 'client-1', client_secret: 'new' };
    const basic = (text: string) => `Basic ${btoa(text)}`;
    expect(
      [
        harness.askAuth(grant, basic('client-1:new')),
        harness.askAuth(inBody),
        harness.askAuth(grant, basic('client-1:secret-1')),
        harness.askAuth(grant, basic('nobody:new')),
        harness.askAuth(inBody, basic('client-1:new')),
        harness.askAuth({ ...inBody, grant_type: 'password' }),
        harness.askAuth({ ...inBody, scope: '' }),
      ].map(({ status }) => status),
    ).toEqual([200, 200, 401, 401, 400, 400, 400]);
  });

  it('ends: Transfer answers 401 AuthenticationFailed from that moment on', () => {
    harness.machine.setTokenLife(60);
    harness.login();
    harness.wait(59_999);
    expect(harness.send('GET', SUBMISSION_ID).status).toBe(200);
    harness.wait(1);
    expect(harness.send('GET', SUBMISSION_ID)).toMatchObject({
      status: 401,
      body: {
        code: 'AuthenticationFailed',
        request_id: expect.stringMatching(/^[0-9A-Za-z]{9}$/),
        resource: SUBMISSION_ID,
      },
    });
  });

  it('is void when it is revoked, made up, or for another resource server', () => {
    const status = () => harness.send('GET', SUBMISSION_ID).status;
    harness.login();
    expect([status(), harness.send('GET', SUBMISSION_ID, '', 'made-up').status]).toEqual([
      200, 401,
    ]);
    harness.machine.revokeTokens('client-1');
    expect(status()).toBe(401);
    harness.token = harness.grant('openid').body['access_token'] as string;
    expect(status()).toBe(401);
  });
});

describe('a consent', () => {
  it('is recorded by a token request, at the server: the older token profits', () => {
    harness.login([]);
    // Scopes elsewhere than below the scope of Transfer give no consent.
    harness.grant(`openid[*${scopeA}] ${scopeB}`);
    const required = [`${transferScope}[*${scopeA} *${scopeB}]`];
    expect(harness.submit()).toMatchObject({
      status: 403,
      body: {
        code: 'ConsentRequired',
        required_scopes: required,
        authorization_parameters: { required_scopes: required },
      },
    });
    harness.grant(required[0] ?? '');
    expect(harness.submit().status).toBe(200);
    harness.machine.revokeConsents('client-1');
    expect(harness.send('GET', '/v0.10/operation/endpoint/col-a/ls').body['code']).toBe(
      'ConsentRequired',
    );
  });

  it('is missed for the collections that need one only, and belongs to one client', () => {
    harness.machine.addCollection({ id: 'high', displayName: 'H', highAssurance: true });
    harness.login(['col-a']);
    expect(harness.submit({ destination_endpoint: 'high' }).status).toBe(200);
    expect(harness.submit().body['required_scopes']).toEqual([`${transferScope}[*${scopeB}]`]);
    harness.machine.addClient({ id: 'client-2', secret: 's' });
    harness.login([], 'client-2:s');
    expect(harness.submit().body['code']).toBe('ConsentRequired');
  });
});
