import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip, createGzip } from 'node:zlib';
import { InternalError, SpoolUnavailableError } from '../errors/request.errors.js';
import type { Spool, SpoolEntry } from '../transfers/application/ports/spool.port.js';
import type { FileEntry } from '../transfers/domain/file-list.js';

/** What the spool asks of the file system; replaced in tests by one whose disk is full. */
export interface SpoolFileSystem {
  readonly mkdir: typeof mkdir;
  readonly open: (path: string, flags: string, mode?: number) => Promise<FileHandle>;
  readonly readdir: (path: string) => Promise<string[]>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly rm: typeof rm;
  readonly stat: (path: string) => Promise<{ readonly mtimeMs: number }>;
}

const NODE_FILE_SYSTEM: SpoolFileSystem = { mkdir, open, readdir, rename, rm, stat };

/** Only a key of this form may become a file name. */
const KEY = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SUFFIX = '.jsonl.gz';
const TEMPORARY_SUFFIX = '.tmp';

/** So many entries are written at a stretch (a few milliseconds). */
const SLICE = 2_000;

/**
 * A folder with one file for each list: gzipped JSON lines, each a path, or an array with the path
 * of a symlink in it. The last line is an object with the number and the SHA-256 of those before
 * it, so that a file that was cut or changed is not taken for a list.
 */
export class FileSpool implements Spool {
  private constructor(
    private readonly folder: string,
    private readonly files: SpoolFileSystem,
  ) {}

  /**
   * Opens the spool, and makes its folder if need be. Whatever a process left half written is
   * removed, so nobody else may be using the folder (see `lockDataDir`).
   *
   * @param folder absolute path
   * @throws SpoolUnavailableError when the folder can't be made or read
   */
  static async open(folder: string, files: SpoolFileSystem = NODE_FILE_SYSTEM): Promise<FileSpool> {
    try {
      await files.mkdir(folder, { recursive: true, mode: 0o700 });
      for (const name of await files.readdir(folder)) {
        if (name.endsWith(TEMPORARY_SUFFIX)) await files.rm(join(folder, name), { force: true });
      }
    } catch (error) {
      throw unavailable('opened', error);
    }
    return new FileSpool(folder, files);
  }

  async put(key: string, files: readonly FileEntry[]): Promise<void> {
    if (!KEY.test(key)) {
      throw new InternalError('A file list can be kept only under a UUID. Please report this.');
    }
    const target = this.pathOf(key);
    const temporary = join(this.folder, `${key}.${randomUUID()}${TEMPORARY_SUFFIX}`);
    try {
      await this.writeDurably(temporary, files);
      await this.files.rename(temporary, target);
      try {
        await this.syncFolder();
      } catch (error) {
        await this.files.rm(target, { force: true });
        throw error;
      }
    } catch (error) {
      await this.files.rm(temporary, { force: true }).catch(() => undefined);
      throw unavailable('stored', error);
    }
  }

  async get(key: string): Promise<readonly FileEntry[] | undefined> {
    if (!KEY.test(key)) return undefined;
    let handle: FileHandle | undefined;
    try {
      handle = await this.files.open(this.pathOf(key), 'r');
      const reader = new ListReader();
      await consume([handle.createReadStream({ autoClose: false }), createGunzip()], (chunks) =>
        reader.readAll(chunks),
      );
      return reader.result();
    } catch (error) {
      if (error instanceof DamagedList || isDamage(error) || codeOf(error) === 'ENOENT') {
        return undefined;
      }
      throw unavailable('read', error);
    } finally {
      await handle?.close();
    }
  }

  async remove(key: string): Promise<void> {
    if (!KEY.test(key)) return;
    try {
      await this.files.rm(this.pathOf(key), { force: true });
    } catch (error) {
      throw unavailable('removed', error);
    }
  }

  /** Oldest first. */
  async entries(): Promise<readonly SpoolEntry[]> {
    try {
      const entries: SpoolEntry[] = [];
      for (const name of await this.files.readdir(this.folder)) {
        const key = name.slice(0, -SUFFIX.length);
        if (!name.endsWith(SUFFIX) || !KEY.test(key)) continue;
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

  private async writeDurably(path: string, files: readonly FileEntry[]): Promise<void> {
    const handle = await this.files.open(path, 'wx', 0o600);
    try {
      await consume([Readable.from(lines(files)), createGzip({ level: 1 })], async (chunks) => {
        for await (const chunk of chunks) await handle.writeFile(chunk);
      });
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Without it a renamed file may be gone after a power failure. */
  private async syncFolder(): Promise<void> {
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
 * Runs the streams into a function. When that fails, `pipeline` alone may report only that it was
 * aborted, which would hide that the disk is full.
 */
async function consume(
  [source, transform]: readonly [Readable, Transform],
  sink: (chunks: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  try {
    await pipeline(source, transform, async (chunks: AsyncIterable<Buffer>) => {
      try {
        await sink(chunks);
      } catch (error) {
        failure = { error };
        throw error;
      }
    });
  } catch (error) {
    throw failure === undefined ? error : failure.error;
  }
}

function* lines(files: readonly FileEntry[]): Generator<string> {
  const hash = createHash('sha256');
  for (let start = 0; start < files.length; start += SLICE) {
    const text = files
      .slice(start, start + SLICE)
      .map(({ path, isSymlink }) => `${JSON.stringify(isSymlink ? [path] : path)}\n`)
      .join('');
    hash.update(text);
    yield text;
  }
  yield `${JSON.stringify({ count: files.length, sha256: hash.digest('hex') })}\n`;
}

class DamagedList extends Error {}

/** Reads lines until the closing one, which must be the last and must fit. */
class ListReader {
  private readonly files: FileEntry[] = [];
  private readonly hash = createHash('sha256');
  private closed = false;

  async readAll(chunks: AsyncIterable<Buffer>): Promise<void> {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for await (const chunk of chunks) {
      const parts = (rest + decoder.write(chunk)).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) this.readLine(line);
    }
    if (rest !== '') throw new DamagedList();
  }

  result(): readonly FileEntry[] {
    if (!this.closed) throw new DamagedList();
    return this.files;
  }

  private readLine(line: string): void {
    if (this.closed) throw new DamagedList();
    const value = parse(line);
    if (typeof value === 'string') {
      this.files.push({ path: value, isSymlink: false });
    } else if (Array.isArray(value) && value.length === 1 && typeof value[0] === 'string') {
      this.files.push({ path: value[0], isSymlink: true });
    } else {
      this.close(value);
      return;
    }
    this.hash.update(line).update('\n');
  }

  private close(value: unknown): void {
    const fits =
      typeof value === 'object' &&
      value !== null &&
      'count' in value &&
      'sha256' in value &&
      value.count === this.files.length &&
      value.sha256 === this.hash.digest('hex');
    if (!fits) throw new DamagedList();
    this.closed = true;
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new DamagedList();
  }
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string'
    ? error.code
    : undefined;
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
