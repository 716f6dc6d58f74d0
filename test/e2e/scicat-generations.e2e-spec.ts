import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { SCICAT_GENERATIONS } from '../../sandbox/scicat/generation.js';
import { startUpstreams, TestService, type Upstreams } from '../support/service.js';
import { errorOf } from './error-shape.js';

interface Page {
  readonly total: number;
  readonly transfers: readonly { readonly transferId: string }[];
}

/** What users and operators see must not depend on the version of SciCat that their site runs. */
describe.each(SCICAT_GENERATIONS)('with SciCat %s', (generation) => {
  let upstreams: Upstreams;
  let service: TestService;
  let logged: string[];

  beforeEach(async () => {
    upstreams = await startUpstreams({ generation });
    logged = [];
    service = await TestService.start({
      upstreams,
      pollSeconds: 0.1,
      log: { write: (line) => logged.push(line) },
    });
    await service.ready();
  });

  afterEach(async () => {
    await service.stop();
    await upstreams.scicat.close();
    await upstreams.globus.close();
  });

  it('a transfer is previewed, requested, carried out, archived, listed and removed', async () => {
    const body = { fileList: [{ path: 'raw/1.h5', isSymlink: false }] };
    expect((await service.preview({}, { body })).status).toBe(200);
    const jobId = await service.accepted({}, { body });
    await service.reaches(jobId, '003');
    expect(service.archiveJobs()).toMatchObject([
      { ownerUser: 'alice', jobParams: { globusTransferJobId: jobId } },
    ]);
    const page = await service.call('GET', '/transfer', { who: 'alice' });
    expect(page.json).toMatchObject({ total: 1, transfers: [{ transferId: jobId }] });
    const removed = await service.call('DELETE', `/transfer/${jobId}?delete=true`, {
      who: 'alice',
    });
    expect([removed.status, upstreams.scicat.machine.job(jobId)]).toEqual([200, undefined]);
    const gone = await service.call('GET', `/transfer/${jobId}`, { who: 'alice' });
    expect(errorOf(gone)).toMatchObject({ status: 404, code: 'JOB_NOT_FOUND' });
  });

  it('250 transfers of a user are counted, and page 2 is not page 1: the newest come first', async () => {
    const { machine } = upstreams.scicat;
    const job = await service.reaches(await service.accepted(), '003');
    const start = Date.parse(job.createdAt);
    for (let n = 1; n < 250; n += 1) {
      const id = randomUUID();
      // Older and older, several in the same millisecond.
      const createdAt = new Date(start - Math.ceil(n / 3)).toISOString();
      machine.putJob({ ...job, _id: id, id, createdAt });
    }
    const pages: Page[] = [];
    for (const number of [1, 2, 3, 4]) {
      const query = `?page=${number}&pageSize=100`;
      const answer = await service.call('GET', `/transfer${query}`, { who: 'alice' });
      pages.push(answer.json as Page);
    }
    expect(pages.map(({ total, transfers }) => [total, transfers.length])).toEqual([
      [250, 100],
      [250, 100],
      [250, 50],
      [250, 0],
    ]);
    const shown = pages.flatMap(({ transfers }) =>
      transfers.map(({ transferId }) => service.job(transferId)),
    );
    expect(new Set(shown).size).toBe(250);
    const times = shown.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('a list that SciCat does not sort is an error that says so, and the operator is told', async () => {
    // Neither by ids nor from the newest on.
    const rows = ['b', 'a'].map((digit, day) => ({
      type: 'globus_transfer_job',
      id: `${digit.repeat(8)}-0000-4000-8000-000000000000`,
      createdAt: `2026-01-0${day + 1}T00:00:00.000Z`,
    }));
    upstreams.scicat.faults.add({
      match: { method: 'GET', path: '/jobs$' },
      times: 2,
      effect: { type: 'status', status: 200, body: rows },
    });
    const error = errorOf(await service.call('GET', '/transfer', { who: 'alice' }));
    expect(error).toMatchObject({
      status: 503,
      code: 'SERVICE_ACCOUNT',
      message: expect.stringMatching(
        /^SciCat did not return its list of jobs in the form that this service requested .*nothing wrong with your request\.$/,
      ) as unknown,
    });
    const other = await TestService.start({
      upstreams,
      log: { write: (line) => logged.push(line) },
    });
    try {
      await other.ready();
      const alarms = logged.filter((line) => line.includes('"scicat-setup:list"'));
      expect(alarms).toEqual([
        expect.stringContaining('"operator action required"'),
        expect.stringContaining('"alarm cleared"'),
      ]);
    } finally {
      await other.stop();
    }
  });

  it('a missing job type is the operator’s trouble: an alarm and a 503, until it is added', async () => {
    const { jobTypes } = upstreams.scicat.machine;
    const type = jobTypes.get('globus_transfer_job');
    if (type === undefined) throw new Error('There is no such job type.');
    jobTypes.delete('globus_transfer_job');
    const answer = await service.post();
    expect(errorOf(answer)).toMatchObject({
      status: 503,
      code: 'UPSTREAM_UNAVAILABLE',
      message: expect.stringContaining('there is nothing wrong with your request') as unknown,
    });
    expect(answer.headers.get('retry-after')).toBe('60');
    const ready = await service.call('GET', '/health/ready');
    expect(ready.text).toContain('scicat-setup:create');
    expect(ready.text).toContain('config/scicat/job-types.yaml');
    jobTypes.set('globus_transfer_job', type);
    await service.accepted();
    expect((await service.call('GET', '/health/ready')).text).not.toContain('scicat-setup');
  });

  it('a job type whose rules refuse all transfers is the operator’s trouble, too', async () => {
    upstreams.scicat.machine.jobTypes.set('globus_transfer_job', {
      create: { auth: '#jobAdmin', datasetsMustHave: { 'datasetlifecycle.archivable': true } },
      update: { auth: '#jobAdmin' },
    });
    expect(errorOf(await service.post())).toMatchObject({
      status: 503,
      code: 'UPSTREAM_UNAVAILABLE',
      message: expect.stringContaining('there is nothing wrong with your request') as unknown,
    });
    const ready = await service.call('GET', '/health/ready');
    expect(ready.text).toContain('scicat-setup:create');
    expect(service.globus.machine.tasks()).toHaveLength(0);
  });

  it('a missing archive job type does not hold up the end of a transfer, but is told', async () => {
    upstreams.scicat.machine.jobTypes.delete('archive');
    await service.reaches(await service.accepted(), '995');
    const ready = await service.call('GET', '/health/ready');
    expect(ready.text).toContain('scicat-setup:archive');
  });

  it.each(['', ' '])(
    'a dataset without an owner group (%j) is a 400 that says so, in the preview as well',
    async (ownerGroup) => {
      const { machine } = upstreams.scicat;
      machine.setGroups('alice', ['readers', 'SOURCE', 'ARCHIVE', ownerGroup]);
      const scicatPid = service.addDataset('nobodys', ownerGroup, '/data/nobodys');
      machine.changeDataset(scicatPid, { accessGroups: ['readers'] });
      const message = `Dataset ${scicatPid} has no owner group in SciCat, so it can't be transferred. Give it an ownerGroup first.`;
      for (const answer of [
        await service.post({ scicatPid }),
        await service.preview({ scicatPid }),
      ]) {
        expect(errorOf(answer)).toMatchObject({ status: 400, code: 'INVALID_REQUEST', message });
      }
    },
  );

  it('a dataset that is deleted while it is requested is a 400 that names it, and no alarm', async () => {
    const scicatPid = service.addDataset('short-lived');
    const message = `Datasets with pid ${scicatPid} do not exist.`;
    const status = generation === '4.5' ? 400 : 422;
    upstreams.scicat.faults.add({
      match: { method: 'POST', path: '/jobs$' },
      effect: { type: 'status', status, body: { message } },
    });
    expect(errorOf(await service.post({ scicatPid }))).toMatchObject({
      status: 400,
      code: 'INVALID_REQUEST',
      message: `Dataset ${scicatPid} is no longer in SciCat, so nothing was started. Check the PID (scicatPid).`,
    });
    expect((await service.call('GET', '/health/ready')).text).not.toContain('scicat-setup');
  });

  it('a session that ends between identity and dataset is a 401, not a wrong PID', async () => {
    const ended =
      generation === '4.5'
        ? {
            status: 403,
            body: { message: 'Forbidden resource', error: 'Forbidden', statusCode: 403 },
          }
        : {
            status: 401,
            body: { message: 'SESSION_EXPIRED', error: 'Unauthorized', statusCode: 401 },
          };
    for (const call of [() => service.post(), () => service.preview()]) {
      upstreams.scicat.faults.add({
        match: { method: 'GET', path: '/datasets' },
        effect: { type: 'status', ...ended },
      });
      expect(errorOf(await call())).toMatchObject({
        status: 401,
        code: 'UNAUTHENTICATED',
        message:
          'SciCat does not accept this token: it is invalid or has expired. Log in to SciCat again and use the new token.',
      });
    }
  });

  it('a session of the service’s own account that ends early is renewed, and nobody notices', async () => {
    if (generation === '4.5') return;
    const logins = () =>
      upstreams.scicat.requests.filter(({ path }) => path.endsWith('/auth/login')).length;
    await service.reaches(await service.accepted(), '003');
    const before = logins();
    for (const [method, path] of [
      ['POST', '/jobs$'],
      ['PATCH', '/jobs/'],
      ['GET', '/jobs$'],
      ['PATCH', '/datasetlifecycle$'],
    ] as const) {
      upstreams.scicat.faults.add({
        match: { method, path },
        times: 1,
        effect: {
          type: 'status',
          status: 401,
          body: { message: 'SESSION_EXPIRED', error: 'Unauthorized', statusCode: 401 },
        },
      });
    }
    const jobId = await service.accepted({ scicatPid: service.addDataset('renewed') });
    await service.reaches(jobId, '003');
    expect(logins() - before).toBe(4);
    expect((await service.call('GET', '/health/ready')).text).not.toContain('scicat-');
  });
});
