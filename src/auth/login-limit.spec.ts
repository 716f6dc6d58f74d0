import { beforeEach, describe, expect, it } from '@jest/globals';
import { settlePromises, VirtualClock } from '../../test/support/virtual-clock.js';
import { TooManyFailedLoginsError } from '../errors/request.errors.js';
import { type LoginAttempt, LoginLimit } from './login-limit.js';

let clock: VirtualClock;
let limitPerMinute: number;
let reached: string[];
let limit: LoginLimit;

beforeEach(() => {
  clock = new VirtualClock();
  limitPerMinute = 3;
  reached = [];
  limit = new LoginLimit({
    limit: () => limitPerMinute,
    clock,
    onReached: (address) => {
      reached.push(address);
    },
  });
});

async function failTimes(times: number, address?: string): Promise<void> {
  for (let n = 0; n < times; n += 1) (await limit.begin(address)).fail();
}

/** Begins, and tells what has become of it so far. */
function beginning(address?: string): { state: 'waits' | 'refused' | LoginAttempt } {
  const begun: { state: 'waits' | 'refused' | LoginAttempt } = { state: 'waits' };
  limit.begin(address).then(
    (attempt) => (begun.state = attempt),
    () => (begun.state = 'refused'),
  );
  return begun;
}

const attempt = { pass: expect.any(Function), fail: expect.any(Function) };

describe('LoginLimit', () => {
  it('refuses an address after its failures, and says how long', async () => {
    await clock.advance(5_000);
    await failTimes(3, '192.0.2.1');
    await clock.advance(20_400);
    await expect(limit.begin('192.0.2.1')).rejects.toMatchObject({
      code: 'TOO_MANY_FAILED_LOGINS',
      retryAfterSeconds: 40,
    });
    await expect(limit.begin('192.0.2.1')).rejects.toBeInstanceOf(TooManyFailedLoginsError);
    expect(reached).toEqual(['192.0.2.1']);
    await clock.advance(39_600);
    expect(await limit.begin('192.0.2.1')).toEqual(attempt);
  });

  it('counts nothing but failures', async () => {
    for (let n = 0; n < 100; n += 1) (await limit.begin('192.0.2.1')).pass();
    expect(await limit.begin('192.0.2.1')).toEqual(attempt);
  });

  it.each([
    ['another address', '192.0.2.2', false],
    ['the same one as IPv6 has it', '::ffff:192.0.2.1', true],
  ])('%s', async (_, address, same) => {
    await failTimes(3, '192.0.2.1');
    const begun = limit.begin(address);
    if (same) await expect(begun).rejects.toThrow(TooManyFailedLoginsError);
    else expect(await begun).toEqual(attempt);
  });

  it('takes all addresses of an IPv6 network for one', async () => {
    for (const host of ['1', '2', '3']) await failTimes(1, `2001:db8:0:1::${host}`);
    await expect(limit.begin('2001:db8:0:1::4')).rejects.toThrow(TooManyFailedLoginsError);
    expect(await limit.begin('2001:db8:1:1::4')).toEqual(attempt);
  });

  it('lets no more than the limit through at the same time, and the others one by one', async () => {
    const first = [beginning(), beginning(), beginning()];
    const [fourth, fifth] = [beginning(), beginning()];
    await settlePromises();
    expect([fourth.state, fifth.state]).toEqual(['waits', 'waits']);
    (first[0]?.state as LoginAttempt).pass();
    await settlePromises();
    expect([fourth.state, fifth.state]).toEqual([attempt, 'waits']);
    for (const { state } of [...first.slice(1), fourth]) (state as LoginAttempt).fail();
    await settlePromises();
    expect(fifth.state).toBe('refused');
  });

  it('leaves nobody waiting when the minute ends meanwhile', async () => {
    const first = [beginning(), beginning(), beginning()];
    const late = [beginning(), beginning(), beginning(), beginning(), beginning()];
    await settlePromises();
    await clock.advance(60_000);
    for (const { state } of first) (state as LoginAttempt).fail();
    await settlePromises();
    const begun = late.filter(({ state }) => typeof state === 'object');
    expect(begun).toHaveLength(3);
    for (const { state } of begun) (state as LoginAttempt).pass();
    await settlePromises();
    expect(late.filter(({ state }) => typeof state === 'object')).toHaveLength(5);
  });

  it('a crowd with good tokens behind one address is served, all of it', async () => {
    let served = 0;
    await Promise.all(
      Array.from({ length: 500 }, async () => {
        const one = await limit.begin('192.0.2.1');
        await settlePromises();
        one.pass();
        served += 1;
      }),
    );
    expect(served).toBe(500);
  });

  it('0 means no limit; a changed limit counts at once', async () => {
    limitPerMinute = 0;
    await failTimes(100);
    expect(await limit.begin(undefined)).toEqual(attempt);
    limitPerMinute = 3;
    await expect(limit.begin(undefined)).rejects.toThrow(TooManyFailedLoginsError);
  });

  it('forgets the oldest of very many addresses, instead of growing without end', async () => {
    for (let n = 0; n <= 10_000; n += 1) {
      await failTimes(3, `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    }
    expect(await limit.begin('10.0.0.0')).toEqual(attempt);
    await expect(limit.begin('10.0.0.2')).rejects.toThrow(TooManyFailedLoginsError);
  });
});
