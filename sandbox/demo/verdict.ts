import type { Amount } from '../world/folder-entries.js';
import { isRecord, textIn, valueIn, type JsonRecord } from './json.js';

export interface Expectation {
  readonly jobId: string;
  readonly pid: string;
  readonly ownerUser: string;
  readonly ownerGroup: string;
  /** Of the dataset, each file once. */
  readonly amount: Amount;
}

/** The state in SciCat after the transfer. */
export interface ScicatOutcome {
  readonly job: JsonRecord;
  readonly dataset: JsonRecord;
  /** All archive jobs. */
  readonly archiveJobs: readonly JsonRecord[];
}

/** @returns a sentence for each problem */
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
      [['jobResultObject', 'bytesTransferred'], expected.amount.bytes],
      [['jobResultObject', 'bytesTotal'], expected.amount.bytes],
      [['jobResultObject', 'filesTransferred'], expected.amount.files],
      [['jobResultObject', 'filesTotal'], expected.amount.files],
    ]),
    ...deviations('The dataset', dataset, [
      [['pid'], expected.pid],
      [['datasetlifecycle', 'archivable'], true],
      [['datasetlifecycle', 'archiveStatusMessage'], 'datasetCreated'],
    ]),
    ...judgeArchiveJobs(expected, archiveJobs),
  ];
}

/** @returns a sentence for each problem of what the proxy shows at the end */
export function judgeAmounts(
  { bytes, files }: Amount,
  shown: Readonly<Record<'bytes' | 'bytesTotal' | 'files' | 'filesTotal', number>>,
): readonly string[] {
  return deviations("The proxy's answer", shown, [
    [['bytes'], bytes],
    [['bytesTotal'], bytes],
    [['files'], files],
    [['filesTotal'], files],
  ]);
}

function judgeArchiveJobs(
  expected: Expectation,
  archiveJobs: readonly JsonRecord[],
): readonly string[] {
  const ofDataset = archiveJobs.filter((job) => pidsOf(job).includes(expected.pid));
  const [archiveJob] = ofDataset;
  if (archiveJob === undefined) return ['The dataset has no archive job.'];
  if (ofDataset.length > 1) {
    return [`The dataset has ${ofDataset.length} archive jobs instead of one.`];
  }
  return deviations('The archive job', archiveJob, [
    [['ownerUser'], expected.ownerUser],
    [['ownerGroup'], expected.ownerGroup],
    [['jobParams', 'username'], expected.ownerUser],
    [['jobParams', 'globusTransferJobId'], expected.jobId],
  ]);
}

/** PIDs of a job's datasets. */
export function pidsOf(job: JsonRecord): readonly string[] {
  const list = valueIn(job, 'jobParams', 'datasetList');
  return Array.isArray(list)
    ? list.filter(isRecord).map((entry: JsonRecord) => textIn(entry, 'pid'))
    : [];
}

function deviations(
  what: string,
  document: JsonRecord,
  expected: readonly (readonly [path: readonly string[], value: unknown])[],
): readonly string[] {
  return expected.flatMap(([path, value]) => {
    const actual = valueIn(document, ...path);
    if (actual === value) return [];
    const found = actual === undefined ? 'missing' : JSON.stringify(actual);
    return [`${what}: ${path.join('.')} is ${found}, expected ${JSON.stringify(value)}.`];
  });
}
