import type { Tracker } from '../../src/tracking/tracker.js';
import { fingerprint } from '../../src/domain/fingerprint.js';
import type { AdmissionResult } from '../../src/ports/transfer-tracking.port.js';
import type { TransferRequestOptions } from '../../src/transfers/application/assess-request.js';
import { RequestTransfer } from '../../src/transfers/application/request-transfer.js';
import type { TransferJobDocument } from '../../src/domain/job-reading.js';
import type { Transfer } from '../../src/domain/transfer.js';
import { sealRecord } from '../../src/domain/transfer-record.js';
import {
  aDataset,
  aJob,
  anAsker,
  aRecord,
  authorizationOf,
  FACILITIES,
  type ConfigParts,
  jobIdOf,
  keyOf,
  OWNER,
  REQUEST_ID,
  START,
} from './builders.js';
import { aGate } from './faults.js';
import { TrackingWorld } from './tracking-world.js';
import { settle } from './virtual-clock.js';

/** When jobs of an earlier process were made: an hour before the test begins. */
export const OLD = START - 60 * 60_000;

/** A request that is being stored: its job exists, and room is reserved for its transfer. */
export interface StoringRequest {
  readonly job: TransferJobDocument;
  /** A slot is reserved for it: it is to be submitted at once. */
  readonly slot: boolean;
  /** SciCat has answered. @returns how the request ends */
  readonly stored: () => Promise<AdmissionResult['kind']>;
  /** SciCat has refused the job. */
  readonly refused: () => Promise<void>;
}

/** A tracker over a world in memory, and what users, an earlier process and time do to it. */
export class TrackerRig {
  readonly world: TrackingWorld;
  readonly tracker: Tracker;
  private readonly requests: RequestTransfer;
  private keys = 100;

  constructor(config: ConfigParts = {}) {
    this.world = new TrackingWorld(config);
    this.tracker = this.world.tracker();
    const { jobs, spool, events, clock } = this.world;
    this.requests = new RequestTransfer({
      jobs,
      fileLists: spool,
      tracking: this.tracker,
      events,
      config: this.world.config,
      facilities: authorizationOf(this.world.config),
      clock,
      newUuid: () => keyOf((this.keys += 1)),
    });
  }

  /** Starts the tracker and lets it recover and look once. */
  async started(): Promise<void> {
    this.tracker.start();
    await this.pass(15);
  }

  /** Lets time pass, with the timer that wakes the tracker at every poll. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 5) {
      this.tracker.wake();
      await this.world.clock.advance(5000);
    }
  }

  /** The next sweep comes, and nothing else does meanwhile that waits for the loop. */
  async sweep(): Promise<void> {
    await this.world.clock.advance(5 * 60_000);
    this.tracker.wake();
    await settle();
  }

  /** A request up to the moment when its job exists, but the tracker does not know it yet. */
  storing(number: number): StoringRequest {
    const gate = aGate();
    let refusal: Error | undefined;
    let job = aJob({ number });
    const forecast = this.tracker.forecast('equal to nothing', OWNER, FACILITIES);
    const ended = this.tracker.admit({
      fingerprint: fingerprint(aRecord({ datasetPid: `20.500.12345/e${number}` })),
      owner: OWNER,
      facilities: FACILITIES,
      requestId: REQUEST_ID,
      store: async (submissionId) => {
        const record = aRecord({
          key: keyOf(number),
          datasetPid: `20.500.12345/e${number}`,
          ...(submissionId === undefined ? {} : { submissionId }),
        });
        job = aJob({
          number,
          record,
          createdAt: this.world.clock.now(),
          globusTransfer: { sealed: sealRecord(record), key: record.key },
        });
        this.world.jobs.put(job);
        await gate.opened;
        if (refusal !== undefined) throw refusal;
        return { record, job: { jobId: job.id, createdAt: job.createdAt } };
      },
    });
    ended.catch(() => undefined);
    return {
      job,
      slot: forecast.kind === 'starts' && forecast.slot,
      stored: async () => {
        gate.open();
        return (await ended).kind;
      },
      refused: async () => {
        refusal = new Error('refused');
        gate.open();
        await ended.catch(() => undefined);
      },
    };
  }

  /** What a request does: has a job created, and is answered. */
  request(number: number): Promise<AdmissionResult['kind']> {
    return this.storing(number).stored();
  }

  /** Alice asks for one and the same copy. @returns the job's id */
  ask(parts: Partial<TransferRequestOptions> = {}): Promise<string> {
    return this.requests.execute({
      requester: anAsker(),
      dataset: Promise.resolve(aDataset()),
      parameters: {
        sourceFacility: 'PSI',
        destFacility: 'CSCS',
        scicatPid: aDataset().pid,
        autoArchive: true,
      },
      files: () => Promise.resolve(undefined),
      ...parts,
    });
  }

  /** A transfer that an earlier process has left, as SciCat shows it. */
  left(transfer: Transfer): void {
    this.world.putShown({ ...transfer, requestedAt: OLD });
  }

  /** Status code, status and message of a job. */
  shown(number = 1): string | undefined {
    return this.world.jobs.shown(jobIdOf(number));
  }

  /** Ends all that waits for time. */
  async end(): Promise<void> {
    const stopped = this.tracker.stop(1000);
    for (let second = 0; second < 5; second += 1) await this.world.clock.advance(1000);
    await stopped;
    await this.world.end();
  }
}
