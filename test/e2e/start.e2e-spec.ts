import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DependencyHealth } from '../../src/health/dependency-health.js';
import {
  type Answer,
  eventually,
  startUpstreams,
  TestService,
  type Upstreams,
} from '../support/service.js';

describe('the start', () => {
  let upstreams: Upstreams;
  let dataDir: string;
  beforeEach(async () => {
    upstreams = await startUpstreams();
    dataDir = await mkdtemp(join(tmpdir(), 'proxy-test-'));
  });
  afterEach(async () => {
    await upstreams.scicat.close();
    await upstreams.globus.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('a probe that waits for SciCat is told of a recovery that ends meanwhile', async () => {
    const { faults } = upstreams.scicat;
    faults.add({ match: { path: '/jobs$' }, effect: { type: 'latency', ms: 200 } });
    faults.add({ match: { path: '/health$' }, effect: { type: 'latency', ms: 600 } });
    const service = await TestService.start({ upstreams, dataDir });
    try {
      const before = service.tracker.ready;
      const probe = await service.call('GET', '/health/ready');
      expect([before, probe.status]).toEqual([false, 200]);
    } finally {
      await service.stop();
    }
  });

  it('is not held up by Globus: ready comes first, and what Globus has to say when it is said', async () => {
    upstreams.globus.faults.add({ effect: { type: 'latency', ms: 1000 } });
    const service = await TestService.start({ upstreams, dataDir });
    try {
      await service.ready();
      const probe = await service.call('GET', '/health/ready');
      expect([probe.status, globusOf(probe)]).toEqual([
        200,
        { status: 'up', reachable: false, problem: 'Globus has not responded yet.' },
      ]);
      await service.app.get(DependencyHealth).askGlobus();
      const later = await service.call('GET', '/health/ready');
      expect([later.status, globusOf(later)]).toEqual([200, { status: 'up', reachable: true }]);
    } finally {
      await service.stop();
    }
  });

  it('a probe does not wait for SciCat before it asks Globus: it has five seconds for both', async () => {
    const service = await TestService.start({ upstreams, dataDir });
    try {
      await service.ready();
      const dependencies = service.app.get(DependencyHealth);
      let answer = (): void => undefined;
      const scicat = new Promise<undefined>((resolve) => {
        answer = () => {
          resolve(undefined);
        };
      });
      jest.spyOn(dependencies, 'askScicat').mockReturnValue(scicat);
      const globus = jest.spyOn(dependencies, 'askGlobus');
      const probe = service.call('GET', '/health/ready');
      await eventually(() => globus.mock.calls.length > 0, 'Globus is asked, too');
      answer();
      expect((await probe).status).toBe(200);
    } finally {
      await service.stop();
    }
  });

  it('one that fails leaves nothing behind: what had begun is ended', async () => {
    const start = TestService.start({
      upstreams,
      dataDir,
      change: (config) => ({
        ...config,
        server: { ...config.server, trustProxy: 'no-address' },
      }),
    });
    await expect(start).rejects.toThrow('invalid IP address: no-address');
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);
  });
});

function globusOf({ json }: Answer): unknown {
  return (json as { readonly details: { readonly globus: unknown } }).details.globus;
}
