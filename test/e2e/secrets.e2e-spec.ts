import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ALICES_DATASET,
  BOBS_DATASET,
  COLLECTIONS,
  eventually,
  SECRETS,
  SERVICE_USER,
  TestService,
} from '../support/service.js';

/** Part of the names of files that are asked for. */
const FILE = 'a-file-name-that-belongs-in-no-log';
const files = (...names: readonly string[]) => ({
  fileList: names.map((name) => ({ path: `${name}${FILE}.h5`, isSymlink: false })),
});
/** What an upstream answers with when it tells more than it should. */
const SECRETIVE = {
  type: 'status',
  status: 500,
  body: { internal: 'upstream-body-text' },
} as const;

let service: TestService;
let running = false;
const logged: string[] = [];
const answered: string[] = [];

async function say(answer: Promise<{ readonly text: string; readonly headers: Headers }>) {
  const { text, headers } = await answer;
  answered.push(text, JSON.stringify([...headers]));
}
const loggedSince = (line: number, ...parts: readonly string[]): boolean =>
  logged.slice(line).some((text) => parts.every((part) => text.includes(part)));

/** Once through the whole interface, as all kinds of users. */
async function everything(jobId: string): Promise<void> {
  const { alice } = service.tokens;
  await Promise.all([
    say(service.post({ scicatPid: service.addDataset(`s-${answered.length}`) })),
    say(service.post({ scicatPid: BOBS_DATASET }, { body: files('raw/') })),
    say(service.call('GET', '/transfer', { who: 'alice' })),
    say(service.call('GET', `/transfer/${jobId}`, { who: 'alice' })),
    say(service.call('GET', `/transfer?page=${alice}`, { who: 'alice' })),
    say(service.call('GET', `/transfer/${jobId}`, { who: 'carol' })),
    say(service.call('DELETE', `/transfer/${jobId}`, { who: 'alice' })),
    say(service.call('GET', '/health/ready')),
    say(service.call('GET', '/metrics')),
    say(service.call('GET', `/nowhere?token=${alice}`)),
    say(service.call('GET', '/transfer', { headers: { Authorization: `Bearer ${alice}` } })),
  ]);
}

/** Users who put their token, or nonsense, where it does not belong. */
async function confusedUsers(): Promise<void> {
  const { alice, bob } = service.tokens;
  const text = { 'content-type': 'text/plain' };
  await say(service.call('GET', `/transfer/${alice}`, { who: 'alice' }));
  await say(service.call('DELETE', `/${alice}/${bob}`));
  await say(service.call('GET', '/transfer', { who: `${alice}x` }));
  await say(
    service.call('GET', '/transfer', { headers: { 'SciCat-API-Key': `${alice}, ${bob}` } }),
  );
  await say(service.call('GET', '/transfer', { headers: { 'X-Request-Id': alice } }));
  for (const body of ['{"fileList": [', `{"${FILE}": 1}`, `["${FILE}"]`, `"${alice}"`]) {
    await say(service.post({}, { body }));
  }
  await say(service.post({}, { body: FILE, headers: text }));
  await say(service.post({}, { body: files('../', '/') }));
  await say(service.post({}, { body: { fileList: [{ path: FILE, isSymlink: 'yes' }] } }));
}

/** Answers may repeat a user's own input to that user, but to no one else. */
async function confusedFacilities(): Promise<void> {
  const { alice } = service.tokens;
  await service.post({ sourceFacility: alice });
  await service.post({ destFacility: alice, scicatPid: alice });
  await service.post({ collectionRootPath: `/${alice}` });
}

async function outages(jobId: string): Promise<void> {
  for (const effect of [SECRETIVE, { ...SECRETIVE, status: 400 }, { type: 'reset' } as const]) {
    service.globus.faults.outage(true, effect);
    await everything(jobId);
    service.scicat.faults.outage(true, effect);
    await everything(jobId);
    service.scicat.faults.clear();
    service.globus.faults.clear();
  }
  const jobRefused = { match: { method: 'POST', path: '/jobs$' }, times: 1, effect: SECRETIVE };
  service.scicat.faults.add(jobRefused);
  await say(service.post({ scicatPid: service.addDataset('job-refused') }));
}

/** A transfer that fails on one of the files that were asked for, with words of Globus about it. */
async function failingFile(): Promise<void> {
  const path = `/group1/run1/${FILE}.h5`;
  service.globus.machine.setPathTroubles(COLLECTIONS.source, [
    { path, access: 'read', code: 'FILE_NOT_FOUND' },
  ]);
  const jobId = await service.accepted({}, { body: files('', 'other-') });
  const troubled = (): boolean => service.job(jobId).statusMessage.includes(FILE);
  await eventually(troubled, 'the job tells which file is missing');
  await say(service.call('GET', `/transfer/${jobId}`, { who: 'alice' }));
  await say(service.call('DELETE', `/transfer/${jobId}?delete=true`, { who: 'alice' }));
  await eventually(() => service.scicat.machine.job(jobId) === undefined, 'the job is removed');
  service.globus.machine.setPathTroubles(COLLECTIONS.source, []);
}

async function refusedSubmission(): Promise<void> {
  const refusal = { code: 'BadRequest', message: `The path ${FILE} is no good`, request_id: 'r1' };
  service.globus.faults.add({
    match: { method: 'POST', path: '/transfer$' },
    times: 1,
    effect: { type: 'status', status: 400, body: refusal },
  });
  await service.post({ scicatPid: service.addDataset('refused') }, { body: files('') });
}

async function wrongSecrets(): Promise<void> {
  const from = logged.length;
  const { globusClientId } = service.config.secrets;
  service.globus.machine.setSecret(globusClientId, 'rotated-secret');
  service.globus.machine.revokeTokens(globusClientId);
  await say(service.post({ scicatPid: service.addDataset('secret-rotated') }));
  await eventually(
    () => loggedSince(from, 'operator action required', 'globus-account'),
    'an alarm',
  );
  service.scicat.machine.setPassword(SERVICE_USER, 'rotated-password');
  service.scicat.machine.revokeTokens(SERVICE_USER);
  await say(service.post({ scicatPid: service.addDataset('password-rotated') }));
  await eventually(
    () => loggedSince(from, 'operator action required', 'scicat-account'),
    'an alarm',
  );
  await say(service.call('GET', '/health/ready'));
}

beforeAll(async () => {
  service = await TestService.start({
    pollSeconds: 0.1,
    log: { write: (line) => logged.push(line) },
  });
  running = true;
  await service.ready();
  const jobId = await service.accepted({}, { body: files('raw/') });
  await service.reaches(jobId, '003');
  await everything(jobId);
  await confusedUsers();
  await confusedFacilities();
  await failingFile();
  await refusedSubmission();
  await outages(jobId);
  await wrongSecrets();
  await service.stop();
  running = false;
}, 120_000);

afterAll(async () => {
  if (running) await service.stop();
});

/** Secrets by name. */
function secrets(): Readonly<Record<string, string>> {
  return {
    'a token of a user': service.tokens.alice,
    'another token of a user': service.tokens.carol,
    'a token of a third user': service.tokens.bob,
    'the password at SciCat': SECRETS.scicatPassword,
    'another password': 'rotated-password',
    'another secret': 'rotated-secret',
    'the secret at Globus': SECRETS.globusSecret,
    'a JSON web token': 'eyJhbGciOi',
    'an Authorization header': 'Basic ',
  };
}

describe('secrets in the log and in answers', () => {
  it('there is much to search', () => {
    expect([logged.length > 200, answered.length > 150]).toEqual([true, true]);
    expect(logged.join('')).toContain(ALICES_DATASET);
    for (const line of logged) expect(() => JSON.parse(line) as unknown).not.toThrow();
    for (const part of ['"error"', '"trouble"', '"audit":true', 'UPSTREAM', '"level":"trace"']) {
      expect([part, logged.some((line) => line.includes(part))]).toEqual([part, true]);
    }
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

  it('no secret is in any log line of any level, nor a file of a list', () => {
    const lines = logged.join('');
    for (const [name, secret] of Object.entries(secrets())) {
      expect([name, lines.includes(secret)]).toEqual([name, false]);
    }
    expect(logged.filter((line) => line.includes(FILE))).toEqual([]);
    expect(lines).not.toContain('upstream-body-text');
  });
});
