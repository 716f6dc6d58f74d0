import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { DataFolderModule } from '../data-folder/data-folder.module.js';
import { FacilitiesModule } from '../facilities/facilities.module.js';
import { FacilityAuthorization } from '../facilities/facility-authorization.js';
import { assemble } from '../injection/assemble.js';
import { CLOCK } from '../ports/clock.port.js';
import { FILE_LIST_STORE } from '../ports/file-list-store.port.js';
import { TRANSFER_EVENTS } from '../ports/transfer-events.port.js';
import { TRANSFER_JOBS } from '../ports/transfer-jobs.port.js';
import { TRANSFER_TRACKING } from '../ports/transfer-tracking.port.js';
import { ScicatModule } from '../scicat/scicat.module.js';
import { TrackingModule } from '../tracking/tracking.module.js';
import { CancelTransfer } from './application/cancel-transfer.js';
import { LookUpTransfers } from './application/look-up-transfers.js';
import { PreviewTransfer } from './application/preview-transfer.js';
import { RequestTransfer } from './application/request-transfer.js';
import { FacilityController } from './http/facility.controller.js';
import { FileListBody } from './http/file-list-body.js';
import { TransferController } from './http/transfer.controller.js';

const COMMON = { tracking: TRANSFER_TRACKING, events: TRANSFER_EVENTS };
const RULES = { facilities: FacilityAuthorization, config: ConfigSnapshots };

/** Requesting, previewing, cancelling and looking up transfers; the facilities between them. */
@Module({
  imports: [AuthModule, ScicatModule, DataFolderModule, TrackingModule, FacilitiesModule],
  controllers: [TransferController, FacilityController],
  providers: [
    FileListBody,
    {
      provide: RequestTransfer,
      ...assemble(RequestTransfer, {
        ...COMMON,
        ...RULES,
        jobs: TRANSFER_JOBS,
        fileLists: FILE_LIST_STORE,
        clock: CLOCK,
      }),
    },
    { provide: PreviewTransfer, ...assemble(PreviewTransfer, { ...COMMON, ...RULES }) },
    {
      provide: CancelTransfer,
      ...assemble(CancelTransfer, { ...COMMON, jobs: TRANSFER_JOBS, clock: CLOCK }),
    },
    {
      provide: LookUpTransfers,
      ...assemble(LookUpTransfers, { ...COMMON, jobs: TRANSFER_JOBS }),
    },
  ],
})
export class TransfersModule {}
