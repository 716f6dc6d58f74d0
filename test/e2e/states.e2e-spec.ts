import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ALICES_DATASET, COLLECTIONS, eventually, TestService } from '../support/service.js';

let service: TestService;

beforeEach(async () => {
  service = await TestService.start({
    pollSeconds: 0.1,
    yaml: 'task: { maxConcurrency: 1, pollInterval: 1 }',
  });
  await service.ready();
});

afterEach(async () => {
  await service.stop();
});

/** The frozen part of a job, as far as existing clients read it. */
function frozen(jobId: string): unknown {
  const { statusCode, statusMessage, jobResultObject } = service.job(jobId);
  const { globusTaskId, bytesTransferred, filesTransferred, filesTotal, status, error } =
    jobResultObject ?? {};
  return {
    statusCode,
    statusMessage,
    jobResultObject: {
      globusTaskId,
      bytesTransferred,
      filesTransferred,
      filesTotal,
      status,
      error,
    },
  };
}

async function look(jobId: string): Promise<unknown> {
  return (await service.call('GET', `/transfer/${jobId}`, { who: 'alice' })).json;
}

const NOTHING_YET = { bytesTransferred: 0, filesTransferred: 0, filesTotal: 3 };
const ALL = { bytesTransferred: 3000, filesTransferred: 3, filesTotal: 3 };

async function transferring(): Promise<string> {
  service.holdTasks();
  const jobId = await service.accepted();
  await service.reaches(jobId, '002');
  return jobId;
}

describe('what SciCat shows of a transfer', () => {
  it('just created: the job says who asked, for what, and holds the record', async () => {
    service.holdTasks();
    const jobId = await service.accepted({ autoArchive: 'false' });
    expect(service.job(jobId)).toMatchObject({
      type: 'globus_transfer_job',
      createdBy: 'globus-proxy',
      ownerUser: 'alice',
      ownerGroup: 'group1',
      contactEmail: 'alice@scicat.example',
      jobParams: {
        datasetList: [{ pid: ALICES_DATASET, files: [] }],
        globusTransfer: { version: 4, sealed: expect.any(String), autoArchive: false },
      },
    });
    expect(Object.keys(service.job(jobId).jobParams).sort()).toEqual([
      'datasetList',
      'globusTransfer',
    ]);
  });

  it('waiting (001), and why', async () => {
    await transferring();
    const jobId = await service.accepted({ scicatPid: service.addDataset('second') });
    await service.reaches(jobId, '001');
    expect(frozen(jobId)).toEqual({
      statusCode: '001',
      statusMessage: expect.stringMatching(
        /^waiting: the service runs at most 1 transfer at a time/,
      ),
      jobResultObject: { globusTaskId: '', ...NOTHING_YET, status: 'transferring', error: '' },
    });
    expect(await look(jobId)).toMatchObject({
      transferId: jobId,
      status: 'waiting',
      queuePosition: 0,
      ...NOTHING_YET,
      bytesTotal: 3000,
    });
  });

  it('transferring (002), with what Globus says of its trouble', async () => {
    const jobId = await transferring();
    service.pauseTasks();
    const [task] = service.globus.machine.tasks();
    await eventually(
      () => /^transferring: .*[Pp]aused/.test(service.job(jobId).statusMessage),
      'the pause is shown',
    );
    expect(frozen(jobId)).toEqual({
      statusCode: '002',
      statusMessage: expect.stringMatching(/^transferring: .*[Pp]aused/),
      jobResultObject: {
        globusTaskId: task?.id,
        ...NOTHING_YET,
        status: 'transferring',
        error: '',
      },
    });
    expect(await look(jobId)).toMatchObject({ status: 'transferring', globusTaskId: task?.id });
  });

  it('shows permission problems and INACTIVE, neither of which ends the transfer', async () => {
    service.holdTasks();
    const jobId = await service.accepted();
    const [task] = service.globus.machine.tasks();
    service.globus.machine.troubleTask(task?.id ?? '', 'PERMISSION_DENIED');
    service.releaseTasks();
    await eventually(
      () => /permission/i.test(service.job(jobId).statusMessage),
      () => `the trouble is shown: ${service.job(jobId).statusMessage}`,
    );
    service.globus.machine.suspendTask(task?.id ?? '');
    await eventually(
      () => service.job(jobId).statusMessage !== 'transferring',
      'the suspension is shown',
    );
    expect(service.job(jobId).statusCode).toBe('002');
  });

  it('finalizing (002), while the dataset is being marked; finished is the last write', async () => {
    service.scicat.faults.add({
      id: 'lifecycle',
      match: { method: 'PATCH', path: 'datasetlifecycle' },
      effect: { type: 'status', status: 503 },
    });
    const jobId = await service.accepted();
    await eventually(
      () => service.job(jobId).statusMessage.startsWith('transferred'),
      'it is copied',
    );
    expect(frozen(jobId)).toEqual({
      statusCode: '002',
      statusMessage: 'transferred, marking the dataset as archivable',
      jobResultObject: {
        globusTaskId: service.globus.machine.tasks()[0]?.id,
        ...ALL,
        status: 'transferring',
        error: '',
      },
    });
    service.scicat.faults.remove('lifecycle');
    await service.reaches(jobId, '003');
    expect(service.scicat.machine.datasets.get(ALICES_DATASET)?.datasetlifecycle).toMatchObject({
      archivable: true,
    });
  });

  it('finished (003)', async () => {
    const jobId = await service.accepted();
    await service.reaches(jobId, '003');
    expect(frozen(jobId)).toEqual({
      statusCode: '003',
      statusMessage: 'finished',
      jobResultObject: {
        globusTaskId: service.globus.machine.tasks()[0]?.id,
        ...ALL,
        status: 'finished',
        error: '',
      },
    });
    expect(await look(jobId)).toMatchObject({ status: 'finished', ...ALL });
  });

  it('cancelled (004), by whom; progress stays', async () => {
    const jobId = await transferring();
    await service.call('DELETE', `/transfer/${jobId}`, { who: 'alice' });
    await service.reaches(jobId, '004');
    expect(frozen(jobId)).toEqual({
      statusCode: '004',
      statusMessage: expect.stringMatching(/^cancelled by alice/),
      jobResultObject: {
        globusTaskId: service.globus.machine.tasks()[0]?.id,
        ...NOTHING_YET,
        status: 'cancelled',
        error: '',
      },
    });
    expect(await look(jobId)).toMatchObject({ status: 'cancelled' });
    expect(service.archiveJobs()).toEqual([]);
  });

  it('cancelled in the web app of Globus is cancelled, too', async () => {
    const jobId = await transferring();
    const [task] = service.globus.machine.tasks();
    service.globus.machine.cancelAs('owner in the web app', task?.id ?? '');
    const { statusMessage } = await service.reaches(jobId, '004');
    expect(statusMessage).toMatch(/^cancelled .*Globus/);
  });

  it('finished, but the dataset could not be marked (997)', async () => {
    service.scicat.faults.add({
      match: { method: 'PATCH', path: 'datasetlifecycle' },
      effect: { type: 'status', status: 400, body: { message: 'internal-reason' } },
    });
    const jobId = await service.accepted();
    await service.reaches(jobId, '997');
    expect(frozen(jobId)).toEqual({
      statusCode: '997',
      statusMessage: "completed but can't mark dataset as archivable",
      jobResultObject: {
        globusTaskId: service.globus.machine.tasks()[0]?.id,
        ...ALL,
        status: 'finished',
        error: expect.stringMatching(/./),
      },
    });
  });

  it('finished, but the archive job could not be made (995)', async () => {
    service.scicat.machine.jobTypes.delete('archive');
    const jobId = await service.accepted();
    await service.reaches(jobId, '995');
    expect(frozen(jobId)).toEqual({
      statusCode: '995',
      statusMessage: "completed but can't create the archive job",
      jobResultObject: {
        globusTaskId: service.globus.machine.tasks()[0]?.id,
        ...ALL,
        status: 'finished',
        error: expect.stringMatching(/./),
      },
    });
    expect(await look(jobId)).toMatchObject({ status: 'finished' });
  });

  it('failed (998), with a readable reason', async () => {
    const jobId = await transferring();
    const [task] = service.globus.machine.tasks();
    service.globus.machine.failTask(task?.id ?? '', 'EXPIRED');
    await service.reaches(jobId, '998');
    const shown = service.job(jobId);
    expect(frozen(jobId)).toEqual({
      statusCode: '998',
      statusMessage: shown.jobResultObject?.['error'],
      jobResultObject: {
        globusTaskId: task?.id,
        ...NOTHING_YET,
        status: 'failed',
        error: expect.stringMatching(/[a-z]{3,} [a-z]{2,}/),
      },
    });
    expect(await look(jobId)).toMatchObject({ status: 'failed', message: shown.statusMessage });
  });
});

describe('DELETE in each state', () => {
  const cancel = async (jobId: string, remove = false): Promise<readonly [number, string]> => {
    const answer = await service.call(
      'DELETE',
      `/transfer/${jobId}${remove ? '?delete=true' : ''}`,
      {
        who: 'alice',
      },
    );
    return [answer.status, answer.text];
  };

  it('waiting: cancelled at once, and Globus never hears of it', async () => {
    await transferring();
    const jobId = await service.accepted({ scicatPid: service.addDataset('second') });
    expect(await cancel(jobId)).toEqual([200, '']);
    const { statusMessage } = await service.reaches(jobId, '004');
    expect(statusMessage).toMatch(/^cancelled by alice, before anything was copied/);
    expect(service.globus.machine.tasks()).toHaveLength(1);
    // Twice is an error, since it has ended.
    expect((await cancel(jobId))[0]).toBe(400);
  });

  it('waiting, with delete: the job goes', async () => {
    await transferring();
    const jobId = await service.accepted({ scicatPid: service.addDataset('second') });
    expect(await cancel(jobId, true)).toEqual([200, '']);
    await eventually(() => service.scicat.machine.job(jobId) === undefined, 'the job is removed');
    const look = await service.call('GET', `/transfer/${jobId}`, { who: 'alice' });
    expect(look.status).toBe(404);
  });

  it('transferring: cancelling twice is not an error; the free slot goes to the next', async () => {
    service.globus.machine.life.cancelDelayMs = 300;
    const jobId = await transferring();
    const next = await service.accepted({ scicatPid: service.addDataset('second') });
    expect(await cancel(jobId)).toEqual([200, '']);
    expect(await cancel(jobId)).toEqual([200, '']);
    expect(service.job(jobId).statusMessage).toMatch(/being cancelled/);
    await service.reaches(jobId, '004');
    await service.reaches(next, '002');
  });

  it('transferring, with delete: the job goes when the end is known', async () => {
    service.globus.machine.life.cancelDelayMs = 200;
    const jobId = await transferring();
    expect(await cancel(jobId, true)).toEqual([200, '']);
    expect(service.scicat.machine.job(jobId)).toBeDefined();
    await eventually(() => service.scicat.machine.job(jobId) === undefined, 'the job is removed');
    expect(service.globus.machine.tasks()[0]?.phase.kind).toBe('ended');
  });

  it('a task that was complete before Globus heard of the cancel is finished', async () => {
    const held = service.globus.faults.add({
      match: { method: 'POST', path: '/cancel$' },
      effect: { type: 'status', status: 503 },
    });
    const jobId = await transferring();
    expect(await cancel(jobId)).toEqual([200, '']);
    service.releaseTasks();
    await service.reaches(jobId, '003');
    service.globus.faults.remove(held);
    expect(service.scicat.machine.datasets.get(ALICES_DATASET)?.datasetlifecycle).toMatchObject({
      archivable: true,
    });
  });

  it('finalizing: answered at once, and the transfer is finished all the same', async () => {
    const broken = service.scicat.faults.add({
      match: { method: 'PATCH', path: 'datasetlifecycle' },
      effect: { type: 'status', status: 503 },
    });
    const jobId = await service.accepted();
    await eventually(
      () => service.job(jobId).statusMessage.startsWith('transferred'),
      'it is copied',
    );
    expect(await cancel(jobId)).toEqual([200, '']);
    service.scicat.faults.remove(broken);
    await service.reaches(jobId, '003');
  });

  it.each([
    ['finished', () => undefined, '003'],
    [
      'failed',
      (id: string) => {
        service.globus.machine.failTask(id, 'EXPIRED');
      },
      '998',
    ],
    [
      'cancelled',
      (id: string) => {
        service.globus.machine.cancelAs('owner in the web app', id);
      },
      '004',
    ],
  ])('%s: a 400; with delete the job goes at once', async (_, end, statusCode) => {
    const jobId = await transferring();
    end(service.globus.machine.tasks()[0]?.id ?? '');
    service.releaseTasks();
    await service.reaches(jobId, statusCode);
    expect((await cancel(jobId))[0]).toBe(400);
    expect(await cancel(jobId, true)).toEqual([200, '']);
    await eventually(() => service.scicat.machine.job(jobId) === undefined, 'the job is removed');
    expect((await cancel(jobId, true))[0]).toBe(400);
  });

  it('cancels the task of a job that was removed in SciCat', async () => {
    const jobId = await transferring();
    service.scicat.machine.removeJob(jobId);
    service.globus.machine.setVirtual(COLLECTIONS.source, { bytesPerSecond: 1 });
    service.releaseTasks();
    await eventually(
      () => service.globus.machine.tasks()[0]?.phase.kind === 'ended',
      'the task has ended',
    );
  });
});
