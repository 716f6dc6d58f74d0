import { type Stats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../errors/error-code.js';

/** What a file is read for. */
export interface TextFileLimits {
  /** Most bytes that are read. */
  readonly maxBytes: number;
  /**
   * How long a pipe may take to be written, in milliseconds; absent: only ordinary files are read.
   * Shells hand out secrets through pipes (`GLOBUS_CLIENT_SECRET_FILE=<(pass show …)`).
   */
  readonly pipeMs?: number;
}

/** Said of a folder in place of a file. */
export const FOLDER =
  'is a folder, not a file; name a file in it or, if Docker created the folder because the file to mount did not exist, remove it and put the file there';

/** A file exists but has no text that could be used. `fault` completes "the file …". */
export class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError';
  readonly isFolder: boolean;

  /** @param line of the fault, from 1; undefined if it concerns the whole file */
  constructor(
    readonly fault: string,
    readonly line?: number,
  ) {
    super(fault);
    this.isFolder = fault === FOLDER;
  }
}

/**
 * The text of a UTF-8 file, without its byte order mark. Never waits for a pipe or a device, and
 * never reads more than it is allowed to.
 *
 * @throws UnusableFileError if it is not a file, not UTF-8 text or too large
 * @throws a system error, e.g. with the code `ENOENT`
 */
export function readTextFile(path: string, limits: TextFileLimits): string {
  return textOf(bytesOf(path, limits));
}

/**
 * Whether something is at a path: a file, or something else that {@link readTextFile} explains, such
 * as a folder, or a path that can't be followed.
 */
export function existsAt(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    return !ABSENT.includes(codeOf(error) ?? '');
  }
}

/**
 * Why reading failed, completing "the file …"; never holds any content.
 *
 * @param advice what to do if the system's code says no more than that it can't be read
 */
export function faultOf(error: unknown, path: string, advice: string): string {
  if (error instanceof UnusableFileError) return error.fault;
  const code = codeOf(error) ?? 'unknown error';
  switch (code) {
    case 'EACCES': {
      const folder = closedFolder(path);
      return folder === undefined
        ? `can't be read (EACCES); ${advice}`
        : `can't be reached (EACCES): the user that runs the service may not enter the folder ${folder}; allow it, for example with "chmod o+x ${folder}", or move the file`;
    }
    case 'ELOOP':
      return "can't be reached (ELOOP): it is a symbolic link that leads back to itself; remove the link, and put the file there";
    case 'ENAMETOOLONG':
      return "can't be opened (ENAMETOOLONG): the path is longer than the system allows; write the path of the file, not its content";
    case 'EISDIR':
      return FOLDER;
    default:
      return `can't be read (${code}); ${advice}`;
  }
}

const ABSENT = ['ENOENT', 'ENOTDIR'];
function bytesOf(path: string, { maxBytes, pipeMs }: TextFileLimits): Buffer {
  // Without this flag, opening a pipe waits until somebody writes to it. Windows has none.
  const noWait = (constants.O_NONBLOCK as number | undefined) ?? 0;
  const file = openSync(path, constants.O_RDONLY | noWait);
  try {
    const stats = fstatSync(file);
    const isPipe = stats.isFIFO();
    if (!stats.isFile() && !(isPipe && pipeMs !== undefined)) {
      throw new UnusableFileError(whatItIs(stats));
    }
    const bytes = isPipe
      ? pipeContent(file, maxBytes + 1, pipeMs ?? 0)
      : fileContent(file, maxBytes + 1);
    if (bytes.length > maxBytes) {
      const size = stats.size > maxBytes ? `is ${inWords(stats.size)} in size` : 'is too large';
      throw new UnusableFileError(
        `${size}; at most ${inWords(maxBytes)} is read. Is it the right file?`,
      );
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

function whatItIs(stats: Stats): string {
  if (stats.isDirectory()) return FOLDER;
  const kind = stats.isFIFO() ? 'a pipe' : stats.isSocket() ? 'a socket' : 'a device';
  return `is ${kind}, not an ordinary file; write the content to a file, and name that`;
}

function fileContent(file: number, most: number): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  while (total < most) {
    const part = Buffer.alloc(Math.min(65_536, most - total));
    const count = readSync(file, part);
    if (count === 0) break;
    parts.push(part.subarray(0, count));
    total += count;
  }
  return Buffer.concat(parts);
}

const PAUSE_MS = 20;

/** What is written to a pipe until its writer closes it, or the time is over. */
function pipeContent(file: number, most: number, withinMs: number): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  let leftMs = withinMs;
  while (total < most && leftMs > 0) {
    const part = Buffer.alloc(Math.min(65_536, most - total));
    const count = readNow(file, part);
    if (count === 0 && total > 0) break;
    if (count === 0 || count === undefined) {
      // Nobody has written yet.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
      leftMs -= PAUSE_MS;
      continue;
    }
    parts.push(part.subarray(0, count));
    total += count;
  }
  return Buffer.concat(parts);
}

/** The number of bytes; 0 without a writer, undefined if the writer has more to come. */
function readNow(file: number, part: Buffer): number | undefined {
  try {
    return readSync(file, part);
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

function textOf(bytes: Buffer): string {
  const wide = wideEncoding(bytes);
  if (wide !== undefined) {
    throw new UnusableFileError(
      `is encoded in ${wide}, but must be UTF-8; save it again with the encoding "UTF-8" (in PowerShell: Set-Content -Encoding utf8)`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const line = lineOfFirstFault(bytes);
    throw new UnusableFileError(
      `has a character in line ${line} that is not encoded in UTF-8 (it may be Latin-1, as in "ü" or "é"); save the file again with the encoding "UTF-8"`,
      line,
    );
  }
}

/** By the byte order mark or, without one, by the zero bytes of ordinary letters. */
function wideEncoding(bytes: Buffer): string | undefined {
  const starts = (...mark: readonly number[]): boolean =>
    mark.every((byte, index) => bytes[index] === byte);
  if (starts(0xff, 0xfe, 0, 0) || starts(0, 0, 0xfe, 0xff)) return 'UTF-32';
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) return 'UTF-16';
  const beginning = bytes.subarray(0, 1024);
  const zeros = [0, 0];
  for (const [index, byte] of beginning.entries()) {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  }
  const most = Math.max(...zeros);
  return beginning.length >= 4 && most > beginning.length / 4 ? 'UTF-16' : undefined;
}

function lineOfFirstFault(bytes: Buffer): number {
  // Line breaks are never a part of another character in UTF-8.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end;
    try {
      decoder.decode(bytes.subarray(from, to));
    } catch {
      return line;
    }
    from = to + 1;
  }
  return line;
}

/** The folder above a path that this user may not enter; undefined if the file itself is the obstacle. */
function closedFolder(path: string): string | undefined {
  const steps = [path];
  for (let folder = dirname(path); folder !== steps[0]; folder = dirname(folder)) {
    steps.unshift(folder);
  }
  return steps[steps.findIndex(isClosed) - 1];
}

/** Its own entry can't be read, because the folder around it may not be entered. */
function isClosed(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return codeOf(error) === 'EACCES';
  }
}

function inWords(bytes: number): string {
  return bytes < 1024 * 1024
    ? `${Math.ceil(bytes / 1024)} KiB`
    : `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
