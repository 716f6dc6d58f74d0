import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ALICES_DATASET, eventually, SERVICE_USER, TestService } from '../support/service.js';

describe('a transfer from request to end', () => {
  let service: TestService;

  beforeEach(async () => {
    service = await TestService.start();
    await service.ready();
  });

  afterEach(async () => {
    await service.stop();
  });

  it('moves a whole folder, marks the dataset and has it archived', async () => {
    const answer = await service.post();
    expect({ status: answer.status, json: answer.json }).toEqual({
      status: 200,
      json: { jobId: expect.any(String) },
    });
    const { jobId } = answer.json as { readonly jobId: string };
    const job = () => service.scicat.machine.job(jobId);
    await eventually(() => job()?.statusCode === '003', 'the job is finished');

    const [task] = service.globus.machine.tasks();
    expect(job()?.jobResultObject).toMatchObject({
      globusTaskId: task?.id,
      status: 'finished',
      error: '',
      bytesTransferred: 3000,
      filesTransferred: 3,
      filesTotal: 3,
    });
    expect(service.scicat.machine.datasets.get(ALICES_DATASET)?.datasetlifecycle).toMatchObject({
      archivable: true,
      archiveStatusMessage: 'datasetCreated',
    });
    const archiveJobs = [...service.scicat.machine.jobs()].filter(({ type }) => type === 'archive');
    expect(archiveJobs).toHaveLength(1);
    expect(archiveJobs[0]).toMatchObject({
      createdBy: SERVICE_USER,
      ownerUser: 'alice',
      ownerGroup: 'group1',
      contactEmail: 'alice@scicat.example',
      jobParams: {
        tapeCopies: 'one',
        username: 'alice',
        ownerGroup: 'group1',
        datasetList: [{ pid: ALICES_DATASET, files: [] }],
        globusTransferJobId: jobId,
      },
    });
  });

  it('reads the dataset while SciCat is still finding out who asks', async () => {
    service.scicat.faults.add({
      match: { path: 'identity' },
      effect: { type: 'latency', ms: 3_000 },
    });
    const answer = service.post();
    const asked = (part: string) => service.scicat.requests.find(({ path }) => path.includes(part));
    await eventually(() => asked('/datasets') !== undefined, 'the dataset is asked for');
    expect(asked('/identity')).toMatchObject({ status: null });
    expect((await answer).status).toBe(200);
  });
});
