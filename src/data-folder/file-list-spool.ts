import fs, { type FileHandle } from 'node:fs/promises';
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
import { diskProblem } from './disk-problem.js';
import { RecentLists } from './recent-lists.js';

/** File system calls of the spool; replaced in tests, for example by a full disk. */
export type SpoolFileSystem = Pick<typeof fs, 'mkdir' | 'open' | 'readdir' | 'stat' | 'unlink'>;

const SUFFIX = '.jsonl.gz';

/**
 * A folder with one file per list, in the stored format. Files are written under their final names: no
 * job refers to a list before it is complete, and an incomplete one counts as damaged.
 */
export class FileListSpool implements FileListStore {
  /** Lists written by this process; they need no verification. */
  private readonly written = new Map<string, ListStats>();
  private readonly recent = new RecentLists();
  /** Resolves when the most recently started sync of the folder has ended. */
  private lastSync: Promise<void> = Promise.resolve();
  /** The sync that has not started yet, if a list is waiting for it. */
  private nextSync: Promise<void> | undefined;

  private constructor(
    private readonly folder: string,
    private readonly files: SpoolFileSystem,
  ) {}

  /**
   * Opens the spool, creating its folder if necessary. No other process may use it (`lockDataDir`).
   *
   * @param folder absolute path
   * @throws SpoolUnavailableError when the folder can't be created or read
   */
  static async open(folder: string, files: SpoolFileSystem = fs): Promise<FileListSpool> {
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
      // An unreadable sector is damage, too.
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
        // May have been removed meanwhile.
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
      // Removed or damaged meanwhile: the next `open` verifies it.
      this.written.delete(key);
      throw unavailable('read', error);
    } finally {
      await handle?.close();
    }
  }

  /**
   * Syncs the folder, without which a new file may be lost in a power failure. All files written
   * before a sync starts share it; in a burst, each request would otherwise wait for all the others.
   */
  private syncFolder(): Promise<void> {
    // Windows can't open a folder, and doesn't need to.
    if (process.platform === 'win32') return Promise.resolve();
    this.nextSync ??= this.lastSync.then(() => {
      this.nextSync = undefined;
      const sync = this.using(this.folder, 'r', (handle) => handle.sync());
      this.lastSync = sync.catch(() => undefined);
      return sync;
    });
    return this.nextSync;
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

/** @returns undefined when the file does not exist */
async function ifExists<Result>(result: Promise<Result>): Promise<Result | undefined> {
  try {
    return await result;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function unavailable(what: string, error: unknown): SpoolUnavailableError {
  return new SpoolUnavailableError(
    `The file list could not be ${what}: ${diskProblem(error)}. Please try again later; an operator must check dataDir.`,
    { cause: error },
  );
}
