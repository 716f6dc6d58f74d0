import { describe, expect, it } from '@jest/globals';
import {
  answer,
  failing,
  forbidden,
  loggedIn,
  ScriptedScicat,
  told,
  wrongPassword,
} from '../../test/contract/scicat/scripted-scicat.js';
import type { ScicatRequest } from './scicat-api.js';

const request: ScicatRequest = {
  operation: 'read something',
  safety: 'safe',
  method: 'GET',
  path: 'api/v4/something',
};
const ok = answer(200, { fine: true });

const tokensOf = (scicat: ScriptedScicat): (string | undefined)[] =>
  scicat.sent.map((sent) => sent.headers['Authorization']);

describe('ServiceAccount', () => {
  it('logs in once, and calls with the token from then on', async () => {
    const scicat = new ScriptedScicat([ok, ok]);
    const account = scicat.account();
    expect((await account.call(request)).body).toEqual({ fine: true });
    await account.call(request);
    expect(scicat.logins).toEqual([
      {
        method: 'POST',
        url: 'https://scicat.test/api/v3/auth/login',
        headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
        json: { username: 'creator', password: 'password of creator' },
        freshConnection: false,
      },
    ]);
    expect(scicat.sent).toEqual(
      [1, 2].map(() => ({
        method: 'GET',
        url: 'https://scicat.test/api/v4/something',
        headers: { Accept: 'application/json', Authorization: 'Bearer token-1' },
        freshConnection: false,
      })),
    );
  });

  it('shares one login between calls that come together', async () => {
    const scicat = new ScriptedScicat([ok, ok, ok]);
    const account = scicat.account();
    await Promise.all([account.call(request), account.call(request), account.call(request)]);
    expect(scicat.logins).toHaveLength(1);
  });

  it.each([
    { life: 3600, still: 3539_000, due: 3540_000 },
    { life: 10, still: 7_999, due: 8_000 },
  ])('renews a token of $life s before it expires', async ({ life, still, due }) => {
    const scicat = new ScriptedScicat([ok, ok, ok]).answerLogins(loggedIn('first', life));
    const account = scicat.account();
    await account.call(request);
    await scicat.clock.sleep(still);
    await account.call(request);
    await scicat.clock.sleep(due - still);
    await account.call(request);
    expect(tokensOf(scicat)).toEqual(['Bearer first', 'Bearer first', 'Bearer token-2']);
  });

  it('ignores jumps of the wall clock', async () => {
    const scicat = new ScriptedScicat([ok, ok, ok]);
    const account = scicat.account();
    await account.call(request);
    scicat.clock.jumpWallClock(1e12);
    await account.call(request);
    scicat.clock.jumpWallClock(-2e12);
    await account.call(request);
    expect(scicat.logins).toHaveLength(1);
  });

  it('assumes a short lifetime if SciCat does not tell', async () => {
    const scicat = new ScriptedScicat([ok, ok]).answerLogins(answer(201, { access_token: 'x' }));
    const account = scicat.account();
    await account.call(request);
    await scicat.clock.sleep(300_000);
    await account.call(request);
    expect(tokensOf(scicat)).toEqual(['Bearer x', 'Bearer token-2']);
  });

  it.each([forbidden, answer(401, { message: 'Unauthenticated' })])(
    'logs in again and retries once after the 403 for an expired token (%#)',
    async (refusal) => {
      const scicat = new ScriptedScicat([ok, refusal, ok]);
      const account = scicat.account();
      await account.call(request);
      await scicat.clock.sleep(60_000);
      expect((await account.call({ ...request, safety: 'once' })).status).toBe(200);
      expect(tokensOf(scicat)).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
    },
  );

  it('believes a 403 that stays after the new login, and one right after a login', async () => {
    const scicat = new ScriptedScicat([forbidden, ok, forbidden, forbidden, forbidden]);
    const account = scicat.account();
    expect((await account.call(request)).status).toBe(403);
    await scicat.clock.sleep(4_999);
    await account.call(request);
    await scicat.clock.sleep(1);
    expect((await account.call(request)).status).toBe(403);
    expect((await account.call(request)).status).toBe(403);
    expect(tokensOf(scicat)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-2',
    ]);
    expect(scicat.logins).toHaveLength(2);
  });

  it('believes SciCat that a session has expired, however young: one new login, one more try', async () => {
    const expired = answer(401, { message: 'SESSION_EXPIRED', error: 'Unauthorized' });
    const scicat = new ScriptedScicat([expired, ok, expired, expired]);
    const account = scicat.account();
    expect((await account.call({ ...request, safety: 'once' })).status).toBe(200);
    expect((await account.call(request)).status).toBe(401);
    expect(tokensOf(scicat)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
      'Bearer token-2',
      'Bearer token-3',
    ]);
  });

  it('logs in once for many calls whose token has become invalid', async () => {
    const scicat = new ScriptedScicat([ok, forbidden, forbidden, forbidden, ok, ok, ok]);
    const account = scicat.account();
    await account.call(request);
    await scicat.clock.sleep(60_000);
    const answers = await Promise.all([1, 2, 3].map(() => account.call(request)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(scicat.logins).toHaveLength(2);
  });

  it('takes the token that another call has fetched meanwhile', async () => {
    let refuseLate: (reply: typeof forbidden) => void = () => undefined;
    const late = new Promise<typeof forbidden>((resolve) => (refuseLate = resolve));
    const scicat = new ScriptedScicat([ok, late, forbidden, ok, ok]);
    const account = scicat.account();
    await account.call(request);
    await scicat.clock.sleep(60_000);
    const slow = account.call(request);
    await account.call(request);
    refuseLate(forbidden);
    expect((await slow).status).toBe(200);
    expect(scicat.logins).toHaveLength(2);
  });

  it('after a refused login fails at once, with longer and longer pauses up to 10 minutes', async () => {
    const scicat = new ScriptedScicat([ok]);
    const refusals = 8;
    scicat.answerLogins(...Array.from({ length: refusals }, () => wrongPassword));
    const account = scicat.account();
    const pauses: number[] = [];
    let lastLogin = 0;
    let refused = true;
    for (let second = 0; refused; second += 10) {
      const before = scicat.logins.length;
      const error: unknown = await account.call(request).catch((failure: unknown) => failure);
      refused = error instanceof Error;
      if (scicat.logins.length > before && before > 0) pauses.push(second - lastLogin);
      if (scicat.logins.length > before) lastLogin = second;
      if (refused) {
        expect(told(error)).toEqual({
          name: 'LoginRefusedError',
          status: 401,
          outcomeUnclear: false,
          upstreamMessage: 'Unauthorized',
        });
        expect(await failing(account.call(request))).toBe(error);
      }
      await scicat.clock.sleep(10_000);
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600, 600]);
  });

  it('forgets a refusal once a login has gone through: the next pause is a short one again', async () => {
    const scicat = new ScriptedScicat([ok, forbidden, ok]);
    scicat.answerLogins(wrongPassword, wrongPassword, loggedIn('good'), wrongPassword);
    const account = scicat.account();
    await failing(account.call(request));
    await scicat.clock.sleep(30_000);
    await failing(account.call(request));
    await scicat.clock.sleep(60_000);
    await account.call(request);
    await scicat.clock.sleep(60_000);
    expect(await failing(account.call(request))).toMatchObject({ retryAfterSeconds: 30 });
    await scicat.clock.sleep(30_000);
    expect((await account.call(request)).status).toBe(200);
  });

  it('tells nothing of an answer that claims success: a token may be in it', async () => {
    const scicat = new ScriptedScicat().answerLogins(answer(201, 'eyJ.a-token'));
    const error = await failing(scicat.account().call(request));
    expect(told(error)).toEqual({
      name: 'UpstreamUnavailableError',
      status: 201,
      outcomeUnclear: false,
      upstreamMessage: undefined,
    });
  });

  it('does not wait when the signal is already aborted', async () => {
    const never = new Promise<ReturnType<typeof loggedIn>>(() => undefined);
    const scicat = new ScriptedScicat().answerLogins(never);
    const reason = new Error('Enough.');
    const call = scicat.account().call({ ...request, signal: AbortSignal.abort(reason) });
    expect(await failing(call)).toBe(reason);
  });

  it('names the setting to correct and neither the password nor SciCat’s words', async () => {
    const scicat = new ScriptedScicat().answerLogins(wrongPassword);
    const error = await failing(scicat.account('updater', 'SCICAT_UPDATE_USER').call(request));
    expect(error.message).toBe(
      "SciCat does not accept the user name or password of this service's own account. The operator of this service must correct SCICAT_UPDATE_USER_USERNAME or SCICAT_UPDATE_USER_PASSWORD; there is nothing wrong with your request.",
    );
    expect(JSON.stringify(error)).not.toMatch(/password of updater/);
  });

  it.each([
    ['no answer in time', ['timeout', 'timeout']],
    ['a 500, as for a password login of an LDAP user', [answer(500), answer(500)]],
    ['an empty 201', [answer(201)]],
    ['a page of something in between', [answer(200, '<html>')]],
    ['an unknown route', [answer(404, { message: 'Cannot POST /api/v3/auth/login' })]],
  ] as const)('%s at login: unavailable, and certainly not carried out', async (_, replies) => {
    const scicat = new ScriptedScicat([ok]).answerLogins(...replies);
    const account = scicat.account();
    const error = await failing(account.call({ ...request, safety: 'once' }));
    expect(told(error)).toMatchObject({ name: 'UpstreamUnavailableError', outcomeUnclear: false });
    expect(scicat.sent).toEqual([]);
    expect((await account.call(request)).status).toBe(200);
  });

  it('gives a login less time than SciCat takes to notice that its database is down', async () => {
    const scicat = new ScriptedScicat().answerLogins('timeout', 'timeout');
    await failing(scicat.account().call(request));
    expect(scicat.clock.monotonicMs()).toBeLessThanOrEqual(10_000);
  });

  it('lets one caller leave without disturbing the login that others wait for', async () => {
    let logIn: (reply: ReturnType<typeof loggedIn>) => void = () => undefined;
    const login = new Promise<ReturnType<typeof loggedIn>>((resolve) => (logIn = resolve));
    const scicat = new ScriptedScicat([ok]).answerLogins(login);
    const account = scicat.account();
    const leaving = new AbortController();
    const left = account.call({ ...request, signal: leaving.signal });
    const stayed = account.call(request);
    const reason = new Error('Enough.');
    leaving.abort(reason);
    expect(await failing(left)).toBe(reason);
    logIn(loggedIn('late'));
    expect((await stayed).status).toBe(200);
    expect(tokensOf(scicat)).toEqual(['Bearer late']);
  });

  it.each(['https://scicat.test/base', 'https://scicat.test/base/', 'https://scicat.test/base///'])(
    'keeps the path of %s',
    async (scicatUrl) => {
      const scicat = new ScriptedScicat([ok], scicatUrl);
      await scicat.account().call(request);
      expect([...scicat.logins, ...scicat.sent].map(({ url }) => url)).toEqual([
        'https://scicat.test/base/api/v3/auth/login',
        'https://scicat.test/base/api/v4/something',
      ]);
    },
  );
});
