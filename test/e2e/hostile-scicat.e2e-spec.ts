import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { JobDocument } from '../../sandbox/scicat/jobs.js';
import { knownSecrets } from '../../src/secrets/known-secrets.js';
import { ALICES_DATASET, startUpstreams, TestService, type Upstreams } from '../support/service.js';

const MB = 1_000_000;

/** The header of every token of a SciCat. */
const HEAD = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9';

// Either version; the contract tests have both.
describe.each(['5.2'] as const)('jobs that are far too large, and SciCat %s', (generation) => {
  let world: Upstreams;
  let service: TestService | undefined;

  beforeEach(async () => {
    world = await startUpstreams({ generation });
  });

  afterEach(async () => {
    await service?.stop();
    await world.scicat.close();
    await world.globus.close();
  });

  /** Has a job made by the service, which is then copied with a record of this size. */
  async function leaveBehind(...bytes: readonly number[]): Promise<readonly string[]> {
    const first = await TestService.start({ upstreams: world });
    await first.ready();
    first.globus.machine.setMaintenance(true);
    const job = first.job(await first.accepted());
    await first.stop();
    return bytes.map((size) => copyOf(job, size));
  }

  function copyOf(job: JobDocument, size: number): string {
    const id = randomUUID();
    const globusTransfer = job.jobParams['globusTransfer'] as { readonly sealed: string };
    const record = JSON.parse(
      Buffer.from(globusTransfer.sealed, 'base64url').toString(),
    ) as Readonly<Record<string, unknown>>;
    // Runs of links, as the record of a list with every second entry a link has them.
    const symlinks = Array.from({ length: Math.ceil(size / 10.7) }, (_, n) => [100 + (n % 900), 1]);
    const fileList = { count: 1_000_000, sha256: 'a'.repeat(64), symlinks };
    const key = randomUUID();
    const sealed = Buffer.from(JSON.stringify({ ...record, key, fileList })).toString('base64url');
    world.scicat.machine.putJob({
      ...job,
      _id: id,
      id,
      jobParams: { ...job.jobParams, globusTransfer: { ...globusTransfer, key, sealed } },
    });
    return id;
  }

  it('eleven with 7 MB each are all taken up after a restart, and shown', async () => {
    const ids = await leaveBehind(...Array.from({ length: 11 }, () => 7 * MB));
    const before = world.scicat.requests.length;
    service = await TestService.start({ upstreams: world });
    await service.ready().catch(() => service?.ready());
    expect(service.tracker.status()).toMatchObject({ ready: true, open: 12 });
    const { status, json } = await service.call('GET', '/transfer?pageSize=50', { who: 'alice' });
    expect([status, json]).toMatchObject([200, { total: 12 }]);
    const shown = (json as { transfers: { transferId: string }[] }).transfers;
    expect(shown.map(({ transferId }) => transferId)).toEqual(expect.arrayContaining([...ids]));
    // From 1,000 down to a page that fits, and on from there: a few for each job at most.
    const lists = world.scicat.requests.slice(before).filter(({ path }) => path.endsWith('/jobs'));
    expect(lists.length).toBeLessThan(50);
  }, 90_000);

  it('one that can not be read is named by an alarm, and all others are taken up', async () => {
    const [bad = '', ...others] = await leaveBehind(20 * MB, 100, 100, 100);
    service = await TestService.start({ upstreams: world });
    await service.ready();
    expect(service.tracker.status()).toMatchObject({ ready: true, open: others.length + 1 });
    const { json } = await service.call('GET', '/health/ready');
    expect(json).toMatchObject({
      details: { operator: { alarms: { [`job:${bad}`]: expect.stringContaining(bad) } } },
    });
    const list = await service.call('GET', '/transfer?pageSize=50', { who: 'alice' });
    expect([list.status, list.json]).toMatchObject([200, { total: 5 }]);
    expect((await service.post()).status).toBe(200);
  });
});

describe('texts from SciCat that are far too long', () => {
  let service: TestService;
  const lines: string[] = [];

  beforeEach(async () => {
    lines.length = 0;
    service = await TestService.start({ log: { write: (line) => lines.push(line) } });
    await service.ready();
  });
  afterEach(() => service.stop());

  /** Of this process: a stall is time in which nobody else is served. */
  async function cpuOfPosts(sourceFolder: string): Promise<number> {
    service.scicat.machine.changeDataset(ALICES_DATASET, { sourceFolder });
    const started = process.cpuUsage();
    for (let times = 0; times < 10; times += 1) {
      const { status } = await service.preview();
      expect([200, 400]).toContain(status);
    }
    return process.cpuUsage(started).user;
  }

  it('a source folder of 120 KB of beginnings of tokens holds nobody up', async () => {
    // As many as may be in use, all beginning alike.
    for (let n = 0; n < 2_500; n += 1) knownSecrets.use(`${HEAD}.${n}${'x'.repeat(40)}.${n}`);
    await cpuOfPosts('/data/usual');
    const control = await cpuOfPosts('/data/usual');
    const attack = await cpuOfPosts(`/${HEAD.slice(0, 9).repeat(120_000 / 9)}`);
    expect(attack / control).toBeLessThan(10);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(20_000);
  });

  it('is refused with a sentence that says so', async () => {
    service.scicat.machine.changeDataset(ALICES_DATASET, { sourceFolder: `/${'x'.repeat(5_000)}` });
    const { status, json } = await service.post();
    expect([status, json]).toMatchObject([
      400,
      {
        code: 'INVALID_REQUEST',
        message:
          "This dataset can't be transferred: its sourceFolder in SciCat has more than 4096 characters. Correct it in SciCat.",
      },
    ]);
  });

  it('16 MB of metadata are not read for a request', async () => {
    const scientificMetadata = { image: 'x'.repeat(16 * MB) };
    service.scicat.machine.changeDataset(ALICES_DATASET, { scientificMetadata });
    // An answer with them would be larger than the service reads.
    expect((await service.post()).status).toBe(200);
  });
});
