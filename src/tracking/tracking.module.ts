import { Module } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { GlobusModule } from '../globus/globus.module.js';
import { ScicatModule } from '../scicat/scicat.module.js';
import { DataFolderModule } from '../data-folder/data-folder.module.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { ARCHIVE_JOBS, type ArchiveJobs } from '../ports/archive-jobs.port.js';
import { DATASETS, type Datasets } from '../ports/datasets.port.js';
import { GLOBUS_TRANSFERS, type GlobusTransfers } from '../ports/globus-transfers.port.js';
import { JOB_HISTORY, type JobHistory } from '../ports/job-history.port.js';
import { FILE_LIST_STORE, type FileListStore } from '../ports/file-list-store.port.js';
import { TRANSFER_EVENTS, type TransferEvents } from '../ports/transfer-events.port.js';
import { TRANSFER_JOBS, type TransferJobs } from '../ports/transfer-jobs.port.js';
import { TRANSFER_TRACKING } from '../ports/transfer-tracking.port.js';
import { Alarms } from './core/alarms.js';
import { Tracker } from './tracker.js';
import { TrackerSchedule } from './tracker-schedule.js';

/** What tracks transfers from their admission to their end. */
@Module({
  imports: [ScheduleModule.forRoot(), ScicatModule, GlobusModule, DataFolderModule],
  providers: [
    {
      provide: Alarms,
      useFactory: (events: TransferEvents) => new Alarms(events),
      inject: [TRANSFER_EVENTS],
    },
    {
      provide: Tracker,
      useFactory: (
        jobs: TransferJobs,
        archiveJobs: ArchiveJobs,
        datasets: Datasets,
        globus: GlobusTransfers,
        fileLists: FileListStore,
        history: JobHistory,
        events: TransferEvents,
        alarms: Alarms,
        config: ConfigSnapshots,
        clock: Clock,
      ) =>
        new Tracker({
          jobs,
          archiveJobs,
          datasets,
          globus,
          fileLists,
          history,
          events,
          alarms,
          config,
          clock,
          random: Math.random,
        }),
      inject: [
        TRANSFER_JOBS,
        ARCHIVE_JOBS,
        DATASETS,
        GLOBUS_TRANSFERS,
        FILE_LIST_STORE,
        JOB_HISTORY,
        TRANSFER_EVENTS,
        Alarms,
        ConfigSnapshots,
        CLOCK,
      ],
    },
    { provide: TRANSFER_TRACKING, useExisting: Tracker },
    {
      provide: TrackerSchedule,
      useFactory: (registry: SchedulerRegistry, tracker: Tracker, config: ConfigSnapshots) =>
        new TrackerSchedule(registry, tracker, config),
      inject: [SchedulerRegistry, Tracker, ConfigSnapshots],
    },
  ],
  exports: [Tracker, TRANSFER_TRACKING, Alarms],
})
export class TrackingModule {}
