import type { Emulator } from '../../sandbox/http/emulator.js';
import { startEmulatorServer } from '../../sandbox/http/emulator-server.js';
import { ScicatMachine } from '../../sandbox/scicat/scicat-machine.js';
import { WRONG_TOKEN } from './attacks.js';
import { CallLog, scicatOperation } from './call-log.js';
import { copyOfJob, type JobCopy, withLongRecord } from './job-copies.js';
import { ACCOUNTS, DATASET_GROUP, datasetPid, KEEP_ALIVE_MS, LIFE_SECONDS } from './names.js';
import { offer } from './remote.js';

const machine = new ScicatMachine({ tokenLifeSeconds: LIFE_SECONDS });

/** Hangs over wrong tokens, as a SciCat whose login service does not answer. */
const hanging: Emulator = {
  handle: (request, now) => {
    const wrong = request.headers['authorization']?.includes(WRONG_TOKEN) ?? false;
    return wrong ? { status: 401, delayMs: Infinity } : machine.handle(request, now);
  },
};
const log = new CallLog(hanging, scicatOperation);
const server = await startEmulatorServer(log, {
  maxLoggedRequests: 0,
  keepAliveTimeoutMs: KEEP_ALIVE_MS,
});

for (const account of Object.values(ACCOUNTS)) machine.addUser(account);

/** What the benchmark asks of the emulated SciCat. */
const controls = {
  url: () => server.url,
  mintToken: (username: string) => machine.mintToken(username, { now: Date.now() }),
  /** Every answer takes so long, beside the work itself. */
  setLatency: (ms: number) => {
    server.faults.clear();
    if (ms > 0) server.faults.add({ effect: { type: 'latency', ms } });
  },
  /** Datasets that are ready to be moved, numbered from `from`. */
  addDatasets: (series: string, from: number, count: number) => {
    for (let number = from; number < from + count; number += 1) {
      machine.addDataset({
        pid: datasetPid(series, number),
        ownerGroup: DATASET_GROUP,
        sourceFolder: `/data/${series}/${number}`,
        size: 30e12,
        numberOfFiles: 30,
        datasetlifecycle: { archivable: false, archiveStatusMessage: 'filesNotYetAvailable' },
      });
    }
  },
  /** Datasets take metadata and folders of any size. */
  changeDataset: (
    series: string,
    number: number,
    change: Parameters<typeof machine.changeDataset>[1],
  ) => {
    machine.changeDataset(datasetPid(series, number), change);
  },
  job: (id: string) => machine.job(id),
  copyJobs: (copies: readonly JobCopy[]) => {
    for (const copy of copies) machine.putJob(copyOfJob(copy));
  },
  /** Each with a record of so many bytes. */
  copyJobsWithLongRecords: (copies: readonly JobCopy[], bytes: number) => {
    for (const copy of copies) machine.putJob(withLongRecord(copyOfJob(copy), bytes));
  },
  /** When each of these jobs was shown as finished, in milliseconds since the epoch, if it was. */
  finishedAt: (ids: readonly string[]) =>
    ids.map((id) => {
      const job = machine.job(id);
      return job?.statusCode === '003' ? Date.parse(job.updatedAt) : undefined;
    }),
  takeCalls: () => log.take(),
  countCalls: () => log.count(),
};

export type ScicatControls = typeof controls;

offer(controls, () => process.exit());
