import type { Tracker } from '../../src/tracking/tracker.js';
import type { Place } from '../../src/ports/transfer-tracking.port.js';
import {
  RequestTransfer,
  type TransferRequestOptions,
} from '../../src/transfers/application/request-transfer.js';
import type { TransferJobDocument } from '../../src/domain/job-reading.js';
import { newTransfer, type Transfer } from '../../src/domain/transfer.js';
import { sealRecord, type TransferRecord } from '../../src/domain/transfer-record.js';
import {
  aDataset,
  aJob,
  anAsker,
  aRecord,
  CLIENT_ID,
  type ConfigParts,
  jobIdOf,
  keyOf,
  REQUEST_ID,
  START,
} from './builders.js';
import { TrackingWorld } from './tracking-world.js';

/** When jobs of an earlier process were made: an hour before the test begins. */
export const OLD = START - 60 * 60_000;

/** A job that a request has just had made, and the place that is kept for its transfer. */
export interface StoredJob {
  readonly place: Place;
  readonly record: TransferRecord;
  readonly job: TransferJobDocument;
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
      spool,
      tracking: this.tracker,
      events,
      config: this.world.config,
      clock,
      globusClientId: () => CLIENT_ID,
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

  /** The first half of a request: takes a place and has a job made. */
  storeJob(number: number): StoredJob {
    const place = this.tracker.reserve();
    const submissionId = place.slot ? this.tracker.takeSubmissionId() : undefined;
    const record = aRecord({
      key: keyOf(number),
      datasetPid: `20.500.12345/e${number}`,
      ...(submissionId === undefined ? {} : { submissionId }),
    });
    const job = aJob({
      number,
      record,
      createdAt: this.world.clock.now(),
      globusTransfer: { sealed: sealRecord(record), key: record.key },
    });
    this.world.jobs.put(job);
    return { place, record, job };
  }

  /** The second half of a request: hands over. @returns how that went */
  async accept({ place, record, job }: StoredJob): Promise<string> {
    const created = { jobId: job.id, createdAt: job.createdAt };
    return (
      await this.tracker.accept(newTransfer(created, record, place.waitsFor), place, REQUEST_ID)
    ).kind;
  }

  /** What a request does: takes a place, has a job made, hands over. */
  request(number: number): Promise<string> {
    return this.accept(this.storeJob(number));
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
