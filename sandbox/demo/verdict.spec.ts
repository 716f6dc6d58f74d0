import { describe, expect, it } from '@jest/globals';
import { judgeScicat, type ScicatOutcome } from './verdict.js';

const expected = { jobId: 'job-1', pid: '20.500/x', ownerUser: 'alice', ownerGroup: 'p1' };
const owner = { ownerUser: 'alice', ownerGroup: 'p1' };
const archiveJob = {
  ...owner,
  jobParams: {
    username: 'alice',
    globusTransferJobId: 'job-1',
    datasetList: [{ pid: '20.500/x', files: [] }],
  },
};
const good: ScicatOutcome = {
  job: {
    ...owner,
    id: 'job-1',
    type: 'globus_transfer_job',
    statusCode: '003',
    statusMessage: 'finished',
    jobResultObject: { status: 'finished', error: '' },
  },
  dataset: {
    pid: '20.500/x',
    datasetlifecycle: { archivable: true, archiveStatusMessage: 'datasetCreated' },
  },
  archiveJobs: [archiveJob],
};

describe('judgeScicat', () => {
  it('finds no problem in what is right, whatever other archive jobs there are', () => {
    const others = [{ jobParams: { datasetList: [{ pid: 'another' }, 'text'] } }, {}];
    expect(judgeScicat(expected, { ...good, archiveJobs: [...others, archiveJob] })).toEqual([]);
  });

  it.each<[string, Partial<ScicatOutcome>, readonly string[]]>([
    [
      'a job that did not finish',
      { job: { ...good.job, statusCode: '998', jobResultObject: { status: 'failed', error: '' } } },
      [
        'The transfer job has statusCode as "998", instead of "003".',
        'The transfer job has jobResultObject.status as "failed", instead of "finished".',
      ],
    ],
    [
      'a dataset that was not marked',
      { dataset: { pid: '20.500/x', datasetlifecycle: { archivable: false } } },
      [
        'The dataset has datasetlifecycle.archivable as false, instead of true.',
        'The dataset has datasetlifecycle.archiveStatusMessage missing, instead of "datasetCreated".',
      ],
    ],
    ['a missing archive job', { archiveJobs: [] }, ['There is no archive job for the dataset.']],
    [
      'a second archive job',
      { archiveJobs: [archiveJob, archiveJob] },
      ['There are 2 archive jobs for the dataset, instead of one.'],
    ],
    [
      "an archive job in another's name",
      { archiveJobs: [{ ...archiveJob, ownerUser: 'globus-proxy' }] },
      ['The archive job has ownerUser as "globus-proxy", instead of "alice".'],
    ],
  ])('names %s', (_what, change, problems) => {
    expect(judgeScicat(expected, { ...good, ...change })).toEqual(problems);
  });
});
