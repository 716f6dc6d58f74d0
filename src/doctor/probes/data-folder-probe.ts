import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspectLock, type LockReading } from '../../data-folder/data-dir-lock.js';
import { dataDirWarning } from '../../data-folder/data-dir-mount.js';
import { codeOf } from '../../errors/error-code.js';

/** Whether the current user may use a folder. */
export type FolderReading =
  | { readonly kind: 'usable' }
  /** It does not exist, but can be created in `parent`. */
  | { readonly kind: 'missing'; readonly parent: string }
  /** `path` is the obstacle, `code` that of the system error. */
  | { readonly kind: 'unusable'; readonly path: string; readonly code: string };

/** Free disk space. */
export interface SpaceReading {
  readonly freeBytes: number;
  /** Files that can still be created; undefined if the file system does not limit them. */
  readonly freeFiles: number | undefined;
}

/** The methods of {@link LocalDataFolderProbe}. */
export type DataFolderProbe = Pick<LocalDataFolderProbe, keyof LocalDataFolderProbe>;

const USE = constants.R_OK | constants.W_OK | constants.X_OK;
const UNKNOWN = 'unknown error';
/** Size of the test file; an empty one often fits on a full disk. */
const TRIAL_BYTES = 4096;

/** The data folder on this machine's disk. Only {@link tryToWrite} changes it. */
export class LocalDataFolderProbe {
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
    return inspectLock(this.dataDir);
  }

  /** Writes a small file and removes it. */
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

  /** Space in the folder, or where it would be created. @throws as `node:fs` does */
  async space(): Promise<SpaceReading> {
    const reading = await this.folder();
    const { bavail, bsize, files, ffree } = await statfs(
      reading.kind === 'missing' ? reading.parent : this.dataDir,
    );
    return { freeBytes: bavail * bsize, freeFiles: files === 0 ? undefined : ffree };
  }

  /** A warning if the folder is lost together with the container. */
  volatility(): string | undefined {
    return dataDirWarning(this.dataDir);
  }
}
