import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TRANSFER_KEY } from '../domain/identifiers.js';
import { codeOf } from '../errors/error-code.js';
import { InternalError, SpoolUnavailableError } from '../errors/request.errors.js';
import type { FileList } from '../file-lists/file-list.js';
import {
  isShort,
  type ListStats,
  packFileList,
  storedAsLines,
  type StoredFileList,
  storedInMemory,
  unpackLines,
  verifyPacked,
} from '../file-lists/stored-format.js';
import type { FileListStore, StoredEntry } from '../ports/file-list-store.port.js';
import { RecentLists } from './recent-lists.js';

/** What the spool needs of the file system; replaced in tests by one whose disk is full. */
export interface SpoolFileSystem {
  readonly mkdir: typeof mkdir;
  readonly open: (path: string, flags: string, mode?: number) => Promise<FileHandle>;
  readonly readdir: (path: string) => Promise<string[]>;
  readonly unlink: (path: string) => Promise<void>;
  readonly stat: (path: string) => Promise<{ readonly mtimeMs: number }>;
}

const NODE_FILE_SYSTEM: SpoolFileSystem = { mkdir, open, readdir, stat, unlink };

const SUFFIX = '.jsonl.gz';

/**
 * A folder with one file for each list, in the stored format. A file is written under its final name
 * at once: no job refers to a list before it is complete, and an incomplete one counts as damaged.
 */
export class FileListSpool implements FileListStore {
  /** The lists that this process has written itself: they need no verification. */
  private readonly written = new Map<string, ListStats>();
  private readonly recent = new RecentLists();
  /** Resolves when the last started sync of the folder has ended. */
  private lastSync: Promise<void> = Promise.resolve();
  /** The sync that has not started yet, if a list waits for it. */
  private nextSync: Promise<void> | undefined;

  private constructor(
    private readonly folder: string,
    private readonly files: SpoolFileSystem,
  ) {}

  /**
   * Opens the spool, and makes its folder if necessary. No other process may use it (`lockDataDir`).
   *
   * @param folder absolute path
   * @throws SpoolUnavailableError when the folder can't be made or read
   */
  static async open(
    folder: string,
    files: SpoolFileSystem = NODE_FILE_SYSTEM,
  ): Promise<FileListSpool> {
    try {
      await files.mkdir(folder, { recursive: true, mode: 0o700 });
      await files.readdir(folder);
    } catch (error) {
      throw unavailable('opened', error);
    }
    return new FileListSpool(folder, files);
  }

  async put(key: string, files: FileList): Promise<void> {
    if (!TRANSFER_KEY.test(key)) {
      throw new InternalError('A file list can be stored only under a UUID. Please report this.');
    }
    this.written.delete(key);
    try {
      const stats = await this.using(this.pathOf(key), 'w', async (handle) => {
        const packed = await packFileList(files, (bytes) => handle.writeFile(bytes));
        await handle.sync();
        return packed;
      });
      await this.syncFolder();
      this.written.set(key, stats);
      this.recent.add(key, files);
    } catch (error) {
      await this.unlink(key).catch(() => undefined);
      throw unavailable('stored', error);
    }
  }

  async open(key: string): Promise<StoredFileList | undefined> {
    if (!TRANSFER_KEY.test(key)) return undefined;
    const stats = this.written.get(key);
    const recent = this.recent.take(key);
    if (stats !== undefined) {
      return recent === undefined ? this.onDisk(key, stats) : storedInMemory(stats, recent);
    }
    try {
      const intact = await this.using(this.pathOf(key), 'r', (handle) =>
        verifyPacked(handle.createReadStream({ autoClose: false })),
      );
      if (intact === undefined) return undefined;
      return intact.lines === undefined
        ? this.onDisk(key, intact.stats)
        : storedAsLines(intact.stats, intact.lines);
    } catch (error) {
      // A sector that can't be read is damage, too.
      if (['ENOENT', 'EIO'].includes(codeOf(error) ?? '')) return undefined;
      throw unavailable('read', error);
    }
  }

  async remove(key: string): Promise<void> {
    if (!TRANSFER_KEY.test(key)) return;
    this.written.delete(key);
    this.recent.take(key);
    try {
      await this.unlink(key);
    } catch (error) {
      throw unavailable('removed', error);
    }
  }

  /** Oldest first. */
  async entries(): Promise<readonly StoredEntry[]> {
    try {
      const entries: StoredEntry[] = [];
      for (const name of await this.files.readdir(this.folder)) {
        const key = name.slice(0, -SUFFIX.length);
        if (!name.endsWith(SUFFIX) || !TRANSFER_KEY.test(key)) continue;
        // It may have been removed meanwhile.
        const found = await ifExists(this.files.stat(this.pathOf(key)));
        if (found !== undefined) entries.push({ key, storedAt: Math.trunc(found.mtimeMs) });
      }
      return entries.sort((a, b) => a.storedAt - b.storedAt);
    } catch (error) {
      throw unavailable('listed', error);
    }
  }

  private onDisk(key: string, stats: ListStats): StoredFileList {
    return { ...stats, jsonLines: () => this.jsonLines(key, stats) };
  }

  private async *jsonLines(key: string, stats: ListStats): AsyncGenerator<Buffer> {
    let handle: FileHandle | undefined;
    try {
      handle = await this.files.open(this.pathOf(key), 'r');
      yield* unpackLines(
        isShort(stats.count, stats.pathBytes)
          ? await handle.readFile()
          : handle.createReadStream({ autoClose: false }),
      );
    } catch (error) {
      // Gone or damaged meanwhile: the next `open` verifies it.
      this.written.delete(key);
      throw unavailable('read', error);
    } finally {
      await handle?.close();
    }
  }

  /**
   * Syncs the folder: without that a new file may be gone after a power failure. All files written
   * before a sync starts share it, or in a burst of requests each would wait for all the others.
   */
  private syncFolder(): Promise<void> {
    this.nextSync ??= this.lastSync.then(() => {
      this.nextSync = undefined;
      const sync = this.syncFolderNow();
      this.lastSync = sync.catch(() => undefined);
      return sync;
    });
    return this.nextSync;
  }

  private async syncFolderNow(): Promise<void> {
    // Windows can't open a folder, and need not.
    if (process.platform === 'win32') return;
    await this.using(this.folder, 'r', (handle) => handle.sync());
  }

  private async using<Result>(
    path: string,
    flags: 'r' | 'w',
    use: (handle: FileHandle) => Promise<Result>,
  ): Promise<Result> {
    const handle = await this.files.open(path, flags, 0o600);
    try {
      return await use(handle);
    } finally {
      await handle.close();
    }
  }

  private async unlink(key: string): Promise<void> {
    await ifExists(this.files.unlink(this.pathOf(key)));
  }

  private pathOf(key: string): string {
    return join(this.folder, `${key}${SUFFIX}`);
  }
}

/** @returns undefined when there is no such file */
async function ifExists<Result>(result: Promise<Result>): Promise<Result | undefined> {
  try {
    return await result;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function unavailable(what: string, error: unknown): SpoolUnavailableError {
  const code = codeOf(error);
  const why =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? "the proxy's disk is full"
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'the proxy may not write to its data folder'
        : "the proxy's data folder is not usable";
  return new SpoolUnavailableError(
    `The file list could not be ${what}: ${why}${code === undefined ? '' : ` (${code})`}. Please try again later; an operator must check dataDir.`,
    { cause: error },
  );
}
