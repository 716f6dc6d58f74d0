import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import type { ArchiveJobs } from '../../ports/archive-jobs.port.js';
import type { Clock } from '../../ports/clock.port.js';
import type { Datasets } from '../../ports/datasets.port.js';
import type { FacilityHolds } from '../../ports/facility-holds.port.js';
import type { FileListStore } from '../../ports/file-list-store.port.js';
import type { GlobusTransfers } from '../../ports/globus-transfers.port.js';
import type { JobHistory } from '../../ports/job-history.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import type { TransferJobs } from '../../ports/transfer-jobs.port.js';
import type { Random } from '../../time/backoff.js';
import type { Alarms } from './alarms.js';
import type { Background } from './background.js';
import type { JobWriter } from './job-writer.js';
import type { StepRunner } from './step-runner.js';
import type { TaskLookup } from './task-lookup.js';
import type { TrackedTransfers } from './tracked-transfers.js';

/** Collaborators from outside tracking. */
export interface TrackerDeps {
  readonly jobs: TransferJobs;
  readonly archiveJobs: ArchiveJobs;
  readonly datasets: Datasets;
  readonly globus: GlobusTransfers;
  readonly fileLists: FileListStore;
  readonly history: JobHistory;
  readonly holds: FacilityHolds;
  readonly events: TransferEvents;
  readonly alarms: Alarms;
  readonly config: ConfigSnapshots;
  readonly clock: Clock;
  /** @default Math.random */
  readonly random?: Random;
}

/** Collaborators that the parts of tracking share. */
export interface TrackingDeps extends TrackerDeps {
  readonly transfers: TrackedTransfers;
  readonly steps: StepRunner;
  readonly tasks: TaskLookup;
  readonly writer: JobWriter;
  readonly background: Background;
  readonly random: Random;
  /** Aborted when the tracker stops, after pending writes. */
  readonly signal: AbortSignal;
}
