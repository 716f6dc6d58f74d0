import fs, { type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { FacilityHold } from '../domain/facility-hold.js';
import { codeOf } from '../errors/error-code.js';
import { SpoolUnavailableError } from '../errors/request.errors.js';
import type { FacilityHoldStore, StoredHolds } from '../ports/facility-hold-store.port.js';
import { diskProblem } from './disk-problem.js';
import { holdsAsJson, readHolds } from './hold-file.js';

/** File system calls of the store; replaced in tests, for example by a full disk. */
export type HoldFileSystem = Pick<typeof fs, 'open' | 'rename'>;

/** Enough for hundreds of holds. */
export const LARGEST_HOLD_FILE = 256 * 1024;
const NAME = 'facility-holds.json';

/**
 * A file in the data folder with all holds. It is replaced as a whole, by renaming a new one that is
 * on the disk already.
 */
export class FileHoldStore implements FacilityHoldStore {
  private readonly path: string;

  /** @param dataDir absolute path; the folder must exist, and no other process may use it */
  constructor(
    private readonly dataDir: string,
    private readonly files: HoldFileSystem = fs,
  ) {
    this.path = join(dataDir, NAME);
  }

  async read(): Promise<StoredHolds> {
    try {
      const text = await this.using(this.path, 'r', readBounded);
      const holds = text === undefined ? undefined : readHolds(JSON.parse(text));
      return holds === undefined
        ? unreadable('is not as the service writes it')
        : { kind: 'read', holds };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return { kind: 'read', holds: [] };
      return unreadable(
        error instanceof SyntaxError ? 'is not JSON' : `can't be read: ${diskProblem(error)}`,
      );
    }
  }

  async write(holds: readonly FacilityHold[]): Promise<void> {
    const text = holdsAsJson(holds);
    if (Buffer.byteLength(text) > LARGEST_HOLD_FILE) {
      throw notStored('there are too many of them; release some first');
    }
    const next = `${this.path}.new`;
    try {
      await this.using(next, 'w', async (handle) => {
        await handle.writeFile(text);
        await handle.sync();
      });
      await this.files.rename(next, this.path);
      // Windows can't open a folder, and doesn't need to.
      if (process.platform === 'win32') return;
      // Without it, the old file may be back after a power failure.
      await this.using(this.dataDir, 'r', (handle) => handle.sync());
    } catch (error) {
      throw notStored(`${diskProblem(error)}. An operator must check dataDir`, error);
    }
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
}

/** @returns undefined if the file is larger than any that the service writes */
async function readBounded(handle: FileHandle): Promise<string | undefined> {
  const buffer = Buffer.alloc(LARGEST_HOLD_FILE + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (length > LARGEST_HOLD_FILE) return undefined;
    if (bytesRead === 0) return buffer.toString('utf8', 0, length);
  }
}

function unreadable(why: string): StoredHolds {
  return {
    kind: 'unreadable',
    reason: `The file ${NAME} in the data folder ${why}. No facility is held now. Place the holds that are still needed again; that replaces the file.`,
  };
}

function notStored(why: string, cause?: unknown): SpoolUnavailableError {
  return new SpoolUnavailableError(`The holds of facilities could not be stored: ${why}.`, {
    ...(cause === undefined ? {} : { cause }),
  });
}
