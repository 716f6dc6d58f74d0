import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { InternalError, SpoolUnavailableError } from '../errors/request.errors.js';
import type {
  Spool,
  SpooledFile,
  SpooledList,
  SpoolEntry,
} from '../transfers/application/ports/spool.port.js';
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
/** So much text is read at a stretch (a few milliseconds). */
const READ_BYTES = 256 * 1024;
/** A list up to here is read only once, and held in the meantime. */
const SHORT_LIST_BYTES = 1024 * 1024;

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

  async open(key: string): Promise<SpooledList | undefined> {
    if (!KEY.test(key)) return undefined;
    const survey = new Survey();
    try {
      await this.unpacked(key, (pieces) => survey.take(pieces));
      const whole = survey.whole();
      if (whole === undefined) return undefined;
      return { ...whole.amounts, batches: () => this.batches(key, whole.text) };
    } catch (error) {
      if (isDamage(error) || codeOf(error) === 'ENOENT') return undefined;
      throw unavailable('read', error);
    }
  }

  /** @param text of a short list, which need not be read once more */
  private async *batches(
    key: string,
    text: string | undefined,
  ): AsyncGenerator<readonly SpooledFile[]> {
    if (text !== undefined) {
      yield entriesOf(text.split('\n'));
      return;
    }
    let handle: FileHandle | undefined;
    try {
      handle = await this.files.open(this.pathOf(key), 'r');
      const packed = handle.createReadStream({ autoClose: false });
      const text = createGunzip({ chunkSize: READ_BYTES }).setEncoding('utf8');
      pipeline(packed, text).catch(() => undefined);
      let rest = '';
      for await (const piece of text as AsyncIterable<string>) {
        const end = piece.lastIndexOf('\n');
        if (end < 0) rest += piece;
        else {
          yield entriesOf((rest + piece.slice(0, end)).split('\n'));
          rest = piece.slice(end + 1);
        }
      }
    } catch (error) {
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
      await consume(
        [handle.createReadStream({ autoClose: false }), createGunzip({ chunkSize: READ_BYTES })],
        sink,
      );
    } finally {
      await handle.close();
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

/** What a list was found to be. */
interface WholeList {
  readonly amounts: Pick<SpooledList, 'count' | 'symlinks' | 'pathBytes'>;
  /** Its lines without the closing one, if they are few. */
  readonly text: string | undefined;
}

/** Goes through a list's lines without parsing them: the closing one must be the last, and fit. */
class Survey {
  private readonly hash = createHash('sha256');
  private count = 0;
  private symlinks = 0;
  private bytes = 0;
  private kept: Buffer[] | undefined = [];
  /** The last line, as far as it was read. */
  private rest: Buffer = Buffer.alloc(0);

  async take(pieces: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of pieces) this.takePiece(piece);
  }

  /** @returns undefined when the list is damaged */
  whole(): WholeList | undefined {
    // The closing line is taken for one more path up to here.
    const closing = readClosing(this.rest);
    if (closing?.count !== this.count || closing.sha256 !== this.hash.digest('hex'))
      return undefined;
    const { count, symlinks, bytes, kept } = this;
    return {
      amounts: { count, symlinks, pathBytes: bytes - count * LINE_BYTES - symlinks * '[]'.length },
      text: kept === undefined ? undefined : Buffer.concat(kept).toString('utf8'),
    };
  }

  private takePiece(piece: Buffer): void {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    let from = 0;
    // A line is whole when another one follows, so that the closing line stays in the rest.
    for (
      let end = bytes.indexOf(LINE_FEED, from);
      end >= 0 && end + 1 < bytes.length;
      end = bytes.indexOf(LINE_FEED, from)
    ) {
      this.count += 1;
      if (bytes[from] === OPENING_BRACKET) this.symlinks += 1;
      from = end + 1;
    }
    const lines = bytes.subarray(0, from);
    this.hash.update(lines);
    this.bytes += lines.length;
    if (this.bytes > SHORT_LIST_BYTES) this.kept = undefined;
    else if (lines.length > 0) this.kept?.push(lines);
    this.rest = bytes.subarray(from);
  }
}

const LINE_FEED = 0x0a;
const OPENING_BRACKET = 0x5b;
/** What a line has beside its path: two quotes and the line feed. */
const LINE_BYTES = 3;

function readClosing(
  line: Buffer,
): { readonly count: unknown; readonly sha256: unknown } | undefined {
  if (line.at(-1) !== LINE_FEED) return undefined;
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    return 'count' in value && 'sha256' in value ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The entries of lines that are known to be undamaged; the closing line is none. */
function entriesOf(lines: readonly string[]): readonly SpooledFile[] {
  const entries: SpooledFile[] = [];
  for (const line of lines) {
    if (line.startsWith('"')) entries.push({ jsonPath: line.slice(1, -1), isSymlink: false });
    else if (line.startsWith('[')) entries.push({ jsonPath: line.slice(2, -2), isSymlink: true });
  }
  return entries;
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
