import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Post } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { inspect } from 'node:util';
import { aDataset } from '../../test/support/builders.js';
import { RecordedEvents } from '../../test/support/recorded-events.js';
import { down } from '../../test/support/upstream-failures.js';
import { settlePromises, VirtualClock } from '../../test/support/virtual-clock.js';
import { ProxyError } from '../errors/proxy-error.js';
import { InternalError, UnauthenticatedError } from '../errors/request.errors.js';
import { UpstreamTimeoutError } from '../errors/upstream.errors.js';
import { type Dataset, DATASETS, type Datasets } from '../ports/datasets.port.js';
import { TRANSFER_EVENTS } from '../ports/transfer-events.port.js';
import {
  Authenticated,
  CurrentUser,
  currentUser,
  SCICAT_KEY_SCHEME,
} from './authenticated.decorator.js';
import { Authenticator } from './authenticator.js';
import { Refusals } from '../hardening/refusals.js';
import { RequestLine } from '../hardening/request-line.js';
import type { Caller } from './caller.js';
import { contextOf } from './request-context.js';
import type { Identities, Identity } from '../ports/identities.port.js';
import { LoginLimit } from './login-limit.js';
import { ScicatAuthGuard } from './scicat-auth.guard.js';
import { TokenMemory } from './token-memory.js';

const alice: Identity = {
  username: 'alice',
  email: undefined,
  accessGroups: ['p1'],
  document: { profile: {} },
};

class FakeDatasets implements Pick<Datasets, 'readAs'> {
  readonly asked: (readonly [string, string])[] = [];

  readAs(token: string, pid: string): Promise<Dataset> {
    this.asked.push([token, pid]);
    return Promise.resolve(aDataset());
  }
}

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

/** A request to a route that is `@Authenticated()`. */
const routeOf = (request: object, options?: Parameters<typeof Authenticated>[0]) => {
  const handler = (): void => undefined;
  Authenticated(options)(Object, 'handler', { value: handler });
  return new ExecutionContextHost([request], Object, handler);
};

/** One that lets everybody in. */
function anyLine(): RequestLine {
  return new RequestLine({
    bounds: () => ({ running: 100, runningPerKey: 100, waiting: 100, waitingPerKey: 100 }),
    keyOf: () => 'address',
    refusals: new Refusals(new VirtualClock(), () => undefined),
    clock: new VirtualClock(),
  });
}

let clock: VirtualClock;
let reached: string[];

/** One that puts an address off after three wrong tokens. */
function authenticator(identities: Identities): Authenticator {
  clock = new VirtualClock();
  reached = [];
  const onReached = (address: string): void => {
    reached.push(address);
  };
  return new Authenticator({
    identities,
    tokens: new TokenMemory(clock),
    limit: new LoginLimit({ limit: () => 3, clock, onReached }),
  });
}

const carrying = (token: string, ip = '192.0.2.1') => ({
  headers: { 'scicat-api-key': token },
  ip,
});

/** How each of these ends: a user's name, or an error's code. */
async function outcomes(
  all: readonly Promise<Pick<Caller, 'identity'>>[],
): Promise<readonly string[]> {
  return Promise.all(
    all.map((one) =>
      one.then(
        ({ identity }) => identity.username,
        (error: unknown) => (error instanceof ProxyError ? error.code : 'unforeseen'),
      ),
    ),
  );
}

describe('Authenticator', () => {
  it('asks SciCat anew each time, so that a withdrawn group counts at once', async () => {
    const identities = new FakeIdentities();
    const authentication = authenticator(identities);
    expect(await authentication.authenticate(carrying('alice-token'))).toEqual({
      identity: alice,
      token: 'alice-token',
    });
    await authentication.authenticate(carrying('alice-token'));
    expect(identities.asked).toEqual(['alice-token', 'alice-token']);
  });

  it('asks once for the same token at the same moment, and for each of different ones', async () => {
    const identities = new FakeIdentities();
    const authentication = authenticator(identities);
    identities.hold();
    const all = outcomes(
      ['alice-token', 'x', 'alice-token', 'x'].map((token) =>
        authentication.authenticate({ headers: { authorization: `Bearer ${token}` } }),
      ),
    );
    identities.release();
    expect(await all).toEqual(['alice', 'UNAUTHENTICATED', 'alice', 'UNAUTHENTICATED']);
    expect(identities.asked).toEqual(['alice-token', 'x']);
  });

  it('does not ask again for a token that was refused a moment ago', async () => {
    const identities = new FakeIdentities();
    const authentication = authenticator(identities);
    const tries = async () => outcomes([authentication.authenticate(carrying('x'))]);
    expect([await tries(), await tries()]).toEqual([['UNAUTHENTICATED'], ['UNAUTHENTICATED']]);
    expect(identities.asked).toEqual(['x']);
    await clock.advance(59_999);
    await tries();
    expect(identities.asked).toEqual(['x']);
    await clock.advance(1);
    expect(await tries()).toEqual(['UNAUTHENTICATED']);
    expect(identities.asked).toEqual(['x', 'x']);
  });

  it('rejects an address that sends invalid tokens, but not users whose token was accepted before', async () => {
    const identities = new FakeIdentities();
    const authentication = authenticator(identities);
    const tries = async (token: string, ip?: string) =>
      (await outcomes([authentication.authenticate(carrying(token, ip))]))[0];
    expect(await tries('alice-token')).toBe('alice');
    for (const wrong of ['a', 'b', 'b', 'b', 'x']) {
      expect(await tries(wrong)).toBe('UNAUTHENTICATED');
    }
    identities.asked.length = 0;
    expect(await tries('c')).toBe('TOO_MANY_FAILED_LOGINS');
    // It is known to be wrong, and that is the better answer.
    expect(await tries('b')).toBe('UNAUTHENTICATED');
    expect(await tries('alice-token')).toBe('alice');
    expect(await tries('d', '192.0.2.2')).toBe('UNAUTHENTICATED');
    expect(identities.asked).toEqual(['alice-token', 'd']);
    expect(reached).toEqual(['192.0.2.1']);
  });

  it('one token refused thirty times locks nobody out of a fresh login', async () => {
    const identities = new FakeIdentities();
    const authentication = authenticator(identities);
    const tries = async (token: string) =>
      (await outcomes([authentication.authenticate(carrying(token))]))[0];
    for (let n = 0; n < 30; n += 1) expect(await tries('expired')).toBe('UNAUTHENTICATED');
    expect(await tries('alice-token')).toBe('alice');
    expect(identities.asked).toEqual(['expired', 'alice-token']);
    // It counts again in the next minute, once.
    await clock.advance(60_000);
    for (let n = 0; n < 30; n += 1) await tries('expired');
    for (const wrong of ['a', 'b']) expect(await tries(wrong)).toBe('UNAUTHENTICATED');
    expect(await tries('c')).toBe('TOO_MANY_FAILED_LOGINS');
  });

  it('a token that has expired is known no more', async () => {
    let valid = true;
    const authentication = authenticator({
      identify: () =>
        valid ? Promise.resolve(alice) : Promise.reject(new UnauthenticatedError('Expired.')),
    });
    const tries = async (token: string) =>
      (await outcomes([authentication.authenticate(carrying(token))]))[0];
    expect(await tries('alice-token')).toBe('alice');
    valid = false;
    expect(await tries('alice-token')).toBe('UNAUTHENTICATED');
    for (const wrong of ['a', 'b', 'c']) await tries(wrong);
    expect(await tries('alice-token')).toBe('UNAUTHENTICATED');
    await clock.advance(59_999);
    await tries('d');
    await clock.advance(1);
    for (const wrong of ['e', 'f', 'g']) await tries(wrong);
    expect(await tries('alice-token')).toBe('TOO_MANY_FAILED_LOGINS');
  });

  it('SciCat being away is no failure of the caller', async () => {
    const away = new UpstreamTimeoutError('SciCat', 'SciCat did not answer in time.');
    const authentication = authenticator({ identify: () => Promise.reject(away) });
    for (const token of ['a', 'b', 'c', 'd', 'e']) {
      expect(await outcomes([authentication.authenticate(carrying(token))])).toEqual([
        'UPSTREAM_TIMEOUT',
      ]);
    }
  });

  it('says when more may be asked: at once, but for a crowd with one unknown token', async () => {
    const identities = new FakeIdentities();
    const authentication = authenticator(identities);
    const told: string[] = [];
    const asks = (token: string, name: string) =>
      authentication.authenticate(carrying(token), () => told.push(name));
    identities.hold();
    const all = outcomes([asks('alice-token', 'first'), asks('alice-token', 'second')]);
    await settlePromises();
    expect(told).toEqual(['first']);
    identities.release();
    await all;
    expect(new Set(told)).toEqual(new Set(['first', 'second']));

    told.length = 0;
    await outcomes([asks('x', 'wrong')]);
    await outcomes([asks('x', 'known to be wrong')]);
    expect(told).toEqual(['wrong']);
    identities.hold();
    const known = outcomes([asks('alice-token', 'third'), asks('alice-token', 'fourth')]);
    expect(told).toEqual(['wrong', 'third', 'fourth']);
    identities.release();
    await known;
  });
});

describe('ScicatAuthGuard', () => {
  let events: RecordedEvents;
  let datasets: FakeDatasets;
  let line: RequestLine;
  const guardOf = (identities: Identities): ScicatAuthGuard =>
    new ScicatAuthGuard(authenticator(identities), new Reflector(), line, datasets, events);

  beforeEach(() => {
    events = new RecordedEvents();
    datasets = new FakeDatasets();
    line = anyLine();
  });

  it('notes who makes the request, where no logger finds the token', async () => {
    const request = { id: 'request-1', headers: { 'scicat-api-key': 'alice-token' } };
    const guard = guardOf(new FakeIdentities());
    expect(await guard.canActivate(routeOf(request))).toBe(true);
    expect(contextOf(request).caller).toEqual({
      identity: alice,
      token: 'alice-token',
      requestId: 'request-1',
    });
    expect(currentUser(routeOf(request))).toBe(contextOf(request).caller);
    const printed = { ...request, headers: {} };
    expect(Object.keys(request)).toEqual(['id', 'headers']);
    expect(inspect(printed) + JSON.stringify(printed)).not.toMatch(/alice-token/);
  });

  it('starts to read the dataset while SciCat is asked who the user is, once', async () => {
    const identities = new FakeIdentities();
    identities.hold();
    const request = { query: { scicatPid: 'x/1' }, headers: { 'scicat-api-key': 'alice-token' } };
    const passed = guardOf(identities).canActivate(routeOf(request, { readsDataset: true }));
    await settlePromises();
    expect(contextOf(request).caller).toBeUndefined();
    expect(datasets.asked).toEqual([['alice-token', 'x/1']]);
    identities.release();
    expect(await passed).toBe(true);
    expect(datasets.asked).toHaveLength(1);
    expect(await contextOf(request).dataset).toEqual(aDataset());
    expect(contextOf(request).facts).toEqual({ username: 'alice', datasetPid: 'x/1' });
  });

  it('reads no dataset for a token that is known to be wrong, nor on other routes', async () => {
    const guard = guardOf(new FakeIdentities());
    const requestWith = (token: string) => ({ query: { scicatPid: 'x/1' }, ...carrying(token) });
    await guard.canActivate(routeOf(requestWith('alice-token')));
    for (const token of ['x', 'x']) {
      const route = routeOf(requestWith(token), { readsDataset: true });
      await expect(guard.canActivate(route)).rejects.toThrow(UnauthenticatedError);
    }
    expect(datasets.asked).toEqual([['x', 'x/1']]);
  });

  it('records who was refused because of too many invalid tokens', async () => {
    const guard = guardOf(new FakeIdentities());
    const from = (token: string) => ({
      id: `request-${token}`,
      ...carrying(token),
    });
    for (const token of ['a', 'b', 'c', 'd']) {
      await expect(guard.canActivate(routeOf(from(token)))).rejects.toThrow();
    }
    expect(events.all.at(-1)).toEqual({
      kind: 'decided',
      requestId: 'request-d',
      operation: 'authenticate',
      allowed: false,
      rule: 'failed-logins',
      reason: expect.stringMatching(/^Too many requests/),
      address: '192.0.2.1',
    });
  });

  it('does not let anybody else pass', async () => {
    const guard = guardOf(new FakeIdentities());
    const request = { headers: { 'scicat-api-key': 'x' } };
    await expect(guard.canActivate(routeOf(request))).rejects.toThrow(UnauthenticatedError);
    expect(contextOf(request).caller).toBeUndefined();
    expect(() => currentUser(routeOf(request))).toThrow(InternalError);
  });

  it('has it noted who was turned away and why, without the token', async () => {
    const request = { id: 'request-1', ip: '192.0.2.7', headers: { 'scicat-api-key': 'x' } };
    const refused = guardOf(new FakeIdentities()).canActivate(routeOf(request));
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
    await expect(guard.canActivate(routeOf(request))).rejects.toThrow(down().message);
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
        { provide: Authenticator, useValue: authenticator(new FakeIdentities()) },
        { provide: TRANSFER_EVENTS, useValue: new RecordedEvents() },
        { provide: DATASETS, useValue: new FakeDatasets() },
        { provide: RequestLine, useValue: anyLine() },
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
