import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { inspect } from 'node:util';
import { RecordedEvents } from '../../test/support/recorded-events.js';
import { down } from '../../test/support/upstream-failures.js';
import { InternalError, UnauthenticatedError } from '../errors/request.errors.js';
import { TRANSFER_EVENTS } from '../transfers/application/ports/transfer-events.port.js';
import { Authenticated, SCICAT_KEY_SCHEME } from './authenticated.decorator.js';
import { Authenticator } from './authenticator.js';
import type { Caller } from './caller.js';
import { callerOf, rememberCaller } from './caller.js';
import { CurrentUser, currentUser } from './current-user.decorator.js';
import type { Identities, Identity } from './identity.port.js';
import { ScicatAuthGuard } from './scicat-auth.guard.js';

const alice: Identity = {
  username: 'alice',
  email: undefined,
  accessGroups: ['p1'],
  document: { profile: {} },
};

/** Knows alice by the token `alice-token`; answers when told to. */
class FakeIdentities implements Identities {
  readonly asked: string[] = [];
  release: () => void = () => undefined;
  private gate: Promise<void> = Promise.resolve();

  hold(): void {
    this.gate = new Promise((resolve) => (this.release = resolve));
  }

  async identify(token: string): Promise<Identity> {
    this.asked.push(token);
    await this.gate;
    if (token !== 'alice-token') throw new UnauthenticatedError('Unknown.');
    return alice;
  }
}

const contextOf = (request: object) => new ExecutionContextHost([request]);

describe('Authenticator', () => {
  it('asks SciCat anew each time, so that a withdrawn group counts at once', async () => {
    const identities = new FakeIdentities();
    const authenticator = new Authenticator(identities);
    const headers = { 'scicat-api-key': 'alice-token' };
    expect(await authenticator.authenticate(headers)).toEqual({
      identity: alice,
      token: 'alice-token',
    });
    await authenticator.authenticate(headers);
    await expect(authenticator.authenticate({ 'scicat-api-key': 'x' })).rejects.toThrow('Unknown.');
    await expect(authenticator.authenticate({ 'scicat-api-key': 'x' })).rejects.toThrow('Unknown.');
    expect(identities.asked).toEqual(['alice-token', 'alice-token', 'x', 'x']);
  });

  it('asks once for the same token at the same moment, and for each of different ones', async () => {
    const identities = new FakeIdentities();
    const authenticator = new Authenticator(identities);
    identities.hold();
    const all = Promise.allSettled(
      ['alice-token', 'x', 'alice-token', 'x'].map((token) =>
        authenticator.authenticate({ authorization: `Bearer ${token}` }),
      ),
    );
    identities.release();
    expect((await all).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ]);
    expect(identities.asked).toEqual(['alice-token', 'x']);
  });
});

describe('ScicatAuthGuard', () => {
  let events: RecordedEvents;
  const guardOf = (identities: Identities): ScicatAuthGuard =>
    new ScicatAuthGuard(new Authenticator(identities), events);

  beforeEach(() => {
    events = new RecordedEvents();
  });

  it('notes who makes the request, where no logger finds the token', async () => {
    const request = { id: 'request-1', headers: { 'scicat-api-key': 'alice-token' } };
    const guard = guardOf(new FakeIdentities());
    expect(await guard.canActivate(contextOf(request))).toBe(true);
    expect(callerOf(request)).toEqual({
      identity: alice,
      token: 'alice-token',
      requestId: 'request-1',
    });
    expect(currentUser(contextOf(request))).toBe(callerOf(request));
    const printed = { ...request, headers: {} };
    expect(Object.keys(request)).toEqual(['id', 'headers']);
    expect(inspect(printed) + JSON.stringify(printed)).not.toMatch(/alice-token/);
  });

  it('believes what was found out ahead of the body, and asks no second time', async () => {
    const identities = new FakeIdentities();
    const request = { headers: {} };
    rememberCaller(request, { identity: alice, token: 'alice-token', requestId: 'request-1' });
    const guard = guardOf(identities);
    expect(await guard.canActivate(contextOf(request))).toBe(true);
    expect(identities.asked).toEqual([]);
  });

  it('does not let anybody else pass', async () => {
    const guard = guardOf(new FakeIdentities());
    const request = { headers: { 'scicat-api-key': 'x' } };
    await expect(guard.canActivate(contextOf(request))).rejects.toThrow(UnauthenticatedError);
    expect(callerOf(request)).toBeUndefined();
    expect(() => currentUser(contextOf(request))).toThrow(InternalError);
  });

  it('has it noted who was turned away and why, without the token', async () => {
    const request = { id: 'request-1', ip: '192.0.2.7', headers: { 'scicat-api-key': 'x' } };
    const refused = guardOf(new FakeIdentities()).canActivate(contextOf(request));
    await expect(refused).rejects.toThrow(UnauthenticatedError);
    expect(events.all).toEqual([
      {
        kind: 'decided',
        requestId: 'request-1',
        operation: 'authenticate',
        allowed: false,
        rule: 'scicat-token',
        reason: 'Unknown.',
        address: '192.0.2.7',
      },
    ]);
  });

  it('accuses nobody while SciCat is away', async () => {
    const guard = guardOf({ identify: () => Promise.reject(down()) });
    const request = { headers: { 'scicat-api-key': 'alice-token' } };
    await expect(guard.canActivate(contextOf(request))).rejects.toThrow(down().message);
    expect(events.all).toEqual([]);
  });
});

describe('@Authenticated()', () => {
  @Controller()
  @Authenticated()
  class WhoController {
    @Get('who')
    who(@CurrentUser() caller: Caller): string {
      return caller.identity.username;
    }

    @Post('who')
    post(): void {
      return;
    }
  }

  let app: INestApplication;
  let url: string;

  beforeEach(async () => {
    const module = await Test.createTestingModule({
      controllers: [WhoController],
      providers: [
        { provide: Authenticator, useValue: new Authenticator(new FakeIdentities()) },
        { provide: TRANSFER_EVENTS, useValue: new RecordedEvents() },
        ScicatAuthGuard,
      ],
    }).compile();
    app = module.createNestApplication({ logger: false, bodyParser: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterEach(() => app.close());

  it('hands the route its user, and keeps everybody else out', async () => {
    const known = await fetch(`${url}/who`, { headers: { 'SciCat-API-Key': 'alice-token' } });
    expect({ status: known.status, body: await known.text() }).toEqual({
      status: 200,
      body: 'alice',
    });
    const unknown = await fetch(`${url}/who`, { headers: { 'SciCat-API-Key': 'x' } });
    // The service's filter makes it a 401; without one the framework knows no such error.
    expect(unknown.status).toBe(500);
    await unknown.text();
  });

  it('decides without reading the body', async () => {
    const never = new ReadableStream({
      start: (stream) => {
        stream.enqueue(Buffer.from('{'));
      },
    });
    const request: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      body: never,
      duplex: 'half',
      headers: { 'SciCat-API-Key': 'x', 'Content-Type': 'application/json' },
    };
    const answer = await fetch(`${url}/who`, request);
    expect(answer.status).toBe(500);
    await answer.body?.cancel();
  });

  it('says in the OpenAPI document which token is needed', () => {
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(document.paths['/who']?.get).toMatchObject({
      security: [{ [SCICAT_KEY_SCHEME]: [] }, { bearer: [] }],
    });
  });
});
