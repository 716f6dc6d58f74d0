import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { settlePromises, VirtualClock } from '../../test/support/virtual-clock.js';
import { TooManyRequestsError } from '../errors/request.errors.js';
import { Refusals, type RefusalReport } from './refusals.js';
import { type ArrivedRequest, RequestLine } from './request-line.js';

class FakeResponse extends EventEmitter {
  writableEnded = false;

  end(): this {
    this.writableEnded = true;
    return this;
  }
}

/** A request at the door, and what has become of it. */
interface Guest {
  readonly request: ArrivedRequest;
  readonly response: FakeResponse;
  outcome: unknown;
}

let users: Map<object, string>;
let reports: RefusalReport[];
let line: RequestLine;

beforeEach(() => {
  users = new Map();
  reports = [];
  line = new RequestLine({
    bounds: () => ({ running: 2, runningPerKey: 1, waiting: 3, waitingPerKey: 2 }),
    keyOf: (request) => users.get(request) ?? `address ${String(request.ip)}`,
    refusals: new Refusals(new VirtualClock(), (report) => reports.push(report)),
  });
});

async function arrive(ip: string, url = '/transfer'): Promise<Guest> {
  const request = { url, ip } as ArrivedRequest;
  const guest: Guest = { request, response: new FakeResponse(), outcome: undefined };
  line.admit(request, guest.response as unknown as ServerResponse, (error) => {
    guest.outcome = error ?? 'in';
  });
  await settlePromises();
  return guest;
}

async function answer({ response }: Guest): Promise<void> {
  response.end();
  response.emit('close');
  await settlePromises();
}

describe('the line of requests', () => {
  it('lets in, has wait, and refuses', async () => {
    const guests = [];
    for (let n = 0; n < 4; n += 1) guests.push(await arrive('a'));
    const outcomes = guests.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['in', undefined, undefined, expect.any(TooManyRequestsError)]);
    expect(guests.map(({ request }) => line.wasRefused(request))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(outcomes[3]).toMatchObject({ retryAfterSeconds: 5 });
    expect(reports).toEqual([
      { kind: 'request', about: { caller: 'address a', running: 1, waiting: 2 }, times: 1 },
    ]);
    for (const guest of guests) await answer(guest);
    expect([line.running, line.waiting]).toEqual([0, 0]);
  });

  it('who leaves while waiting is out of it, and the next one goes in', async () => {
    const [first, second, third] = [await arrive('a'), await arrive('a'), await arrive('a')];
    second.response.emit('close');
    expect(line.waiting).toBe(1);
    await answer(first);
    expect([second.outcome, third.outcome]).toEqual([undefined, 'in']);
  });

  it('who leaves while calls are under way keeps the place until they have ended', async () => {
    const [first, second] = [await arrive('a'), await arrive('a')];
    line.works(first.request);
    first.response.emit('close');
    await settlePromises();
    expect(second.outcome).toBeUndefined();
    first.response.end();
    await settlePromises();
    expect(second.outcome).toBe('in');
  });

  it('who leaves before anything was done frees the place at once', async () => {
    const [first, second] = [await arrive('a'), await arrive('a')];
    first.response.emit('close');
    await settlePromises();
    expect(second.outcome).toBe('in');
  });

  it('once its user is known, a request counts for the user, and the address is free again', async () => {
    const [first, second] = [await arrive('a'), await arrive('a')];
    const waited: string[] = [];
    await line.belongsTo(first.request, 'alice', () => waited.push('first'));
    await settlePromises();
    expect([second.outcome, waited]).toEqual(['in', []]);
    const moved = line.belongsTo(second.request, 'alice', () => waited.push('second'));
    await settlePromises();
    expect([waited, line.running, line.waiting]).toEqual([['second'], 1, 1]);
    await answer(first);
    await moved;
    expect([line.running, line.waiting]).toEqual([1, 0]);
  });

  it('a request whose user becomes known while it waits does nothing before it is their turn', async () => {
    const [first, second] = [await arrive('a'), await arrive('a')];
    users.set(second.request, 'user alice');
    await line.belongsTo(first.request, 'alice', () => undefined);
    await settlePromises();
    expect([second.outcome, line.waiting]).toEqual([undefined, 1]);
    await answer(first);
    expect(second.outcome).toBe('in');
  });

  it('a user whose line is full is refused even after having been let in', async () => {
    const known = [];
    for (let n = 0; n < 3; n += 1) {
      const guest = await arrive('a');
      known.push(guest);
      void line.belongsTo(guest.request, 'alice', () => undefined).catch(() => undefined);
      await settlePromises();
    }
    const last = await arrive('b');
    expect(last.outcome).toBe('in');
    await expect(line.belongsTo(last.request, 'alice', () => undefined)).rejects.toThrow(
      TooManyRequestsError,
    );
  });

  it('probes and metrics never wait', async () => {
    for (let n = 0; n < 9; n += 1) await arrive('a');
    for (const url of ['/health/live', '/health/ready?x=1', '/metrics', '/Metrics/', '/HEALTH']) {
      expect((await arrive('a', url)).outcome).toBe('in');
    }
    expect((await arrive('a', '/metricsandmore')).outcome).toBeInstanceOf(TooManyRequestsError);
  });
});

describe('refusals', () => {
  it('are counted, and reported once in a minute for each kind', async () => {
    const clock = new VirtualClock();
    const told: RefusalReport[] = [];
    const refusals = new Refusals(clock, (report) => told.push(report));
    for (let n = 0; n < 5; n += 1) refusals.note('body', { n });
    refusals.note('request', {});
    await clock.advance(59_999);
    refusals.note('body', {});
    await clock.advance(1);
    refusals.note('body', { n: 'last' });
    expect(told).toEqual([
      { kind: 'body', about: { n: 0 }, times: 1 },
      { kind: 'request', about: {}, times: 1 },
      { kind: 'body', about: { n: 'last' }, times: 6 },
    ]);
    expect(refusals.total().get('body')).toBe(7);
  });
});
