import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALICES_DATASET, eventually, SECRETS, TestService } from '../support/service.js';

const FILE = 'a-file-name-that-belongs-in-no-log.h5';

let service: TestService;
const logged: string[] = [];
const answered: string[] = [];

async function say(answer: Promise<{ readonly text: string; readonly headers: Headers }>) {
  const { text, headers } = await answer;
  answered.push(text, JSON.stringify([...headers]));
}

beforeAll(async () => {
  service = await TestService.start({
    pollSeconds: 0.1,
    log: { write: (line) => logged.push(line) },
  });
  await service.ready();
  const jobId = await service.accepted(
    {},
    { body: { fileList: [{ path: FILE, isSymlink: false }] } },
  );
  await service.reaches(jobId, '003');
  const secretive = {
    type: 'status',
    status: 500,
    body: { internal: 'upstream-body-text' },
  } as const;
  const everything = async () => {
    await Promise.all([
      say(service.post({ scicatPid: service.addDataset(`s-${answered.length}`) })),
      say(service.call('GET', '/transfer', { who: 'alice' })),
      say(service.call('GET', `/transfer/${jobId}`, { who: 'alice' })),
      say(service.call('GET', `/transfer?page=${service.tokens.alice}`, { who: 'alice' })),
      say(service.call('GET', `/transfer/${jobId}`, { who: 'carol' })),
      say(service.call('DELETE', `/transfer/${jobId}`, { who: 'alice' })),
      say(service.call('GET', '/health/ready')),
      say(service.call('GET', `/nowhere?token=${service.tokens.alice}`)),
      say(
        service.call('GET', '/transfer', {
          headers: { Authorization: `Bearer ${service.tokens.alice}` },
        }),
      ),
    ]);
  };
  await everything();
  for (const effect of [secretive, { ...secretive, status: 400 }, { type: 'reset' } as const]) {
    service.globus.faults.outage(true, effect);
    await everything();
    service.scicat.faults.outage(true, effect);
    await everything();
    service.scicat.faults.clear();
    service.globus.faults.clear();
  }
  service.scicat.faults.add({
    match: { method: 'POST', path: '/jobs$' },
    times: 1,
    effect: secretive,
  });
  await say(service.post({ scicatPid: service.addDataset('job-refused') }));
  service.globus.machine.setSecret(service.config.secrets.globusClientId, 'rotated-secret');
  service.globus.machine.revokeTokens(service.config.secrets.globusClientId);
  await say(service.post({ scicatPid: service.addDataset('secret-rotated') }));
  await eventually(() => logged.some((line) => line.includes('an operator is needed')), 'an alarm');
  await say(service.call('GET', '/health/ready'));
}, 60_000);

afterAll(async () => {
  await service.stop();
});

/** What is a secret of somebody, by name. */
function secrets(): Readonly<Record<string, string>> {
  return {
    'a token of a user': service.tokens.alice,
    'another token of a user': service.tokens.carol,
    'the password at SciCat': SECRETS.scicatPassword,
    'the secret at Globus': SECRETS.globusSecret,
    'a JSON web token': 'eyJhbGciOi',
    'an Authorization header': 'Basic ',
  };
}

describe('S9', () => {
  it('there is something to look at', () => {
    expect([logged.length > 100, answered.length > 100]).toEqual([true, true]);
    expect(logged.join('')).toContain(ALICES_DATASET);
    for (const line of logged) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('no secret is in any answer, nor an upstream body, an internal address or a stack', () => {
    const text = answered.join('\n');
    for (const [name, secret] of Object.entries(secrets())) {
      expect([name, text.includes(secret)]).toEqual([name, false]);
    }
    expect(text).not.toContain('upstream-body-text');
    expect(text).not.toContain(`:${service.scicat.port}`);
    expect(text).not.toContain(`:${service.globus.port}`);
    expect(text).not.toMatch(/\bat .*\.(?:ts|js):\d+/);
  });

  it('no secret is in any log line of any level, nor a file list', () => {
    const lines = logged.join('');
    for (const [name, secret] of Object.entries(secrets())) {
      expect([name, lines.includes(secret)]).toEqual([name, false]);
    }
    expect(lines).not.toContain(FILE);
  });
});
