import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOBS_DATASET, eventually, startUpstreams, TestService } from '../support/service.js';

interface Entry {
  readonly path: string;
  readonly isSymlink: boolean;
}

let world: Awaited<ReturnType<typeof startUpstreams>>;
let dataDir: string;
let service: TestService | undefined;

beforeEach(async () => {
  world = await startUpstreams();
  dataDir = await mkdtemp(join(tmpdir(), 'spool-test-'));
});

afterEach(async () => {
  await service?.stop();
  service = undefined;
  await world.scicat.close();
  await world.globus.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(yaml: string): Promise<TestService> {
  service = await TestService.start({ upstreams: world, dataDir, pollSeconds: 0.1, yaml });
  await service.ready();
  return service;
}

async function restart(yaml: string): Promise<TestService> {
  await service?.stop();
  return start(yaml);
}

const stored = async (): Promise<number> => (await readdir(join(dataDir, 'spool'))).length;

/** Every second one is a link. */
const links = (count: number, offset = 0): readonly Entry[] =>
  Array.from({ length: count }, (_none, n) => ({
    path: `f${String(n).padStart(6, '0')}`,
    isSymlink: (n + offset) % 2 === 0,
  }));

/** Names that can't be compressed. */
const noise = (count: number): readonly Entry[] =>
  Array.from({ length: count }, (_none, n) => ({
    path: createHash('sha256').update(String(n)).digest('base64url'),
    isSymlink: false,
  }));

const QUOTAS = 'spool: { maxMiB: 2, maxMiBPerUser: 1 }';

describe('lists with links in too many places', () => {
  it('eleven of them leave small records, and a restart takes all of them up as they were', async () => {
    const first = await start('');
    world.globus.machine.setMaintenance(true);
    const requested = new Map<string, readonly Entry[]>();
    for (let n = 0; n < 11; n += 1) {
      const fileList = links(6_000 + n, n);
      const scicatPid = first.addDataset(`links-${n}`);
      requested.set(await first.accepted({ scicatPid }, { body: { fileList } }), fileList);
    }
    for (const job of first.transferJobs()) {
      const { sealed } = job.jobParams['globusTransfer'] as { readonly sealed: string };
      expect(sealed.length).toBeLessThan(4 * 1024);
    }
    expect(await stored()).toBe(11);
    const second = await restart('');
    expect(second.tracker.status().open).toBe(11);
    world.globus.machine.setMaintenance(false);
    for (const jobId of requested.keys()) await second.reaches(jobId, '003');
    const tasks = world.globus.machine.tasks();
    for (const [jobId, fileList] of requested) {
      const task = tasks.find(({ label }) => label?.endsWith(jobId));
      const items = task?.request.items.map(({ source, kind }) => [
        source.split('/').at(-1),
        kind === 'symlink',
      ]);
      expect(items).toEqual(fileList.map(({ path, isSymlink }) => [path, isSymlink]));
    }
    await eventually(async () => (await stored()) === 0, 'no list is left');
  });

  it('if such a list is lost, the job says at once why it is not rebuilt', async () => {
    const first = await start('');
    world.globus.machine.setMaintenance(true);
    const jobId = await first.accepted({}, { body: { fileList: links(6_000) } });
    await first.reaches(jobId, '001');
    await first.stop();
    service = undefined;
    await rm(join(dataDir, 'spool'), { recursive: true });
    world.globus.machine.setMaintenance(false);
    const second = await start('');
    await eventually(
      () => second.job(jobId).statusMessage.includes('symbolic links in too many places'),
      () => `the job says why; it says ${second.job(jobId).statusMessage}`,
    );
    expect(world.globus.machine.tasks()).toEqual([]);
  });
});

describe('a list that is too long', () => {
  it('gets a 400 that says which bound, and takes no place in the spool', async () => {
    const one = await start('server: { maxListEntries: 100 }');
    world.globus.machine.setMaintenance(true);
    const answer = await one.post({}, { body: { fileList: noise(101) } });
    expect([answer.status, answer.json]).toMatchObject([
      400,
      {
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('more than 100 entries') as unknown,
      },
    ]);
    expect((await one.preview({}, { body: { fileList: noise(101) } })).status).toBe(400);
    expect([await stored(), one.transferJobs()]).toEqual([0, []]);
    await one.accepted({}, { body: { fileList: noise(100) } });
  });
});

describe('a user who fills the spool', () => {
  it("is told so, while another user's list is still taken, also after a restart", async () => {
    const first = await start(QUOTAS);
    world.globus.machine.setMaintenance(true);
    const fileList = noise(20_000);
    await first.accepted({}, { body: { fileList } });
    const refused = async (one: TestService) => {
      const answer = await one.post({ scicatPid: '20.500.12345/more' }, { body: { fileList } });
      return [answer.status, answer.json, answer.headers.get('retry-after')];
    };
    const tooMuch = [
      503,
      {
        code: 'LIST_QUOTA',
        message: expect.stringMatching(
          /of your waiting transfers take all of the 1 MiB/,
        ) as unknown,
      },
      '60',
    ];
    first.addDataset('more');
    expect(await refused(first)).toMatchObject(tooMuch);
    const second = await restart(QUOTAS);
    expect(await refused(second)).toMatchObject(tooMuch);
    const query = { scicatPid: BOBS_DATASET };
    await second.accepted(query, { who: 'carol', body: { fileList } });
    expect((await second.call('GET', '/metrics')).text).toContain(
      'globus_proxy_spool_refusals_total{reason="user-quota"} 1',
    );
    // Her list goes to Globus; then she has space again.
    world.globus.machine.setMaintenance(false);
    await eventually(async () => (await stored()) === 0, 'no list waits');
    expect(await refused(second)).toMatchObject([
      200,
      { jobId: expect.anything() as unknown },
      null,
    ]);
  });

  it('and all users together get 503, an alarm is raised, and cleared when there is space', async () => {
    const one = await start('spool: { maxMiB: 1, maxMiBPerUser: 1 }');
    world.globus.machine.setMaintenance(true);
    const fileList = noise(20_000);
    const jobId = await one.accepted({}, { body: { fileList } });
    const query = { scicatPid: BOBS_DATASET };
    const answer = await one.post(query, { who: 'carol', body: { fileList } });
    expect([answer.status, answer.json]).toMatchObject([503, { code: 'SPOOL_UNAVAILABLE' }]);
    const alarms = async () => {
      const { json } = await one.call('GET', '/health/ready');
      return Object.keys(
        (json as { details: { operator: { alarms: object } } }).details.operator.alarms,
      );
    };
    await eventually(async () => (await alarms()).includes('spool'), 'the alarm is raised');
    expect((await one.call('GET', '/metrics')).text).toMatch(
      /globus_proxy_alarms\{kind="spool"\} 1/,
    );
    // A whole folder needs no space.
    await one.accepted(query, { who: 'carol' });
    await one.call('DELETE', `/transfer/${jobId}`, { who: 'alice' });
    await eventually(async () => !(await alarms()).includes('spool'), 'the alarm is cleared');
    await one.accepted({ ...query, autoArchive: 'false' }, { who: 'carol', body: { fileList } });
  });
});
