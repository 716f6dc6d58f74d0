import { Alarms } from '../../src/tracking/core/alarms.js';
import { Background } from '../../src/tracking/core/background.js';
import { JobWriter, type JobWriterListener } from '../../src/tracking/core/job-writer.js';
import {
  type TrackedTransfer,
  TrackedTransfers,
} from '../../src/tracking/core/tracked-transfers.js';
import { StepRunner } from '../../src/tracking/core/step-runner.js';
import { TaskLookup } from '../../src/tracking/core/task-lookup.js';
import { HeldFacilities } from '../../src/tracking/queue/held-facilities.js';
import { Slots } from '../../src/tracking/queue/slots.js';
import { SubmissionIds } from '../../src/tracking/queue/submission-ids.js';
import { Turns } from '../../src/tracking/queue/turns.js';
import { Tracker } from '../../src/tracking/tracker.js';
import { jobView } from '../../src/domain/job-view.js';
import type { Transfer } from '../../src/domain/transfer.js';
import { aJob, aJobOf, type ConfigParts, configOf, jobIdOf } from './builders.js';
import { FakeGlobus } from './fake-globus.js';
import { FakeArchiveJobs, FakeDatasets, FakeTransferJobs } from './fake-scicat.js';
import { FakeHoldStore } from './fake-hold-store.js';
import { FakeJobHistory } from './fake-job-history.js';
import { FakeSpool } from './fake-file-list-store.js';
import { RecordedEvents } from './recorded-events.js';
import { VirtualClock } from './virtual-clock.js';

/** All collaborators of tracking, in memory and in virtual time. */
export class TrackingWorld {
  readonly clock = new VirtualClock();
  readonly events = new RecordedEvents();
  readonly alarms = new Alarms(this.events);
  readonly jobs = new FakeTransferJobs(() => this.clock.now());
  readonly archiveJobs = new FakeArchiveJobs();
  readonly datasets = new FakeDatasets();
  readonly globus = new FakeGlobus();
  readonly spool = new FakeSpool(() => this.clock.now());
  readonly history = new FakeJobHistory();
  readonly holdStore = new FakeHoldStore();
  readonly transfers = new TrackedTransfers(this.events, this.clock);
  readonly steps = new StepRunner(this.clock, () => this.random());
  readonly slots;
  readonly turns;
  readonly tasks;
  readonly submissionIds;
  readonly holds;
  readonly aborter = new AbortController();
  readonly background = new Background(() => undefined);
  readonly config;
  readonly writer: JobWriter;
  /** What the writer told, in order. */
  readonly told: string[] = [];
  /** Chance that is none, so that pauses are the same every time. */
  readonly random = (): number => 0.5;

  constructor(config: ConfigParts = {}) {
    this.config = configOf(config);
    const { alarms } = this;
    this.holds = new HeldFacilities({
      store: this.holdStore,
      events: this.events,
      alarms,
      clock: this.clock,
    });
    this.slots = new Slots(this.transfers, this.config);
    this.turns = new Turns(this.transfers, this.config, this.clock, this.holds);
    this.tasks = new TaskLookup(this.globus, this.clock, this.signal, this.events);
    const listener: JobWriterListener = {
      confirmed: (tracked, shown) =>
        this.told.push(`confirmed ${tracked.jobId} ${shown.status.state}`),
      gone: (tracked) => this.told.push(`gone ${tracked.jobId}`),
      failed: () => undefined,
    };
    const { jobs, globus, clock, random, events, signal } = this;
    this.submissionIds = new SubmissionIds(globus, clock, random, 0, 0, signal);
    this.writer = new JobWriter(jobs, this.config, clock, random, events, listener);
  }

  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  /** Tracks a transfer whose job is in SciCat but was never written. */
  track(transfer: Transfer, holdsSlot = false): TrackedTransfer {
    const { origin, jobId: id } = transfer;
    this.jobs.put(
      origin.kind === 'recorded'
        ? aJob({ id, record: origin.record })
        : aJob({ id, globusTransfer: undefined, datasetPids: [transfer.datasetPid] }),
    );
    return this.transfers.add(transfer, { holdsSlot });
  }

  /** The dataset of the transfer with this number is deleted in SciCat. */
  deleteDataset(number: number): void {
    this.datasets.lifecycles.set(`20.500.12345/e${number}`, undefined);
    this.jobs.withoutDataset.add(jobIdOf(number));
  }

  /** Puts the job of a transfer there as SciCat shows it, as after an earlier process. */
  putShown(transfer: Transfer): void {
    this.jobs.put(aJobOf(transfer, jobView(transfer)));
  }

  /** What the parts of tracking work with, under the names they know it by. */
  get deps() {
    const { transfers, steps, slots, turns, tasks, submissionIds } = this;
    const { writer, config, signal } = this;
    const { jobs, archiveJobs, datasets, globus, spool, history } = this;
    const { events, alarms, clock, random, background, holds } = this;
    return {
      ...{ transfers, steps, slots, turns, tasks, submissionIds, writer, config, signal },
      ...{ jobs, archiveJobs, datasets, globus, fileLists: spool, history },
      ...{ events, alarms, clock, random, background, holds },
    };
  }

  /** A tracker over all this, not started. */
  tracker(): Tracker {
    return new Tracker(this.deps);
  }

  /** Ends all that waits for time. */
  async end(): Promise<void> {
    this.aborter.abort(new Error('The test has ended.'));
    await this.writer.stop(this.clock.monotonicMs());
  }
}
