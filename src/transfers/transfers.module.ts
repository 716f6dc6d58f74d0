import { Module } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { AuthModule } from '../auth/auth.module.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { ScicatModule } from '../scicat/scicat.module.js';
import { DataFolderModule } from '../data-folder/data-folder.module.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { TrackingModule } from '../tracking/tracking.module.js';
import { CancelTransfer } from './application/cancel-transfer.js';
import { LookUpTransfers } from './application/look-up-transfers.js';
import { FILE_LIST_STORE, type FileListStore } from '../ports/file-list-store.port.js';
import { TRANSFER_EVENTS, type TransferEvents } from '../ports/transfer-events.port.js';
import { TRANSFER_JOBS, type TransferJobs } from '../ports/transfer-jobs.port.js';
import { TRANSFER_TRACKING, type TransferTracking } from '../ports/transfer-tracking.port.js';
import { PreviewTransfer } from './application/preview-transfer.js';
import { RequestTransfer } from './application/request-transfer.js';
import { FacilityController } from './http/facility.controller.js';
import { FileListBody } from './http/file-list-body.js';
import { PreviewController } from './http/preview.controller.js';
import { TransferController } from './http/transfer.controller.js';

/** Requesting, previewing, cancelling and looking up transfers; the facilities between them. */
@Module({
  imports: [AuthModule, ScicatModule, DataFolderModule, TrackingModule],
  controllers: [TransferController, PreviewController, FacilityController],
  providers: [
    FileListBody,
    {
      provide: RequestTransfer,
      useFactory: (
        jobs: TransferJobs,
        fileLists: FileListStore,
        tracking: TransferTracking,
        events: TransferEvents,
        config: ConfigSnapshots,
        clock: Clock,
      ) =>
        new RequestTransfer({
          jobs,
          fileLists,
          tracking,
          events,
          config,
          clock,
          globusClientId: () => config.current().secrets.globusClientId,
          newUuid: randomUUID,
        }),
      inject: [
        TRANSFER_JOBS,
        FILE_LIST_STORE,
        TRANSFER_TRACKING,
        TRANSFER_EVENTS,
        ConfigSnapshots,
        CLOCK,
      ],
    },
    {
      provide: PreviewTransfer,
      useFactory: (tracking: TransferTracking, events: TransferEvents, config: ConfigSnapshots) =>
        new PreviewTransfer({ tracking, events, config }),
      inject: [TRANSFER_TRACKING, TRANSFER_EVENTS, ConfigSnapshots],
    },
    {
      provide: CancelTransfer,
      useFactory: (
        jobs: TransferJobs,
        tracking: TransferTracking,
        events: TransferEvents,
        clock: Clock,
      ) => new CancelTransfer({ jobs, tracking, events, clock }),
      inject: [TRANSFER_JOBS, TRANSFER_TRACKING, TRANSFER_EVENTS, CLOCK],
    },
    {
      provide: LookUpTransfers,
      useFactory: (jobs: TransferJobs, tracking: TransferTracking, events: TransferEvents) =>
        new LookUpTransfers({ jobs, tracking, events }),
      inject: [TRANSFER_JOBS, TRANSFER_TRACKING, TRANSFER_EVENTS],
    },
  ],
})
export class TransfersModule {}
