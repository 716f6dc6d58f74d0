import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { createGunzip, createGzip, gunzipSync, gzipSync } from 'node:zlib';
import { TRANSFER_KEY } from '../domain/identifiers.js';
import { InternalError, SpoolUnavailableError } from '../errors/request.errors.js';
import { codeOf } from '../errors/system-error.js';
import type { FileListStore, StoredFileList, StoredEntry } from '../ports/file-list-store.port.js';
import type { FileList } from '../file-lists/file-list.js';
import { jsonLinesOf } from '../file-lists/json-lines.js';
import {
  listStats,
  endOfLines,
  isShort,
  type ListStats,
  SpoolFileVerifier,
  type LineStats,
} from './spool-file-verifier.js';
import { RecentLists } from './recent-lists.js';

/** What the spool asks of the file system; replaced in tests by one whose disk is full. */
export interface SpoolFileSystem {
  readonly mkdir: typeof mkdir;
  readonly open: (path: string, flags: string, mode?: number) => Promise<FileHandle>;
  readonly readdir: (path: string) => Promise<string[]>;
  readonly unlink: (path: string) => Promise<void>;
  readonly stat: (path: string) => Promise<{ readonly mtimeMs: number }>;
}

const NODE_FILE_SYSTEM: SpoolFileSystem = { mkdir, open, readdir, stat, unlink };

const SUFFIX = '.jsonl.gz';

const PACKING = { level: 1 };
/** So much text is read at a stretch (a few milliseconds). */
const READ_BYTES = 256 * 1024;

/**
 * A folder with one file for each list: gzipped JSON lines, each a path, or an array with the path
 * of a symlink in it. The last line is an object with the number and the SHA-256 of those before
 * it, so that a file that was cut or changed is not taken for a list. Hence a file is written under
 * its own name: no job names a list before it is complete, and half of one is none.
 */
export class FileListSpool implements FileListStore {
  /** What is known of the lists that this process has kept itself: they need no survey. */
  private readonly kept = new Map<string, ListStats>();
  private readonly recent = new RecentLists();
  /** Ends with the last sync of the folder that has begun. */
  private lastSync: Promise<void> = Promise.resolve();
  /** The one that has not begun yet, if somebody waits for it. */
  private nextSync: Promise<void> | undefined;

  private constructor(
    private readonly folder: string,
    private readonly files: SpoolFileSystem,
  ) {}

  /**
   * Opens the spool, and makes its folder if need be. Nobody else may be using it (see `lockDataDir`).
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
      throw new InternalError('A file list can be kept only under a UUID. Please report this.');
    }
    const path = this.pathOf(key);
    this.kept.delete(key);
    try {
      const amounts = await this.writeDurably(path, files);
      await this.syncFolder();
      this.kept.set(key, amounts);
      this.recent.add(key, files);
    } catch (error) {
      await remove(path, this.files).catch(() => undefined);
      throw unavailable('stored', error);
    }
  }

  async open(key: string): Promise<StoredFileList | undefined> {
    if (!TRANSFER_KEY.test(key)) return undefined;
    const kept = this.kept.get(key);
    const recent = this.recent.take(key);
    if (kept !== undefined) {
      return recent === undefined ? this.onDisk(key, kept) : inMemory(kept, recent);
    }
    const survey = new SpoolFileVerifier();
    try {
      await this.unpacked(key, (pieces) => survey.take(pieces));
      const whole = survey.whole();
      if (whole === undefined) return undefined;
      const { amounts, lines } = whole;
      return lines === undefined ? this.onDisk(key, amounts) : ofLines(amounts, lines);
    } catch (error) {
      if (isDamage(error) || codeOf(error) === 'ENOENT') return undefined;
      throw unavailable('read', error);
    }
  }

  private onDisk(key: string, amounts: ListStats): StoredFileList {
    return { ...amounts, jsonLines: () => this.jsonLines(key, amounts) };
  }

  private async *jsonLines(key: string, amounts: ListStats): AsyncGenerator<Buffer> {
    let handle: FileHandle | undefined;
    try {
      handle = await this.files.open(this.pathOf(key), 'r');
      if (isShort(amounts.count, amounts.pathBytes)) {
        const bytes = gunzipSync(await handle.readFile());
        yield bytes.subarray(0, endOfLines(bytes));
        return;
      }
      const packed = handle.createReadStream({ autoClose: false });
      const unpacked = createGunzip({ chunkSize: READ_BYTES });
      pipeline(packed, unpacked).catch(() => undefined);
      let rest: Buffer = Buffer.alloc(0);
      for await (const piece of unpacked as AsyncIterable<Buffer>) {
        const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
        const end = endOfLines(bytes);
        if (end > 0) yield bytes.subarray(0, end);
        rest = bytes.subarray(end);
      }
    } catch (error) {
      // Gone or damaged meanwhile: the next look finds that out.
      this.kept.delete(key);
      throw unavailable('read', error);
    } finally {
      await handle?.close();
    }
  }

  private async unpacked(
    key: string,
    sink: (pieces: AsyncIterable<Buffer>) => Promise<void>,
  ): Promise<void> {
    const handle = await this.files.open(this.pathOf(key), 'r');
    try {
      await pipeline(
        handle.createReadStream({ autoClose: false }),
        createGunzip({ chunkSize: READ_BYTES }),
        sink,
      );
    } finally {
      await handle.close();
    }
  }

  async remove(key: string): Promise<void> {
    if (!TRANSFER_KEY.test(key)) return;
    this.kept.delete(key);
    this.recent.take(key);
    try {
      await remove(this.pathOf(key), this.files);
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
        const storedAt = await this.storedAt(key);
        if (storedAt !== undefined) entries.push({ key, storedAt });
      }
      return entries.sort((a, b) => a.storedAt - b.storedAt);
    } catch (error) {
      throw unavailable('listed', error);
    }
  }

  /** @returns undefined when it was removed meanwhile */
  private async storedAt(key: string): Promise<number | undefined> {
    try {
      return Math.trunc((await this.files.stat(this.pathOf(key))).mtimeMs);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async writeDurably(path: string, files: FileList): Promise<ListStats> {
    const tally = { symlinks: 0, bytes: 0 };
    const pieces = lines(files, tally);
    const handle = await this.files.open(path, 'w', 0o600);
    try {
      if (isShort(files.count, files.pathBytes))
        await handle.writeFile(gzipSync(together(pieces), PACKING));
      else await pack(pieces, (chunk) => handle.writeFile(chunk));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return listStats(files.count, tally);
  }

  /**
   * Without it a new file may be gone after a power failure. All that was written before it begins
   * shares one: in a burst of requests they would wait for each other's.
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
    // Windows can't open a folder, and needs not.
    if (process.platform === 'win32') return;
    const handle = await this.files.open(this.folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  private pathOf(key: string): string {
    return join(this.folder, `${key}${SUFFIX}`);
  }
}

/**
 * Packs pieces one after the other, so that each may be written over as soon as it is packed.
 *
 * @throws what `write` throws
 */
async function pack(
  pieces: Iterable<Buffer>,
  write: (packed: Buffer) => Promise<void>,
): Promise<void> {
  const gzip = createGzip(PACKING);
  const written = (async () => {
    for await (const packed of gzip as AsyncIterable<Buffer>) await write(packed);
  })();
  // Waited for below; it must not count as unhandled before.
  written.catch(() => undefined);
  try {
    for (const piece of pieces) {
      // What goes wrong goes wrong there; here it may only be seen that nobody reads any more.
      const taken = new Promise((resolve) => gzip.write(piece, resolve));
      await Promise.race([taken, written]);
      if (gzip.destroyed) break;
    }
    gzip.end();
    await written;
  } finally {
    gzip.destroy();
  }
}

/** The lines of a list and the closing one. */
function* lines(files: FileList, tally: LineStats): Generator<Buffer> {
  const hash = createHash('sha256');
  for (const { bytes, symlinks } of jsonLinesOf(files)) {
    tally.bytes += bytes.length;
    tally.symlinks += symlinks;
    hash.update(bytes);
    yield bytes;
  }
  yield Buffer.from(`${JSON.stringify({ count: files.count, sha256: hash.digest('hex') })}\n`);
}

/** A list that is held: its lines are made when they are asked for, those of a short one at once. */
function inMemory(amounts: ListStats, files: FileList): StoredFileList {
  const pieces = function* (): Generator<Buffer> {
    for (const { bytes } of jsonLinesOf(files)) yield bytes;
  };
  return isShort(amounts.count, amounts.pathBytes)
    ? ofLines(amounts, together(pieces()))
    : { ...amounts, jsonLines: () => oneByOne(pieces()) };
}

function ofLines(amounts: ListStats, lines: Buffer): StoredFileList {
  return { ...amounts, lines, jsonLines: () => oneByOne([lines]) };
}

async function* oneByOne(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    // What is made of it and sent takes some milliseconds.
    await setImmediate();
    yield piece;
  }
}

/** One text of all pieces, each of which is written over by the next one. */
function together(pieces: Iterable<Buffer>): Buffer {
  return Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece)));
}

/** One that is not there is removed already. */
async function remove(path: string, files: SpoolFileSystem): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** What zlib can't unpack, and what the disk can't read any more. */
function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (code.startsWith('Z_') || code === 'EIO');
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
    `The file list could not be ${what}: ${why}${code === undefined ? '' : ` (${code})`}. Please try again later; an operator must look at dataDir.`,
    { cause: error },
  );
}
