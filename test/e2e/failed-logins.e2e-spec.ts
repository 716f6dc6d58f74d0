import { afterEach, describe, expect, it } from '@jest/globals';
import { ALICES_DATASET, eventually, TestService } from '../support/service.js';
import { statusAndCode } from './error-shape.js';

const UNAUTHENTICATED = [401, 'UNAUTHENTICATED'];
const PUT_OFF = [503, 'TOO_MANY_FAILED_LOGINS'];

let service: TestService;
const logged: string[] = [];

async function start(server: string): Promise<void> {
  service = await TestService.start({
    pollSeconds: 0.1,
    yaml: `server: { ${server} }`,
    log: { write: (line) => logged.push(line) },
  });
  await service.ready();
}

afterEach(async () => {
  logged.length = 0;
  await service.stop();
});

const list = (who: string | undefined, forwardedFor?: string) =>
  service.call('GET', '/transfer', {
    who,
    headers: forwardedFor === undefined ? {} : { 'X-Forwarded-For': forwardedFor },
  });

async function failTimes(times: number, forwardedFor?: string): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    expect(statusAndCode(await list(`wrong-${n}`, forwardedFor))).toEqual(UNAUTHENTICATED);
  }
}

const questions = () =>
  service.scicat.requests.filter(({ path }) => path.includes('/users/my/identity')).length;
const datasetsRead = () =>
  service.scicat.requests.filter(({ path }) => path.includes('/datasets')).length;

describe('wrong tokens from one address', () => {
  it('are answered with 503 and Retry-After beyond the limit, and SciCat hears nothing of them', async () => {
    await start('maxFailedLoginsPerMinute: 3');
    await failTimes(3);
    const asked = questions();
    const put = await service.post({}, { who: 'wrong-again' });
    expect(statusAndCode(put)).toEqual(PUT_OFF);
    expect(Number(put.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(put.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(statusAndCode(await list('wrong-again'))).toEqual(PUT_OFF);
    // Existing clients know no 503 for DELETE.
    const path = '/transfer/aaaaaaaa-0000-4000-8000-00000000000a';
    expect(statusAndCode(await service.call('DELETE', path, { who: 'wrong-again' }))).toEqual([
      500,
      'TOO_MANY_FAILED_LOGINS',
    ]);
    expect([questions(), datasetsRead()]).toEqual([asked, 0]);
    const lines = logged.filter((line) => line.includes('too many invalid tokens'));
    expect(lines.map((line) => (JSON.parse(line) as { address: string }).address)).toEqual([
      '127.0.0.1',
    ]);
  });

  it('do not keep out whose token has been accepted before', async () => {
    await start('maxFailedLoginsPerMinute: 3');
    expect((await list('alice')).status).toBe(200);
    await failTimes(3);
    expect((await service.post()).status).toBe(200);
    // A new user must wait.
    expect(statusAndCode(await list('bob'))).toEqual(PUT_OFF);
    expect((await service.call('GET', '/health/ready')).status).toBe(200);
  });

  it('requests without a token count for nothing', async () => {
    await start('maxFailedLoginsPerMinute: 3');
    for (let n = 0; n < 10; n += 1) {
      expect(statusAndCode(await list(undefined))).toEqual(UNAUTHENTICATED);
    }
    expect((await list('alice')).status).toBe(200);
  });

  it('do not get further by coming all at once', async () => {
    await start('maxFailedLoginsPerMinute: 3');
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => service.post({}, { who: `wrong-${n}` })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(3);
    expect(statuses.filter((status) => status === 503)).toHaveLength(97);
    expect([questions(), datasetsRead()]).toEqual([3, 3]);
  });

  it('200 parallel requests behind one address are all answered, with tokens never seen before', async () => {
    await start('maxFailedLoginsPerMinute: 3');
    const tokens = Array.from({ length: 200 }, (_, n) =>
      service.scicat.mintToken('alice', { expiresInSeconds: 1000 + n }),
    );
    const answers = await Promise.all(tokens.map((token) => list(token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('one wrong token many times at once costs SciCat one question', async () => {
    await start('maxFailedLoginsPerMinute: 0');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => service.post({}, { who: 'wrong' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    await eventually(() => questions() > 0, 'SciCat was asked');
    expect([questions(), datasetsRead()]).toEqual([1, 1]);
  });
});

describe('server.trustProxy, whose address counts', () => {
  it('false: ignores forwarding headers, which can not be used to bypass the limit', async () => {
    await start('maxFailedLoginsPerMinute: 3');
    await failTimes(3, '198.51.100.1');
    expect(statusAndCode(await list('wrong', '198.51.100.2'))).toEqual(PUT_OFF);
  });

  it.each([
    ['the address of the proxy', 'trustProxy: loopback'],
    ['a number of proxies', 'trustProxy: 1'],
  ])('%s: each caller behind it has an address of their own', async (_, setting) => {
    await start(`${setting}, maxFailedLoginsPerMinute: 3`);
    await failTimes(3, '198.51.100.1');
    expect(statusAndCode(await list('wrong', '198.51.100.1'))).toEqual(PUT_OFF);
    expect(statusAndCode(await list('wrong', '198.51.100.2'))).toEqual(UNAUTHENTICATED);
    // The caller's claims are to the left of what the proxy has added.
    expect(statusAndCode(await list('wrong-too', '203.0.113.9, 198.51.100.1'))).toEqual(PUT_OFF);
  });
});

describe('what somebody without an account sends as a token', () => {
  it('is removed from no line about others, whatever it is', async () => {
    await start('');
    const words = [ALICES_DATASET, '"username":"alice"', 'SESSION_EXPIRED', 'decision', 'request'];
    for (const word of words) expect(statusAndCode(await list(word))).toEqual(UNAUTHENTICATED);
    logged.length = 0;
    await service.accepted();
    const lines = logged.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(lines).toContainEqual(
      expect.objectContaining({
        audit: true,
        operation: 'request',
        username: 'alice',
        datasetPid: ALICES_DATASET,
        msg: 'decision',
      }),
    );
    expect(logged.join('')).not.toContain('[hidden]');
  });
});
