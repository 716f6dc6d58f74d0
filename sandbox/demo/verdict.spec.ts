import { describe, expect, it } from '@jest/globals';
import type { JsonRecord } from './json.js';
import { judgeScicat, type ScicatOutcome } from './verdict.js';

const expected = { jobId: 'job-1', pid: '20.500/x', ownerUser: 'alice', ownerGroup: 'p1' };

function good(): ScicatOutcome & { readonly archiveJobs: readonly [JsonRecord] } {
  return {
    job: {
      id: 'job-1',
      type: 'globus_transfer_job',
      ownerUser: 'alice',
      ownerGroup: 'p1',
      statusCode: '003',
      statusMessage: 'finished',
      jobResultObject: { status: 'finished', error: '' },
    },
    dataset: {
      pid: '20.500/x',
      datasetlifecycle: { archivable: true, archiveStatusMessage: 'datasetCreated' },
    },
    archiveJobs: [
      {
        ownerUser: 'alice',
        ownerGroup: 'p1',
        jobParams: {
          username: 'alice',
          globusTransferJobId: 'job-1',
          datasetList: [{ pid: '20.500/x', files: [] }],
        },
      },
    ],
  };
}

describe('judgeScicat', () => {
  it('has nothing to say about what is right, whatever other archive jobs there are', () => {
    const other = { jobParams: { datasetList: [{ pid: 'another' }] } };
    const strange = { jobParams: { datasetList: ['text'] } };
    const archiveJobs = [other, ...good().archiveJobs, strange, {}];
    expect(judgeScicat(expected, { ...good(), archiveJobs })).toEqual([]);
  });

  const wrongs: readonly (readonly [string, Partial<ScicatOutcome>, readonly string[]])[] = [
    [
      'a job that did not finish',
      {
        job: {
          ...good().job,
          statusCode: '998',
          statusMessage: 'failed',
          jobResultObject: { status: 'failed', error: 'no' },
        },
      },
      [
        'The transfer job has statusCode as "998", instead of "003".',
        'The transfer job has statusMessage as "failed", instead of "finished".',
        'The transfer job has jobResultObject.status as "failed", instead of "finished".',
        'The transfer job has jobResultObject.error as "no", instead of "".',
      ],
    ],
    [
      "somebody else's job",
      { job: { ...good().job, id: 'job-2', type: 'archive', ownerUser: 'bob', ownerGroup: 'p2' } },
      [
        'The transfer job has id as "job-2", instead of "job-1".',
        'The transfer job has type as "archive", instead of "globus_transfer_job".',
        'The transfer job has ownerUser as "bob", instead of "alice".',
        'The transfer job has ownerGroup as "p2", instead of "p1".',
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
      { archiveJobs: [...good().archiveJobs, ...good().archiveJobs] },
      ['There are 2 archive jobs for the dataset, instead of one.'],
    ],
    [
      "an archive job in another's name",
      { archiveJobs: [{ ...good().archiveJobs[0], ownerUser: 'globus-proxy', ownerGroup: '' }] },
      [
        'The archive job has ownerUser as "globus-proxy", instead of "alice".',
        'The archive job has ownerGroup as "", instead of "p1".',
      ],
    ],
    [
      'an archive job of another transfer',
      {
        archiveJobs: [
          { ...good().archiveJobs[0], jobParams: { datasetList: [{ pid: '20.500/x' }] } },
        ],
      },
      [
        'The archive job has jobParams.username missing, instead of "alice".',
        'The archive job has jobParams.globusTransferJobId missing, instead of "job-1".',
      ],
    ],
  ];
  it.each(wrongs)('names %s', (_what, change, problems) => {
    expect(judgeScicat(expected, { ...good(), ...change })).toEqual(problems);
  });
});
