import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import type { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import type { Clock } from '../../ports/clock.port.js';
import type { FileListStore } from '../../ports/file-list-store.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import type { TransferJobs } from '../../ports/transfer-jobs.port.js';
import type { TransferTracking } from '../../ports/transfer-tracking.port.js';

/** Collaborators of the operations on transfers. */
export interface TransferDeps {
  readonly jobs: TransferJobs;
  readonly fileLists: FileListStore;
  readonly tracking: TransferTracking;
  readonly events: TransferEvents;
  readonly facilities: FacilityAuthorization;
  readonly config: ConfigSnapshots;
  readonly clock: Clock;
}
