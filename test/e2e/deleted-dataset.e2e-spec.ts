import { afterEach, describe, expect, it } from '@jest/globals';
import { SCICAT_GENERATIONS } from '../../sandbox/scicat/generation.js';
import {
  ALICES_DATASET,
  eventually,
  type ServiceOptions,
  startUpstreams,
  startUpstreamsForTwo,
  TestService,
  UPDATE_USER_ENVIRONMENT,
  type Upstreams,
} from '../support/service.js';

let upstreams: Upstreams;
const running: TestService[] = [];

async function start(options: ServiceOptions = {}): Promise<TestService> {
  const service = await TestService.start({ upstreams, pollSeconds: 0.1, ...options });
  running.push(service);
  await service.ready();
  return service;
}

/** What the service shows of a transfer. */
async function shown(service: TestService, jobId: string): Promise<string> {
  const { json } = await service.call('GET', `/transfer/${jobId}`, { who: 'alice' });
  const { status, message } = json as { readonly status: string; readonly message: string };
  return `${status}: ${message}`;
}

/** Writes of a job that SciCat refused. */
const refusedWrites = (jobId: string) =>
  upstreams.scicat.requests.filter(
    ({ method, path, status }) => method === 'PATCH' && path.endsWith(jobId) && status === 404,
  );

afterEach(async () => {
  for (const service of running.splice(0).reverse()) await service.stop();
  await upstreams.scicat.close();
  await upstreams.globus.close();
});

describe.each(SCICAT_GENERATIONS)('a dataset deleted in SciCat %s', (generation) => {
  it.each([
    ['at Globus', '002', 'cancelled: cancelled by alice'],
    ['waiting', '001', 'cancelled: cancelled by alice, before anything was copied'],
  ])('DELETE of its transfer (%s) is answered and carried out', async (_what, code, end) => {
    upstreams = await startUpstreams({ generation });
    const service = await start({ yaml: 'task: { maxConcurrency: 1, pollInterval: 1 }' });
    service.holdTasks();
    if (code === '001') await service.accepted({ scicatPid: service.addDataset('before') });
    const jobId = await service.accepted();
    await service.reaches(jobId, code);
    upstreams.scicat.machine.deleteDataset(ALICES_DATASET);
    const answer = await service.call('DELETE', `/transfer/${jobId}`, { who: 'alice' });
    expect([answer.status, answer.text]).toEqual([200, '']);
    await eventually(async () => (await shown(service, jobId)) === end, 'it is cancelled');
    // SciCat can't show it, and is not asked over and over.
    expect([service.job(jobId).statusCode, refusedWrites(jobId).length]).toEqual([code, 1]);
    const again = await service.call('DELETE', `/transfer/${jobId}?delete=true`, { who: 'alice' });
    expect(again.status).toBe(200);
    await eventually(() => service.scicat.machine.job(jobId) === undefined, 'the job is removed');
  });

  it('its transfers end after a restart: the waiting one is not copied, the other one is finished', async () => {
    upstreams = await startUpstreams({ generation });
    const first = await start({ yaml: 'task: { maxConcurrency: 1, pollInterval: 1 }' });
    first.holdTasks();
    const copying = await first.accepted();
    const waiting = await first.accepted({ scicatPid: first.addDataset('waits') });
    await first.reaches(waiting, '001');
    running.pop();
    await first.stop();
    for (const pid of [ALICES_DATASET, '20.500.12345/waits']) {
      upstreams.scicat.machine.deleteDataset(pid);
    }
    const second = await start();
    second.releaseTasks();
    await eventually(
      async () => (await shown(second, copying)).startsWith('finished: completed but'),
      'the copied one is finished',
    );
    // The process before might have submitted it a moment ago, so its end takes two minutes.
    await eventually(
      async () => (await shown(second, waiting)).includes('the dataset was deleted in SciCat'),
      'the waiting one says why it ends',
    );
    expect(second.globus.machine.tasks()).toHaveLength(1);
    expect(second.archiveJobs()).toEqual([]);
  });
});

describe('a file list that is lost, with two SciCat accounts', () => {
  it.each([
    ['neither is in a group of the dataset: the job says so at once', [], '001'],
    ['the creator is in its owner group: the list is rebuilt', ['group1'], '003'],
  ] as const)('%s', async (_what, groups, code) => {
    upstreams = await startUpstreamsForTwo(groups);
    const { machine } = upstreams.scicat;
    const env = UPDATE_USER_ENVIRONMENT;
    const first = await start({ env });
    upstreams.globus.machine.setMaintenance(true);
    machine.addOrigDatablock(ALICES_DATASET, [{ path: 'a.h5' }, { path: 'b.h5' }]);
    const list = ['a.h5', 'b.h5'].map((path) => ({ path, isSymlink: false }));
    const jobId = await first.accepted({}, { body: { fileList: list } });
    await first.reaches(jobId, '001');
    // With its data folder.
    running.pop();
    await first.stop();
    upstreams.globus.machine.setMaintenance(false);
    const second = await start({ env });
    if (code === '003') {
      await second.reaches(jobId, code);
      return;
    }
    await eventually(
      () =>
        second
          .job(jobId)
          .statusMessage.includes(
            'the list of files to copy was lost, and SciCat does not let the service see',
          ),
      'the job says why',
    );
    expect(second.globus.machine.tasks()).toEqual([]);
  });
});
