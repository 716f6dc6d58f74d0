import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  DataFolderProbe,
  FolderReading,
  LockReading,
  SpaceReading,
} from '../ports/data-folder-probe.port.js';
import { lookAtLock } from '../data-folder/data-dir-lock.js';
import { codeOf } from '../errors/system-error.js';
import { dataDirWarning } from '../data-folder/data-dir-mount.js';

const USE = constants.R_OK | constants.W_OK | constants.X_OK;
const UNKNOWN = 'unknown error';
/** Of a file for trial; a disk that is full often takes an empty one. */
const TRIAL_BYTES = 4096;

/** The data folder on the disk of this machine, for an operator's questions. */
export class LocalDataFolderProbe implements DataFolderProbe {
  /** @param dataDir absolute path */
  constructor(private readonly dataDir: string) {}

  async folder(): Promise<FolderReading> {
    for (let path = this.dataDir; ; path = dirname(path)) {
      try {
        if (!(await stat(path)).isDirectory()) return { kind: 'unusable', path, code: 'ENOTDIR' };
        await access(path, USE);
        return path === this.dataDir ? { kind: 'usable' } : { kind: 'missing', parent: path };
      } catch (error) {
        const code = codeOf(error) ?? UNKNOWN;
        if (code !== 'ENOENT' || dirname(path) === path) return { kind: 'unusable', path, code };
      }
    }
  }

  lock(): Promise<LockReading> {
    return lookAtLock(this.dataDir);
  }

  async tryToWrite(): Promise<FolderReading> {
    const path = join(this.dataDir, `doctor-${randomUUID()}.tmp`);
    try {
      await writeFile(path, Buffer.alloc(TRIAL_BYTES, 1), { flag: 'wx', flush: true });
      return { kind: 'usable' };
    } catch (error) {
      return { kind: 'unusable', path: this.dataDir, code: codeOf(error) ?? UNKNOWN };
    } finally {
      await rm(path, { force: true });
    }
  }

  async space(): Promise<SpaceReading> {
    const reading = await this.folder();
    const { bavail, bsize, files, ffree } = await statfs(
      reading.kind === 'missing' ? reading.parent : this.dataDir,
    );
    return { freeBytes: bavail * bsize, freeFiles: files === 0 ? undefined : ffree };
  }

  volatility(): string | undefined {
    return dataDirWarning(this.dataDir);
  }
}
