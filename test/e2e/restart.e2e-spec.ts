import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ALICES_DATASET,
  eventually,
  type ServiceOptions,
  startUpstreams,
  TestService,
} from '../support/service.js';

const running: TestService[] = [];

async function start(options: ServiceOptions = {}): Promise<TestService> {
  const service = await TestService.start({ pollSeconds: 0.1, ...options });
  running.push(service);
  await service.ready();
  return service;
}

afterEach(async () => {
  // Latest first: later ones live on what the first has started.
  for (const service of running.splice(0).reverse()) await service.stop();
});

describe('known defects of the Go version: after a restart', () => {
  let world: Awaited<ReturnType<typeof startUpstreams>>;

  beforeEach(async () => {
    world = await startUpstreams();
  });

  afterEach(async () => {
    await world.scicat.close();
    await world.globus.close();
  });

  async function stop(service: TestService): Promise<void> {
    running.splice(running.indexOf(service), 1);
    await service.stop();
  }

  it('every open transfer is resumed with its original wishes', async () => {
    const yaml = 'task: { maxConcurrency: 1, pollInterval: 1 }';
    const first = await start({ upstreams: world, yaml });
    first.holdTasks();
    const files = {
      fileList: [
        { path: 'a.h5', isSymlink: false },
        { path: 'b', isSymlink: true },
      ],
    };
    const inFlight = await first.accepted({ autoArchive: 'false' });
    const waiting = await first.accepted(
      { scicatPid: first.addDataset('k5-waiting'), autoArchive: 'false' },
      { body: files },
    );
    const cancelled = await first.accepted({ scicatPid: first.addDataset('k5-cancelled') });
    first.globus.machine.setMaintenance(true);
    await first.call('DELETE', `/transfer/${inFlight}`, { who: 'alice' });
    await first.reaches(waiting, '001');
    await first.call('DELETE', `/transfer/${cancelled}`, { who: 'alice' });
    await stop(first);

    world.globus.machine.setMaintenance(false);
    // The data folder of the first went with it: the list is rebuilt from what SciCat knows.
    world.scicat.machine.addOrigDatablock('20.500.12345/k5-waiting', [
      { path: 'a.h5' },
      { path: 'b' },
    ]);
    const second = await start({ upstreams: world, yaml });
    await second.reaches(inFlight, '004');
    await second.reaches(cancelled, '004');
    second.releaseTasks();
    await second.reaches(waiting, '003');
    expect(second.globus.machine.tasks().map(({ request: { items } }) => items)).toEqual([
      [expect.objectContaining({ source: '/group1/run1/' })],
      [
        expect.objectContaining({ source: '/group1/k5-waiting/a.h5' }),
        expect.objectContaining({ source: '/group1/k5-waiting/b' }),
      ],
    ]);
    expect(second.archiveJobs()).toEqual([]);
  });

  it('a file list that waits is taken from the data folder', async () => {
    const earlier = await start({ upstreams: world });
    await stop(earlier);
    const { dataDir } = earlier.config;
    const first = await start({ upstreams: world, dataDir });
    world.globus.machine.setMaintenance(true);
    const jobId = await first.accepted(
      {},
      { body: { fileList: [{ path: 'x', isSymlink: false }] } },
    );
    await first.reaches(jobId, '001');
    await stop(first);
    world.globus.machine.setMaintenance(false);
    const second = await start({ upstreams: world, dataDir });
    await second.reaches(jobId, '003');
    expect(second.globus.machine.tasks()[0]?.request.items).toEqual([
      expect.objectContaining({ source: '/group1/run1/x', destination: '/archive/alices-run/x' }),
    ]);
  });

  it.each([
    ['before Globus got it', { type: 'reset' } as const],
    ['after Globus got it, with the answer lost', { type: 'lost-answer' } as const],
    [
      'after Globus got it, with an error for an answer',
      { type: 'late-error', status: 502 } as const,
    ],
  ])('Globus fails %s, and the service is restarted: one task', async (_, effect) => {
    const first = await start({ upstreams: world });
    const broken = first.globus.faults.add({
      match: { method: 'POST', path: '/transfer$' },
      effect,
    });
    const jobId = await first.accepted();
    expect(first.job(jobId).jobParams).toHaveProperty('globusTransfer.sealed');
    await stop(first);
    world.globus.faults.remove(broken);
    const second = await start({ upstreams: world });
    await second.reaches(jobId, '003');
    expect(second.globus.machine.tasks()).toHaveLength(1);
    expect(second.archiveJobs()).toHaveLength(1);
    expect((await second.post()).status).toBe(200);
  });

  it('the task id is in the job as soon as Globus has answered, long before a poll', async () => {
    const service = await start({ upstreams: world, pollSeconds: 3600 });
    service.holdTasks();
    const jobId = await service.accepted();
    await service.reaches(jobId, '002');
    expect(service.job(jobId).jobResultObject).toMatchObject({
      globusTaskId: service.globus.machine.tasks()[0]?.id,
    });
  });

  it('SciCat stores the job but answers with an error: found by its key, it goes on', async () => {
    const service = await start({ upstreams: world });
    world.scicat.machine.switches.failingCreateActions.add('globus_transfer_job');
    const jobId = await service.accepted();
    expect(service.transferJobs().map(({ id }) => id)).toEqual([jobId]);
    await service.reaches(jobId, '003');
  });

  it.each([
    ['a lost answer', { type: 'lost-answer' } as const],
    ['an error', { type: 'late-error', status: 502 } as const],
    ['a login page', { type: 'garbage', carriedOut: true } as const],
  ])('creation with %s: the job is found by its key and goes on', async (_, effect) => {
    const service = await start({ upstreams: world });
    world.scicat.faults.add({ match: { method: 'POST', path: '/jobs$' }, times: 1, effect });
    const jobId = await service.accepted();
    expect(service.transferJobs().map(({ id }) => id)).toEqual([jobId]);
    await service.reaches(jobId, '003');
  });

  it('autoArchive=false is kept across a restart', async () => {
    const first = await start({ upstreams: world });
    first.holdTasks();
    const jobId = await first.accepted({ autoArchive: 'false' });
    await first.reaches(jobId, '002');
    await stop(first);
    const second = await start({ upstreams: world });
    second.releaseTasks();
    await second.reaches(jobId, '003');
    expect(second.archiveJobs()).toEqual([]);
    expect(world.scicat.machine.datasets.get(ALICES_DATASET)?.datasetlifecycle).toMatchObject({
      archivable: true,
    });
  });

  it('an archive job whose creation was interrupted by a restart is made, and only once', async () => {
    const first = await start({ upstreams: world });
    const broken = world.scicat.faults.add({
      match: { method: 'POST', path: '/jobs$' },
      effect: { type: 'lost-answer' },
    });
    // The transfer's own job is found by its key; the archive job is stored, its answer lost.
    const jobId = await first.accepted();
    await eventually(() => first.archiveJobs().length > 0, 'SciCat has the archive job');
    await stop(first);
    world.scicat.faults.remove(broken);
    const second = await start({ upstreams: world });
    await second.reaches(jobId, '003');
    expect(second.archiveJobs()).toHaveLength(1);
  });

  it('jobs of the Go version: one that runs is followed, others are left alone', async () => {
    const first = await start({ upstreams: world });
    const jobId = await first.accepted();
    const finished = await first.reaches(jobId, '003');
    await stop(first);
    const old = {
      ...finished,
      jobParams: { datasetList: [] },
      jobResultObject: { status: 'transferring', globusTaskId: '' },
      statusCode: '002',
      updatedAt: '2026-01-01T00:00:00.000Z',
    };
    const ids = ['00000000-0000-4000-8000-0000000000a1', '00000000-0000-4000-8000-0000000000a2'];
    const [bare = '', empty = ''] = ids;
    world.scicat.machine.putJob({ ...old, _id: bare, id: bare });
    world.scicat.machine.putJob({
      ...old,
      _id: empty,
      id: empty,
      jobParams: {},
      jobResultObject: null,
    });
    const second = await start({ upstreams: world });
    for (const id of ids) {
      const look = await second.call('GET', `/transfer/${id}`, { who: 'alice' });
      expect([look.status, look.json]).toEqual([200, expect.objectContaining({ transferId: id })]);
    }
  });

  it('the service stops gracefully: what SciCat must know is written before it goes', async () => {
    const first = await start({ upstreams: world });
    first.holdTasks();
    world.scicat.faults.add({
      match: { method: 'PATCH', path: '/jobs/' },
      effect: { type: 'latency', ms: 300 },
    });
    const jobId = await first.accepted();
    await stop(first);
    expect(world.scicat.machine.job(jobId)?.jobResultObject).toMatchObject({
      globusTaskId: world.globus.machine.tasks()[0]?.id,
    });
  });
});
