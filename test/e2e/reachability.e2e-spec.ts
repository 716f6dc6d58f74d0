import { afterEach, describe, expect, it } from '@jest/globals';
import { samplesOf, sumOf } from '../support/samples.js';
import { eventually, TestService } from '../support/service.js';
import { withProxyVariables, WebProxyServer } from '../support/web-proxy.js';

type Line = Readonly<Record<string, unknown>>;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** The service with another address of Globus, and its log. */
async function start(authUrl: string, transferUrl = authUrl) {
  const lines: Line[] = [];
  const service = await TestService.start({
    log: { write: (line) => lines.push(JSON.parse(line) as Line) },
    change: (config) => ({ ...config, globus: { authUrl, transferUrl } }),
  });
  cleanUps.push(() => service.stop());
  await service.ready();
  const health = async () =>
    (await service.call('GET', '/health/ready')).json as {
      readonly details: Readonly<Record<string, Line>>;
    };
  const value = async (name: string, labels: Readonly<Record<string, string>>) =>
    sumOf(samplesOf((await service.call('GET', '/metrics')).text), `globus_proxy_${name}`, labels);
  return { service, lines, health, value };
}

describe('an operator whose Globus is not reached', () => {
  it.each([
    ['https://globus.invalid', 'dns', /\((?:ENOTFOUND|EAI_AGAIN)\).*host name/],
    ['http://127.0.0.1:1', 'refused', /\(ECONNREFUSED\)/],
  ])('finds why in log, health, and metrics: %s', async (url, reason, words) => {
    const { lines, health, value } = await start(url);
    // Without any request: the service itself asks when it starts.
    const told = (): Line | undefined => lines.find(({ msg }) => msg === 'upstream unavailable');
    await eventually(() => told() !== undefined, 'the log says so');
    expect(told()).toMatchObject({ level: 'warn', upstream: 'Globus' });
    expect(told()?.['reason']).toMatch(words);
    await eventually(
      async () => words.test(String((await health()).details['globus']?.['problem'])),
      'health says so',
    );
    expect((await health()).details['globus']).toMatchObject({ status: 'up', reachable: false });
    expect(await value('upstream_reachable', { service: 'Globus' })).toBe(0);
    expect(await value('upstream_reachable', { service: 'SciCat' })).toBe(1);
    expect(await value('upstream_failures_total', { service: 'Globus', reason })).toBeGreaterThan(
      0,
    );
    expect(await value('upstream_failures_total', { service: 'SciCat', reason })).toBe(0);
  });

  it('finds that a web proxy refuses, and that it is no refusal by Globus', async () => {
    const proxy = await WebProxyServer.start({ refuseWith: 403 });
    cleanUps.push(() => proxy.stop());
    cleanUps.push(withProxyVariables({ HTTPS_PROXY: `http://svc:hunter22@${proxy.address}` }));
    const { service, lines, health, value } = await start('https://globus.example.org');
    await eventually(() => proxy.asked.length > 0, 'the proxy is asked');
    const jobId = await service.accepted();
    expect((await service.reaches(jobId, '001')).statusMessage).toMatch(/^waiting: Globus is /);
    expect(lines.find(({ msg }) => msg === 'upstream unavailable')).toMatchObject({
      reason: expect.stringContaining('did not open a connection to the server (status 403)'),
    });
    await eventually(
      async () => String((await health()).details['globus']?.['problem']).includes('(status 403)'),
      'health says so',
    );
    expect(
      await value('upstream_failures_total', { service: 'Globus', reason: 'proxy' }),
    ).toBeGreaterThan(0);
    const shown = JSON.stringify([lines, await health()]);
    for (const secret of ['hunter22', btoa('svc:hunter22'), proxy.address]) {
      expect(shown).not.toContain(secret);
    }
  });

  it('finds in the log that Globus does not know the client, without waiting for a transfer', async () => {
    const lines: Line[] = [];
    const service = await TestService.start({
      log: { write: (line) => lines.push(JSON.parse(line) as Line) },
      change: (config) => ({
        ...config,
        secrets: { ...config.secrets, globusClientId: '11111111-1111-4111-8111-111111111111' },
      }),
    });
    cleanUps.push(() => service.stop());
    await eventually(
      () => lines.some(({ msg }) => msg === 'Globus refuses the service'),
      'the log says so',
    );
  });
});
