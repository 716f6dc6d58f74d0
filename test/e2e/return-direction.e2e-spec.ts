import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ALICES_DATASET, type RequestQuery, TestService } from '../support/service.js';

let service: TestService;

beforeEach(async () => {
  service = await TestService.start({
    pollSeconds: 0.1,
    facilities: `
  - name: BEAMLINE
    collection: aaaaaaaa-0000-4000-8000-000000000003
    accessValue: SOURCE
    destinationPath: '/back/{{ .Pid }}'
    finalize: none
`,
  });
  await service.ready();
});

afterEach(() => service.stop());

const ARCHIVED = {
  archivable: false,
  archiveStatusMessage: 'datasetOnArchiveDisk',
  retrievable: true,
};
const BEING_ARCHIVED = { archivable: false, archiveStatusMessage: 'started', retrievable: false };

const lifecycle = () => service.scicat.machine.datasets.get(ALICES_DATASET)?.datasetlifecycle;

async function finished(query: RequestQuery = {}): Promise<string> {
  const jobId = await service.accepted(query);
  return (await service.reaches(jobId, '003')).statusMessage;
}

describe('a dataset that is in the archive', () => {
  it.each([
    ['an archived dataset', ARCHIVED, 'true'],
    ['an archived dataset, with autoArchive=false', ARCHIVED, 'false'],
    ['a dataset on which the archiver works', BEING_ARCHIVED, 'true'],
  ])(
    '%s is transferred, not touched, and not archived again',
    async (_what, found, autoArchive) => {
      service.scicat.machine.changeLifecycle(ALICES_DATASET, found);
      const preview = await service.preview({ autoArchive });
      expect(preview.json).toMatchObject({
        finalize: 'already-archived',
        afterwards: expect.stringContaining(`archive status "${found.archiveStatusMessage}"`),
      });
      const before = lifecycle();
      expect(await finished({ autoArchive })).toMatch(
        /^finished; the dataset was already archived, or being archived, when the transfer was requested/,
      );
      expect([lifecycle(), service.archiveJobs()]).toEqual([before, []]);
      const [job] = service.transferJobs();
      expect(job?.jobParams).toMatchObject({ globusTransfer: { finalize: 'already-archived' } });
      expect(job?.jobResultObject).toMatchObject({ status: 'finished', error: '', filesTotal: 3 });
    },
  );

  it('a request while the archiver works does not reset what the archiver has set', async () => {
    await finished();
    expect(service.archiveJobs()).toHaveLength(1);
    service.scicat.machine.changeLifecycle(ALICES_DATASET, BEING_ARCHIVED);
    await finished();
    expect(lifecycle()).toMatchObject(BEING_ARCHIVED);
    expect(service.archiveJobs()).toHaveLength(1);
  });

  it('what the archiver does during the copy is not undone', async () => {
    service.holdTasks();
    const jobId = await service.accepted({ autoArchive: 'false' });
    await service.reaches(jobId, '002');
    service.scicat.machine.changeLifecycle(ALICES_DATASET, BEING_ARCHIVED);
    service.releaseTasks();
    await service.reaches(jobId, '003');
    expect(lifecycle()).toMatchObject(BEING_ARCHIVED);
  });
});

describe('a beamline as the destination (finalize: none)', () => {
  it('gets a dataset without marking or archiving it, autoArchive or not', async () => {
    const query = { sourceFacility: 'SOURCE', destFacility: 'BEAMLINE' };
    const preview = await service.preview(query);
    expect(preview.json).toMatchObject({
      finalize: 'none',
      autoArchive: true,
      afterwards: expect.stringContaining('autoArchive=true has no effect'),
    });
    const before = lifecycle();
    expect(await finished(query)).toBe(
      'finished; the dataset was neither marked as archivable nor archived, as configured for facility "BEAMLINE"',
    );
    expect([lifecycle(), service.archiveJobs()]).toEqual([before, []]);
  });

  it('does not keep a later transfer to the archive from archiving the dataset', async () => {
    await finished({ destFacility: 'BEAMLINE' });
    expect(await finished()).toBe('finished');
    expect(lifecycle()).toMatchObject({ archivable: true });
    expect(service.archiveJobs()).toHaveLength(1);
  });
});
