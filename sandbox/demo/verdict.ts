import { isRecord, textIn, valueIn, type JsonRecord } from './json.js';

/** What was asked for. */
export interface Expectation {
  readonly jobId: string;
  readonly pid: string;
  readonly ownerUser: string;
  readonly ownerGroup: string;
}

/** What SciCat says after the transfer. */
export interface ScicatOutcome {
  readonly job: JsonRecord;
  readonly dataset: JsonRecord;
  /** All archive jobs that there are. */
  readonly archiveJobs: readonly JsonRecord[];
}

/** All that is not as it should be in SciCat, a sentence each; nothing if all is well. */
export function judgeScicat(expected: Expectation, outcome: ScicatOutcome): readonly string[] {
  const { job, dataset, archiveJobs } = outcome;
  return [
    ...deviations('The transfer job', job, [
      [['id'], expected.jobId],
      [['type'], 'globus_transfer_job'],
      [['ownerUser'], expected.ownerUser],
      [['ownerGroup'], expected.ownerGroup],
      [['statusCode'], '003'],
      [['statusMessage'], 'finished'],
      [['jobResultObject', 'status'], 'finished'],
      [['jobResultObject', 'error'], ''],
    ]),
    ...deviations('The dataset', dataset, [
      [['pid'], expected.pid],
      [['datasetlifecycle', 'archivable'], true],
      [['datasetlifecycle', 'archiveStatusMessage'], 'datasetCreated'],
    ]),
    ...judgeArchiveJobs(expected, archiveJobs),
  ];
}

function judgeArchiveJobs(
  expected: Expectation,
  archiveJobs: readonly JsonRecord[],
): readonly string[] {
  const ofDataset = archiveJobs.filter((job) => pidsOf(job).includes(expected.pid));
  const [archiveJob] = ofDataset;
  if (archiveJob === undefined) return ['There is no archive job for the dataset.'];
  if (ofDataset.length > 1) {
    return [`There are ${ofDataset.length} archive jobs for the dataset, instead of one.`];
  }
  return deviations('The archive job', archiveJob, [
    [['ownerUser'], expected.ownerUser],
    [['ownerGroup'], expected.ownerGroup],
    [['jobParams', 'username'], expected.ownerUser],
    [['jobParams', 'globusTransferJobId'], expected.jobId],
  ]);
}

/** PIDs of the datasets that a job is about. */
export function pidsOf(job: JsonRecord): readonly string[] {
  const list = valueIn(job, 'jobParams', 'datasetList');
  return Array.isArray(list)
    ? list.filter(isRecord).map((entry: JsonRecord) => textIn(entry, 'pid'))
    : [];
}

function deviations(
  what: string,
  found: JsonRecord,
  expected: readonly (readonly [path: readonly string[], value: unknown])[],
): readonly string[] {
  return expected.flatMap(([path, value]) => {
    const actual = valueIn(found, ...path);
    if (actual === value) return [];
    const shown = actual === undefined ? 'missing' : `as ${JSON.stringify(actual)}`;
    return [`${what} has ${path.join('.')} ${shown}, instead of ${JSON.stringify(value)}.`];
  });
}
