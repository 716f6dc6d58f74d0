import fs, { type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { TRANSFER_KEY } from '../domain/identifiers.js';
import { codeOf } from '../errors/error-code.js';
import {
  InternalError,
  InvalidRequestError,
  ListQuotaError,
  SpoolUnavailableError,
} from '../errors/request.errors.js';
import type { FileList } from '../file-lists/file-list.js';
import {
  decodeHead,
  encodeHead,
  HEAD_BYTES,
  type ListHead,
  NAMED_AT,
  NAMED_BYTE,
} from '../file-lists/list-head.js';
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
import type {
  FileListStore,
  StoredEntry,
  StoreRefusal,
  StoreUsage,
} from '../ports/file-list-store.port.js';
import { diskProblem } from './disk-problem.js';
import { RecentLists } from './recent-lists.js';
import { SpoolLedger, type SpoolLimits } from './spool-ledger.js';

/** File system calls of the spool; replaced in tests, for example by a full disk. */
export type SpoolFileSystem = Pick<typeof fs, 'mkdir' | 'open' | 'readdir' | 'stat' | 'unlink'>;

const SUFFIX = '.jsonl.gz';
/** Lists looked at in parallel at the start. */
const COUNTED_AT_ONCE = 16;

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
  private readonly ledger: SpoolLedger;
  /** Lists that no job is known to name. */
  private readonly unnamed = new Set<string>();
  /** Resolves when the lists that were on disk at the start are in the ledger. */
  private counted: Promise<void> = Promise.resolve();
  private readonly refused: Record<StoreRefusal, number> = { quota: 0, 'user-quota': 0, disk: 0 };
  private trouble: string | undefined;

  private constructor(
    private readonly folder: string,
    limits: () => SpoolLimits,
    private readonly files: SpoolFileSystem,
  ) {
    this.ledger = new SpoolLedger(limits);
  }

  /**
   * Opens the spool, creating its folder if necessary. No other process may use it (`lockDataDir`).
   *
   * @param folder absolute path
   * @param limits called at every use
   * @throws SpoolUnavailableError when the folder can't be created or read
   */
  static async open(
    folder: string,
    limits: () => SpoolLimits,
    files: SpoolFileSystem = fs,
  ): Promise<FileListSpool> {
    const spool = new FileListSpool(folder, limits, files);
    try {
      await files.mkdir(folder, { recursive: true, mode: 0o700 });
      const keys = keysAmong(await files.readdir(folder));
      // Not awaited here: reading the open jobs need not wait for thousands of files.
      spool.counted = spool.count(keys);
    } catch (error) {
      throw unavailable('opened', error);
    }
    return spool;
  }

  async put(key: string, files: FileList, owner: string): Promise<void> {
    if (!TRANSFER_KEY.test(key)) {
      throw new InternalError('A file list can be stored only under a UUID. Please report this.');
    }
    await this.counted;
    this.forget(key);
    try {
      const head = encodeHead({ owner, named: false });
      // Before the file is made, so that a refused list costs no disk access at all.
      this.ledger.grow(key, owner, head.length);
      this.unnamed.add(key);
      const stats = await this.using(this.pathOf(key), 'w', async (handle) => {
        let start: Buffer | undefined = head;
        const packed = await packFileList(files, (bytes) => {
          this.ledger.grow(key, owner, bytes.length);
          const piece = start === undefined ? bytes : Buffer.concat([start, bytes]);
          start = undefined;
          return handle.writeFile(piece);
        });
        await handle.sync();
        return packed;
      });
      await this.syncFolder();
      this.written.set(key, stats);
      this.recent.add(key, files);
      this.trouble = undefined;
    } catch (error) {
      // What can't be removed still takes space.
      await this.unlink(key).then(
        () => this.forget(key),
        () => undefined,
      );
      throw this.refusalOf(error);
    }
  }

  async markNamed(key: string): Promise<void> {
    await this.counted;
    if (!this.unnamed.delete(key)) return;
    try {
      // Without a sync: it is lost only with the power, and then the job is found in SciCat.
      await this.using(this.pathOf(key), 'r+', (handle) =>
        handle.write(NAMED_BYTE, 0, NAMED_BYTE.length, NAMED_AT),
      );
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      this.unnamed.add(key);
      throw unavailable('marked', error);
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
    await this.counted;
    try {
      await this.unlink(key);
      // There is space again.
      if (this.ledger.get(key) !== undefined) this.trouble = undefined;
      this.forget(key);
    } catch (error) {
      throw unavailable('removed', error);
    }
  }

  /** Oldest first. */
  async entries(): Promise<readonly StoredEntry[]> {
    try {
      const entries: StoredEntry[] = [];
      await this.counted;
      for (const key of keysAmong(await this.files.readdir(this.folder))) {
        // May have been removed meanwhile.
        const found = await ifExists(this.files.stat(this.pathOf(key)));
        const named = !this.unnamed.has(key);
        if (found !== undefined) entries.push({ key, storedAt: Math.trunc(found.mtimeMs), named });
      }
      return entries.sort((a, b) => a.storedAt - b.storedAt);
    } catch (error) {
      throw unavailable('listed', error);
    }
  }

  usage(): StoreUsage {
    const { ledger, refused, trouble } = this;
    return { bytes: ledger.bytes, maxBytes: ledger.maxBytes, refused: { ...refused }, trouble };
  }

  /** Enters the lists of earlier processes into the ledger. Never rejects. */
  private async count(keys: readonly string[]): Promise<void> {
    const left = keys.values();
    const countSome = async (): Promise<void> => {
      for (const key of left) {
        try {
          const { size } = await this.files.stat(this.pathOf(key));
          const { owner, named } = await this.headOf(key);
          this.ledger.enter(key, { bytes: size, owner });
          if (!named) this.unnamed.add(key);
        } catch {
          // It can't be read, or has been removed by hand.
        }
      }
    };
    await Promise.all(Array.from({ length: COUNTED_AT_ONCE }, countSome));
  }

  /** Of a list without a head, which an older version stored, nothing is known. */
  private async headOf(key: string): Promise<ListHead> {
    const unknown = { owner: '', named: true };
    try {
      return await this.using(this.pathOf(key), 'r', async (handle) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
        return decodeHead(buffer.subarray(0, bytesRead)) ?? unknown;
      });
    } catch {
      return unknown;
    }
  }

  private forget(key: string): void {
    this.written.delete(key);
    this.unnamed.delete(key);
    this.ledger.drop(key);
  }

  /** Counts a refusal, and notes what only an operator or time can change. */
  private refusalOf(error: unknown): Error {
    if (error instanceof ListQuotaError || error instanceof InvalidRequestError) {
      this.refused['user-quota'] += 1;
      return error;
    }
    const isQuota = error instanceof SpoolUnavailableError;
    const refusal = isQuota ? error : unavailable('stored', error);
    this.refused[isQuota ? 'quota' : 'disk'] += 1;
    this.trouble = refusal.message;
    return refusal;
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
    flags: 'r' | 'r+' | 'w',
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

/** The keys of the stored lists among these file names. */
function keysAmong(names: readonly string[]): readonly string[] {
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .filter((key) => TRANSFER_KEY.test(key));
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
