import { describe, expect, it } from '@jest/globals';
import { dataAccessScope, parseScopes, ScopeSyntaxError, transferScope } from './scopes.js';
import { MachineHarness, pick, testStart } from './machine-harness.js';

const scopeA = dataAccessScope('col-a');
const scopeB = dataAccessScope('col-b');

describe('scope strings', () => {
  it('reads a bracket with several optional dependencies', () => {
    expect(parseScopes('base[*one  *two three[four]] other')).toEqual([
      {
        name: 'base',
        optional: false,
        dependencies: [
          { name: 'one', optional: true, dependencies: [] },
          { name: 'two', optional: true, dependencies: [] },
          {
            name: 'three',
            optional: false,
            dependencies: [{ name: 'four', optional: false, dependencies: [] }],
          },
        ],
      },
      { name: 'other', optional: false, dependencies: [] },
    ]);
  });

  it('merges mentions of one scope, the required one winning', () => {
    expect(parseScopes('foo[*bar] foo[bar] foo[*baz]')).toEqual([
      {
        name: 'foo',
        optional: false,
        dependencies: [
          { name: 'bar', optional: false, dependencies: [] },
          { name: 'baz', optional: true, dependencies: [] },
        ],
      },
    ]);
  });

  it.each([
    'foo [bar]',
    'foo[]',
    'foo[bar]baz',
    'foo[bar',
    'foo]',
    'foo[bar]]',
    '[foo]',
    '* foo',
    '**foo',
    'foo[bar][baz]',
    'foo*bar',
    'foo[bar[foo]]',
    '',
  ])('refuses %p', (text) => {
    expect(() => parseScopes(text)).toThrow(ScopeSyntaxError);
  });
});

describe('tokens', () => {
  it('are granted for client credentials, for 48 hours, with the base scope only', () => {
    const answer = new MachineHarness().grant(`${transferScope}[*${scopeA} *${scopeB}]`);
    expect(answer).toEqual({
      status: 200,
      headers: undefined,
      body: {
        access_token: expect.any(String),
        scope: transferScope,
        expires_in: 172_800,
        token_type: 'Bearer',
        resource_server: 'transfer.api.globus.org',
        other_tokens: [],
      },
    });
  });

  it('of other resource servers stand in other_tokens, and Transfer need not be on top', () => {
    const { body } = new MachineHarness().grant(`openid ${transferScope} ${scopeA}`);
    const others = body['other_tokens'] as Record<string, unknown>[];
    expect([body, ...others].map((token) => pick(token, 'resource_server', 'scope'))).toEqual([
      { resource_server: 'auth.globus.org', scope: 'openid' },
      { resource_server: 'transfer.api.globus.org', scope: transferScope },
      { resource_server: 'col-a', scope: scopeA },
    ]);
    expect(body['id_token']).toEqual(expect.any(String));
  });

  it.each([
    ['an unknown collection', `${transferScope}[*${dataAccessScope('nowhere')}]`],
    ['a high-assurance collection', `${transferScope}[*${scopeA} *${dataAccessScope('high')}]`],
    ['a guest collection', `${transferScope}[*${dataAccessScope('guest')}]`],
    ['an unknown base', 'urn:globus:auth:scope:nowhere:all'],
    ['wrong syntax', `${transferScope} [*${scopeA}]`],
  ])('are refused as a whole for %s', (_what, scope) => {
    const harness = new MachineHarness();
    harness.machine.addCollection({ id: 'high', displayName: 'H', highAssurance: true });
    harness.machine.addCollection({
      id: 'guest',
      displayName: 'G',
      kind: 'GCSv5_guest_collection',
    });
    const { status, body } = harness.grant(scope);
    const [error] = body['errors'] as Record<string, unknown>[];
    expect({ status, code: error?.['code'] }).toEqual({ status: 400, code: 'UNKNOWN_SCOPE_ERROR' });
    harness.login([]);
    expect(harness.submit().body['code']).toBe('ConsentRequired');
  });

  it.each(['client-1:wrong', 'nobody:secret-1', 'client-1:'])('are refused to %s', (client) => {
    expect(new MachineHarness().grant(transferScope, client)).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
  });

  it('follow a changed secret', () => {
    const harness = new MachineHarness();
    harness.machine.setSecret('client-1', 'new');
    expect(harness.grant(transferScope).status).toBe(401);
    expect(harness.grant(transferScope, 'client-1:new').status).toBe(200);
  });

  it('are granted for credentials in the body as well, but not for both', () => {
    const harness = new MachineHarness();
    const form = {
      grant_type: 'client_credentials',
      scope: transferScope,
      client_id: 'client-1',
      client_secret: 'secret-1',
    };
    const send = (authorization: string | undefined, fields: Record<string, string>) =>
      harness.machine.handle(
        {
          method: 'POST',
          path: '/v2/oauth2/token',
          query: new URLSearchParams(),
          headers: { authorization },
          body: new URLSearchParams(fields).toString(),
        },
        testStart,
      ).status;
    expect(send(undefined, form)).toBe(200);
    expect(send(`Basic ${btoa('client-1:secret-1')}`, form)).toBe(400);
    expect(send(undefined, { ...form, grant_type: 'password' })).toBe(400);
    expect(send(undefined, { ...form, scope: '' })).toBe(400);
  });

  it('end: Transfer answers 401 AuthenticationFailed from the moment on', () => {
    const harness = new MachineHarness();
    harness.machine.setTokenLife(60);
    harness.login();
    harness.wait(59_999);
    expect(harness.send('GET', '/v0.10/submission_id').status).toBe(200);
    harness.wait(1);
    expect(harness.send('GET', '/v0.10/submission_id')).toMatchObject({
      status: 401,
      body: {
        code: 'AuthenticationFailed',
        message: expect.any(String),
        request_id: expect.stringMatching(/^[0-9A-Za-z]{9}$/),
        resource: '/v0.10/submission_id',
      },
    });
  });

  it('are void when revoked, made up, or for another resource server', () => {
    const harness = new MachineHarness();
    harness.login();
    harness.machine.revokeTokens('client-1');
    expect(harness.send('GET', '/v0.10/submission_id').status).toBe(401);
    expect(harness.send('GET', '/v0.10/submission_id', '', 'made-up').status).toBe(401);
    harness.token = harness.grant('openid').body['access_token'] as string;
    expect(harness.send('GET', '/v0.10/submission_id').status).toBe(401);
  });

  it('can be introspected and revoked', () => {
    const harness = new MachineHarness();
    harness.login();
    const call = (path: string) =>
      harness.machine.handle(
        {
          method: 'POST',
          path: `/v2/oauth2/token/${path}`,
          query: new URLSearchParams(),
          headers: { authorization: `Basic ${btoa('client-1:secret-1')}` },
          body: `token=${harness.token}`,
        },
        testStart,
      ).body;
    expect(call('introspect')).toMatchObject({ active: true, sub: 'client-1' });
    call('revoke');
    expect(call('introspect')).toEqual({ active: false });
  });
});

describe('consents', () => {
  it('are recorded by a token request, at the server: the older token profits', () => {
    const harness = new MachineHarness();
    harness.login([]);
    const refused = harness.submit();
    const required = [`${transferScope}[*${scopeA} *${scopeB}]`];
    expect(refused).toMatchObject({
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
    expect(harness.submit({ DATA: [] }).body['code']).toBe(
      'ClientError.BadRequest.NoTransferItems',
    );
    expect(harness.send('GET', '/v0.10/operation/endpoint/col-a/ls').body['code']).toBe(
      'ConsentRequired',
    );
  });

  it('name only the collections that miss one, and none without data_access', () => {
    const harness = new MachineHarness();
    harness.machine.addCollection({ id: 'high', displayName: 'H', highAssurance: true });
    harness.login(['col-a']);
    expect(harness.submit({ destination_endpoint: 'high' }).status).toBe(200);
    expect(harness.submit().body['required_scopes']).toEqual([`${transferScope}[*${scopeB}]`]);
  });

  it('are only given below the scope of Transfer', () => {
    const harness = new MachineHarness();
    harness.login([]);
    harness.grant(`openid[*${scopeA}] ${scopeB}`);
    expect(harness.submit().body['required_scopes']).toEqual([
      `${transferScope}[*${scopeA} *${scopeB}]`,
    ]);
  });

  it('belong to one client', () => {
    const harness = new MachineHarness();
    harness.login();
    harness.machine.addClient({ id: 'client-2', secret: 's' });
    harness.token = harness.grant(transferScope, 'client-2:s').body['access_token'] as string;
    expect(harness.submit().body['code']).toBe('ConsentRequired');
  });
});
