import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { DataFolderModule } from '../data-folder/data-folder.module.js';
import { FacilitiesModule } from '../facilities/facilities.module.js';
import { FacilityAuthorization } from '../facilities/facility-authorization.js';
import { assemble } from '../injection/assemble.js';
import { CLOCK } from '../ports/clock.port.js';
import { FACILITY_HOLDS } from '../ports/facility-holds.port.js';
import { FILE_LIST_STORE } from '../ports/file-list-store.port.js';
import { TRANSFER_EVENTS } from '../ports/transfer-events.port.js';
import { USERS_TRANSFER_JOBS } from '../ports/transfer-jobs.port.js';
import { TRANSFER_TRACKING } from '../ports/transfer-tracking.port.js';
import { ScicatModule } from '../scicat/scicat.module.js';
import { TrackingModule } from '../tracking/tracking.module.js';
import { CancelTransfer } from './application/cancel-transfer.js';
import { HoldFacility } from './application/hold-facility.js';
import { LookUpTransfers } from './application/look-up-transfers.js';
import { PreviewTransfer } from './application/preview-transfer.js';
import { RequestTransfer } from './application/request-transfer.js';
import { FacilityController } from './http/facility.controller.js';
import { RequestBody } from './http/request-body.js';
import { TransferController } from './http/transfer.controller.js';

const DEPS = {
  jobs: USERS_TRANSFER_JOBS,
  fileLists: FILE_LIST_STORE,
  tracking: TRANSFER_TRACKING,
  holds: FACILITY_HOLDS,
  events: TRANSFER_EVENTS,
  facilities: FacilityAuthorization,
  config: ConfigSnapshots,
  clock: CLOCK,
};

/** Requesting, previewing, cancelling and looking up transfers; listing and holding facilities. */
@Module({
  imports: [AuthModule, ScicatModule, DataFolderModule, TrackingModule, FacilitiesModule],
  controllers: [TransferController, FacilityController],
  providers: [
    RequestBody,
    ...[RequestTransfer, PreviewTransfer, CancelTransfer, LookUpTransfers, HoldFacility].map(
      (operation) => ({
        provide: operation,
        ...assemble(operation, DEPS),
      }),
    ),
  ],
})
export class TransfersModule {}
