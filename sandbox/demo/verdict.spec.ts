import { describe, expect, it } from '@jest/globals';
import { judgeAmounts, judgeScicat, type ScicatOutcome } from './verdict.js';

const expected = {
  jobId: 'job-1',
  pid: '20.500/x',
  ownerUser: 'alice',
  ownerGroup: 'p1',
  amount: { bytes: 11, files: 3 },
};
const owner = { ownerUser: 'alice', ownerGroup: 'p1' };
const archiveJob = {
  ...owner,
  jobParams: {
    username: 'alice',
    globusTransferJobId: 'job-1',
    datasetList: [{ pid: '20.500/x', files: [] }],
  },
};
const amounts = { bytesTransferred: 11, bytesTotal: 11, filesTransferred: 3, filesTotal: 3 };
const finished = { ...amounts, status: 'finished', error: '' };
const good: ScicatOutcome = {
  job: {
    ...owner,
    id: 'job-1',
    type: 'globus_transfer_job',
    statusCode: '003',
    statusMessage: 'finished',
    jobResultObject: finished,
  },
  dataset: {
    pid: '20.500/x',
    datasetlifecycle: { archivable: true, archiveStatusMessage: 'datasetCreated' },
  },
  archiveJobs: [archiveJob],
};

describe('judgeAmounts', () => {
  it('finds no problem if every file was copied once, and reports every other number', () => {
    const once = { bytes: 11, bytesTotal: 11, files: 3, filesTotal: 3 };
    expect(judgeAmounts(expected.amount, once)).toEqual([]);
    expect(judgeAmounts(expected.amount, { ...once, bytes: 22, filesTotal: 4 })).toEqual([
      "The proxy's answer: bytes is 22, expected 11.",
      "The proxy's answer: filesTotal is 4, expected 3.",
    ]);
  });
});

describe('judgeScicat', () => {
  it('finds no problem in a correct state, whatever other archive jobs exist', () => {
    const others = [{ jobParams: { datasetList: [{ pid: 'another' }, 'text'] } }, {}];
    expect(judgeScicat(expected, { ...good, archiveJobs: [...others, archiveJob] })).toEqual([]);
  });

  it.each<[string, Partial<ScicatOutcome>, readonly string[]]>([
    [
      'a job that did not finish',
      {
        job: {
          ...good.job,
          statusCode: '998',
          jobResultObject: { ...amounts, status: 'failed', error: '' },
        },
      },
      [
        'The transfer job: statusCode is "998", expected "003".',
        'The transfer job: jobResultObject.status is "failed", expected "finished".',
      ],
    ],
    [
      'files that were copied twice',
      { job: { ...good.job, jobResultObject: { ...finished, bytesTransferred: 22 } } },
      ['The transfer job: jobResultObject.bytesTransferred is 22, expected 11.'],
    ],
    [
      'a dataset that is not archivable',
      { dataset: { pid: '20.500/x', datasetlifecycle: { archivable: false } } },
      [
        'The dataset: datasetlifecycle.archivable is false, expected true.',
        'The dataset: datasetlifecycle.archiveStatusMessage is missing, expected "datasetCreated".',
      ],
    ],
    ['a missing archive job', { archiveJobs: [] }, ['The dataset has no archive job.']],
    [
      'a second archive job',
      { archiveJobs: [archiveJob, archiveJob] },
      ['The dataset has 2 archive jobs instead of one.'],
    ],
    [
      "an archive job in another's name",
      { archiveJobs: [{ ...archiveJob, ownerUser: 'globus-proxy' }] },
      ['The archive job: ownerUser is "globus-proxy", expected "alice".'],
    ],
  ])('reports %s', (_what, change, problems) => {
    expect(judgeScicat(expected, { ...good, ...change })).toEqual(problems);
  });
});
