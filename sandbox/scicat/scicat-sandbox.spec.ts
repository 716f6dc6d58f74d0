import { afterEach, describe, expect, it } from '@jest/globals';
import { startScicatSandbox, type ScicatSandbox } from './scicat-sandbox.js';
import { NOW, TestWorld } from './test-world.js';

describe('startScicatSandbox', () => {
  const sandboxes: ScicatSandbox[] = [];

  afterEach(async () => {
    await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.close()));
  });

  async function start(): Promise<ScicatSandbox> {
    const { machine } = new TestWorld();
    const sandbox = await startScicatSandbox({ machine, clock: () => NOW });
    sandboxes.push(sandbox);
    return sandbox;
  }

  it('serves the machine, and its own clock decides about tokens', async () => {
    const { url, mintToken, requests } = await start();
    const identity = async (token: string): Promise<number> =>
      (
        await fetch(`${url}/api/v3/users/my/identity`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    expect([
      await identity(mintToken('alice')),
      await identity(mintToken('alice', { expiresInSeconds: 0 })),
      requests.map(({ path, status }) => [path, status]),
    ]).toEqual([
      200,
      401,
      [
        ['/api/v3/users/my/identity', 200],
        ['/api/v3/users/my/identity', 401],
      ],
    ]);
  });

  it('sends what looks odd on the wire: empty successes and bare texts', async () => {
    const { url, machine } = await start();
    const whoami = await fetch(`${url}/api/v3/auth/whoami`);
    machine.addUser({ username: 'ldap' });
    const crash = await fetch(`${url}/api/v3/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"username":"ldap","password":"x"}',
    });
    expect([whoami.status, await whoami.text(), crash.status, await crash.text()]).toEqual([
      200,
      '',
      500,
      '"Internal server error"',
    ]);
  });

  it('loses the answer of a job that it created', async () => {
    const { url, machine, faults, mintToken } = await start();
    faults.add({
      match: { method: 'POST', path: '/jobs$' },
      times: 1,
      effect: { type: 'lost-answer' },
    });
    const create = fetch(`${url}/api/v4/jobs`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${mintToken('admin')}`,
        'content-type': 'application/json',
      },
      body: '{"type":"globus_transfer_job","ownerUser":"alice","jobParams":{}}',
    });
    await expect(create).rejects.toThrow('fetch failed');
    expect(machine.jobs().map((job) => job.ownerUser)).toEqual(['alice']);
  });

  it('answers late while the database is down', async () => {
    const { url, machine } = await start();
    Object.assign(machine.switches, { databaseDown: true, databaseTimeoutMs: 60_000 });
    const impatient = fetch(`${url}/api/v3/health`, { signal: AbortSignal.timeout(50) });
    await expect(impatient).rejects.toThrow('aborted due to timeout');
    machine.switches.databaseTimeoutMs = 1;
    expect((await fetch(`${url}/api/v3/health`)).status).toBe(503);
  });

  it('makes a SciCat of its own when it is given none', async () => {
    const sandbox = await startScicatSandbox({ tokenLifeSeconds: 5 });
    sandboxes.push(sandbox);
    expect(sandbox.machine.switches.tokenLifeSeconds).toBe(5);
  });
});
