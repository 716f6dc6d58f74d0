import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { join } from 'node:path';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { FACILITY_HOLD_STORE } from '../ports/facility-hold-store.port.js';
import { JOB_HISTORY } from '../ports/job-history.port.js';
import { FILE_LIST_STORE } from '../ports/file-list-store.port.js';
import { type DataDirLock, lockDataDir } from './data-dir-lock.js';
import { FileHoldStore } from './file-hold-store.js';
import { FileJobHistory } from './file-job-history.js';
import { FileListSpool } from './file-list-spool.js';

const SPOOL_FOLDER = 'spool';

/** Holds the data folder while the service runs. */
class DataDirHolder implements OnApplicationShutdown {
  constructor(private readonly lock: DataDirLock) {}

  /** The last of the shutdown steps: another instance may use the folder from now on. */
  onApplicationShutdown(): Promise<void> {
    return this.lock.release();
  }
}

/** Spool, job history and holds on local disk, in a data folder that no other instance uses. */
@Module({
  providers: [
    {
      provide: DataDirHolder,
      useFactory: async (config: ConfigSnapshots, logger: Logger) => {
        const { dataDir } = config.current();
        const lock = await lockDataDir(dataDir, () => {
          logger.fatal(
            { dataDir },
            'another instance took over the data folder, exiting immediately',
          );
          // Nothing is flushed: that would overwrite what the other instance has written.
          process.exit(1);
        });
        return new DataDirHolder(lock);
      },
      inject: [ConfigSnapshots, LOGGER],
    },
    {
      provide: FILE_LIST_STORE,
      // The unused parameter makes Nest acquire the lock first.
      useFactory: (config: ConfigSnapshots, _holder: DataDirHolder) =>
        FileListSpool.open(
          join(config.current().dataDir, SPOOL_FOLDER),
          () => config.current().spool,
        ),
      inject: [ConfigSnapshots, DataDirHolder],
    },
    {
      provide: JOB_HISTORY,
      useFactory: (config: ConfigSnapshots, _holder: DataDirHolder) =>
        new FileJobHistory(config.current().dataDir),
      inject: [ConfigSnapshots, DataDirHolder],
    },
    {
      provide: FACILITY_HOLD_STORE,
      useFactory: (config: ConfigSnapshots, _holder: DataDirHolder) =>
        new FileHoldStore(config.current().dataDir),
      inject: [ConfigSnapshots, DataDirHolder],
    },
  ],
  exports: [FILE_LIST_STORE, JOB_HISTORY, FACILITY_HOLD_STORE],
})
export class DataFolderModule {}
