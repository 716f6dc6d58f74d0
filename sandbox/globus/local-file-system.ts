import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
  type Stats,
} from 'node:fs';
import type { TroubleCode } from './event-codes.js';
import { FileTrouble, type FileEntry, type FileSystem } from './file-system.port.js';

const troubleOf: Readonly<Record<string, TroubleCode>> = {
  ENOENT: 'FILE_NOT_FOUND',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EROFS: 'PERMISSION_DENIED',
  ENOSPC: 'NO_SPACE_LEFT',
  EDQUOT: 'QUOTA_EXCEEDED',
  EISDIR: 'IS_A_DIRECTORY',
  ENOTDIR: 'NOT_A_DIRECTORY',
  EEXIST: 'NOT_A_DIRECTORY',
  ENAMETOOLONG: 'INVALID_PATH_NAME',
  ELOOP: 'INVALID_SYMLINK',
  EMFILE: 'LIMIT_EXCEEDED',
};

/** The files of this machine. */
export class LocalFileSystem implements FileSystem {
  entry(path: string): FileEntry | undefined {
    const stats = orNothing(() => lstatSync(path));
    if (stats === undefined) return undefined;
    return {
      kind: kindOf(stats),
      size: stats.size,
      modifiedAt: stats.mtimeMs,
      permissions: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
    };
  }

  realPath(path: string): string | undefined {
    return orNothing(() => realpathSync(path));
  }

  list(path: string): readonly string[] {
    return attempt(() => readdirSync(path).sort());
  }

  linkTarget(path: string): string {
    return attempt(() => readlinkSync(path));
  }

  read(path: string, offset: number, length: number): Uint8Array {
    return withFile(path, 'r', (file) => {
      const bytes = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(file, bytes, filled, length - filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    });
  }

  create(path: string): void {
    withFile(path, 'w', () => undefined);
  }

  write(path: string, offset: number, bytes: Uint8Array): void {
    withFile(path, 'r+', (file) => {
      let written = 0;
      while (written < bytes.length) {
        written += writeSync(file, bytes, written, bytes.length - written, offset + written);
      }
    });
  }

  setModifiedAt(path: string, modifiedAt: number): void {
    attempt(() => {
      utimesSync(path, modifiedAt / 1000, modifiedAt / 1000);
    });
  }

  makeDirectory(path: string): void {
    attempt(() => mkdirSync(path, { recursive: true }));
  }

  rename(from: string, to: string): void {
    attempt(() => {
      renameSync(from, to);
    });
  }

  removeEmptyDirectory(path: string): void {
    attempt(() => {
      rmdirSync(path);
    });
  }

  makeLink(path: string, target: string): void {
    attempt(() => {
      // Without `recursive` this removes a file or a link, and fails on a directory.
      rmSync(path, { force: true });
      symlinkSync(target, path);
    });
  }
}

function kindOf(stats: Stats): FileEntry['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

function withFile<T>(path: string, flags: string, use: (file: number) => T): T {
  return attempt(() => {
    const file = openSync(path, flags);
    try {
      return use(file);
    } finally {
      closeSync(file);
    }
  });
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return attempt(read);
  } catch (error) {
    const nothing =
      error instanceof FileTrouble &&
      ['FILE_NOT_FOUND', 'NOT_A_DIRECTORY', 'INVALID_SYMLINK'].includes(error.code);
    if (nothing) return undefined;
    throw error;
  }
}

function attempt<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const message = error instanceof Error ? error.message : String(error);
    throw new FileTrouble(troubleOf[code] ?? 'UNKNOWN', message);
  }
}
