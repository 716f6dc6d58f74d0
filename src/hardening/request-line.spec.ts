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
let clock: VirtualClock;

beforeEach(() => {
  users = new Map();
  reports = [];
  clock = new VirtualClock();
  line = new RequestLine({
    bounds: () => ({ running: 2, runningPerKey: 1, waiting: 3, waitingPerKey: 2 }),
    keyOf: (request) => users.get(request) ?? `address ${String(request.ip)}`,
    refusals: new Refusals(clock, (report) => reports.push(report)),
    clock,
  });
});

async function arrive(ip: string, url = '/transfer', socket: object = {}): Promise<Guest> {
  const request = { url, ip, socket } as ArrivedRequest;
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

  describe('who was refused and asks again on the same connection', () => {
    const SOCKET = {};

    /** Fills the line of an address. */
    async function refuse(): Promise<readonly Guest[]> {
      const waiting = [await arrive('a'), await arrive('a'), await arrive('a')];
      const refused = await arrive('a', '/transfer', SOCKET);
      expect(refused.outcome).toBeInstanceOf(TooManyRequestsError);
      await answer(refused);
      return waiting;
    }

    it('rests until the time that was told, and is then let in', async () => {
      for (const guest of await refuse()) await answer(guest);
      const again = await arrive('a', '/transfer', SOCKET);
      await clock.advance(4_999);
      expect([again.outcome, line.running, line.waiting]).toEqual([undefined, 0, 0]);
      await clock.advance(1);
      expect(again.outcome).toBe('in');
    });

    it('does not rest if it comes later', async () => {
      for (const guest of await refuse()) await answer(guest);
      await clock.advance(5_000);
      expect((await arrive('a', '/transfer', SOCKET)).outcome).toBe('in');
    });

    it('does not hold up others who use the connection, behind a reverse proxy', async () => {
      await refuse();
      expect((await arrive('b', '/transfer', SOCKET)).outcome).toBe('in');
    });

    it('takes no place if it leaves while it rests', async () => {
      for (const guest of await refuse()) await answer(guest);
      const again = await arrive('a', '/transfer', SOCKET);
      again.response.emit('close');
      await clock.advance(60_000);
      expect([again.outcome, line.running, line.waiting]).toEqual([undefined, 0, 0]);
    });

    it('rests a little longer than the one before, so that not all come back at once', async () => {
      await refuse();
      const other = {};
      await answer(await arrive('a', '/transfer', other));
      const [first, second] = [
        await arrive('a', '/transfer', SOCKET),
        await arrive('a', '/transfer', other),
      ];
      await clock.advance(5_000);
      expect([first.outcome, second.outcome]).toEqual([expect.any(Error), undefined]);
      await clock.advance(5);
      expect(second.outcome).toBeInstanceOf(TooManyRequestsError);
    });
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
