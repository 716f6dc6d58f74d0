import { Module } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { DataFolderModule } from '../data-folder/data-folder.module.js';
import { GlobusModule } from '../globus/globus.module.js';
import { assemble } from '../injection/assemble.js';
import { ARCHIVE_JOBS } from '../ports/archive-jobs.port.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { DATASETS } from '../ports/datasets.port.js';
import { FACILITY_HOLD_STORE, type FacilityHoldStore } from '../ports/facility-hold-store.port.js';
import { FACILITY_HOLDS } from '../ports/facility-holds.port.js';
import { FILE_LIST_STORE } from '../ports/file-list-store.port.js';
import { GLOBUS_TRANSFERS } from '../ports/globus-transfers.port.js';
import { JOB_HISTORY } from '../ports/job-history.port.js';
import { TRANSFER_EVENTS, type TransferEvents } from '../ports/transfer-events.port.js';
import { TRANSFER_JOBS } from '../ports/transfer-jobs.port.js';
import { TRANSFER_TRACKING } from '../ports/transfer-tracking.port.js';
import { ScicatModule } from '../scicat/scicat.module.js';
import { Alarms } from './core/alarms.js';
import { HeldFacilities } from './queue/held-facilities.js';
import { Tracker } from './tracker.js';
import { TrackerSchedule } from './tracker-schedule.js';

/** Tracks transfers from admission to end. */
@Module({
  imports: [ScheduleModule.forRoot(), ScicatModule, GlobusModule, DataFolderModule],
  providers: [
    { provide: Alarms, ...assemble(Alarms, [TRANSFER_EVENTS]) },
    {
      provide: FACILITY_HOLDS,
      useFactory: (
        store: FacilityHoldStore,
        events: TransferEvents,
        alarms: Alarms,
        clock: Clock,
      ) => HeldFacilities.open({ store, events, alarms, clock }),
      inject: [FACILITY_HOLD_STORE, TRANSFER_EVENTS, Alarms, CLOCK],
    },
    {
      provide: Tracker,
      ...assemble(Tracker, {
        jobs: TRANSFER_JOBS,
        archiveJobs: ARCHIVE_JOBS,
        datasets: DATASETS,
        globus: GLOBUS_TRANSFERS,
        fileLists: FILE_LIST_STORE,
        history: JOB_HISTORY,
        holds: FACILITY_HOLDS,
        events: TRANSFER_EVENTS,
        alarms: Alarms,
        config: ConfigSnapshots,
        clock: CLOCK,
      }),
    },
    { provide: TRANSFER_TRACKING, useExisting: Tracker },
    {
      provide: TrackerSchedule,
      ...assemble(TrackerSchedule, [SchedulerRegistry, Tracker, ConfigSnapshots]),
    },
  ],
  exports: [Tracker, TRANSFER_TRACKING, Alarms, FACILITY_HOLDS],
})
export class TrackingModule {}
