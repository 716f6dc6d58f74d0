import { isUtf8 } from 'node:buffer';
import { InvalidRequestError } from '../../errors/request.errors.js';
import type { FileEntry } from '../domain/file-list.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Entries are parsed as soon as there are so many bytes of them: a millisecond's work. */
const PARSE_FROM_BYTES = 64 * 1024;
/** An entry is a path and a flag, and beside the list there is nothing. */
const LONGEST_PART_BYTES = 1024 * 1024;
/** Enough for the key before the list; who writes it in another way is understood all the same. */
const KEY_BYTES = 64;

/**
 * Reads `{"fileList": [{"path": …, "isSymlink": …}, …]}` as it comes in. A list has up to 400,000
 * entries, some 32 MB: parsing it whole would stop everybody else for half a second, and hold all of
 * it in memory three times over.
 *
 * Only where an entry of the list ends is found out here, by brackets and quotes. The entries, a few
 * hundred at a time, and what is left of the body without them are then parsed by `JSON.parse`: so
 * what is no JSON there is none here.
 */
export class FileListReader {
  /** The body without the entries of the list. */
  private rest: Buffer[] = [];
  private restBytes = 0;
  /** Entries that were not parsed yet. */
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private files: FileEntry[] | undefined;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private inList = false;
  /** The list goes on after a comma, so an entry must follow. */
  private afterComma = false;

  /**
   * Takes the next piece of the body.
   *
   * @throws InvalidRequestError as soon as something can't be used
   */
  push(piece: Buffer): void {
    let from = 0;
    // Every byte passes here, which is a good deal quicker through variables than through fields.
    let { depth, inString, escaped, inList } = this;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at] ?? 0;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === QUOTE) inString = false;
        else if (byte === BACKSLASH) escaped = true;
        continue;
      }
      switch (byte) {
        case QUOTE:
          inString = true;
          break;
        case COMMA:
          if (inList && depth === 2 && this.pendingBytes + at - from >= PARSE_FROM_BYTES) {
            this.keep(piece.subarray(from, at));
            from = at + 1;
            this.parsePending();
            this.afterComma = true;
          }
          break;
        case OPEN_LIST:
          depth += 1;
          if (depth === 2) {
            this.keep(piece.subarray(from, at + 1));
            from = at + 1;
            this.beginList();
            ({ inList } = this);
          }
          break;
        case OPEN_OBJECT:
          depth += 1;
          break;
        case CLOSE_LIST:
        case CLOSE_OBJECT:
          depth -= 1;
          if (inList && depth === 1) {
            this.keep(piece.subarray(from, at));
            from = at;
            this.endList();
            ({ inList } = this);
          }
          break;
      }
    }
    this.depth = depth;
    this.inString = inString;
    this.escaped = escaped;
    this.keep(piece.subarray(from));
  }

  /**
   * The body is complete.
   *
   * @returns undefined when the whole dataset folder is meant: no list in it
   * @throws InvalidRequestError when it is anything but an object with a list or without one
   */
  end(): readonly FileEntry[] | undefined {
    const body = parseJson(textOf(this.rest).replace(/^\ufeff/, ''));
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new InvalidRequestError(
        'The body must be a JSON object such as {"fileList": [{"path": "a.h5", "isSymlink": false}]}, or absent.',
      );
    }
    const { fileList } = body as { readonly fileList?: unknown };
    if (this.files !== undefined) {
      // JSON would take the last one; nobody can mean that.
      if (!Array.isArray(fileList) || fileList.length > 0) throw listedTwice();
      return this.files;
    }
    if (fileList === undefined || fileList === null) return undefined;
    if (Array.isArray(fileList)) return fileList.map(checkedEntry);
    throw new InvalidRequestError('fileList must be a list of objects with path and isSymlink.');
  }

  private keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.inList) {
      this.pending.push(bytes);
      this.pendingBytes += bytes.length;
      if (this.pendingBytes > LONGEST_PART_BYTES) {
        throw new InvalidRequestError(
          `Entry ${this.files?.length ?? 0} of fileList is too long for an object with path and isSymlink.`,
        );
      }
    } else {
      this.rest.push(bytes);
      this.restBytes += bytes.length;
      if (this.restBytes > LONGEST_PART_BYTES) {
        throw new InvalidRequestError('The body holds too much beside fileList.');
      }
    }
  }

  /** A list one level below the body: the list of files, if its key says so. */
  private beginList(): void {
    const before = lastBytes(this.rest, KEY_BYTES).toString('latin1').slice(0, -1).trimEnd();
    if (!before.endsWith(':') || !/(?:^|[^\\])"fileList"$/.test(before.slice(0, -1).trimEnd()))
      return;
    if (this.files !== undefined) throw listedTwice();
    this.files = [];
    this.inList = true;
  }

  private endList(): void {
    // Nothing between the brackets is an empty list; nothing after a comma is no JSON.
    if (this.afterComma || textOf(this.pending).trim() !== '') this.parsePending();
    this.pending = [];
    this.pendingBytes = 0;
    this.inList = false;
  }

  private parsePending(): void {
    const text = textOf(this.pending);
    this.pending = [];
    this.pendingBytes = 0;
    if (text.trim() === '') throw malformed();
    const entries = parseJson(`[${text}]`);
    if (!Array.isArray(entries) || this.files === undefined) throw malformed();
    for (const entry of entries as readonly unknown[]) {
      this.files.push(checkedEntry(entry, this.files.length));
    }
  }
}

/** The entry itself, as there may be very many. */
function checkedEntry(entry: unknown, position: number): FileEntry {
  if (isFileEntry(entry)) return entry;
  throw new InvalidRequestError(
    `Entry ${position} of fileList must be an object with path (text) and isSymlink (true or false).`,
  );
}

function isFileEntry(entry: unknown): entry is FileEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { path, isSymlink } = entry as { readonly path?: unknown; readonly isSymlink?: unknown };
  return typeof path === 'string' && typeof isSymlink === 'boolean';
}

function lastBytes(pieces: readonly Buffer[], count: number): Buffer {
  const last: Buffer[] = [];
  let left = count;
  for (let index = pieces.length - 1; index >= 0 && left > 0; index -= 1) {
    const piece = pieces[index]?.subarray(-left) ?? Buffer.alloc(0);
    last.unshift(piece);
    left -= piece.length;
  }
  return Buffer.concat(last);
}

function textOf(pieces: readonly Buffer[]): string {
  const [only, ...others] = pieces;
  const bytes = only !== undefined && others.length === 0 ? only : Buffer.concat(pieces);
  // A byte that got lost in a name would have another file copied.
  if (!isUtf8(bytes)) throw new InvalidRequestError('The body is not valid UTF-8.');
  return bytes.toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw malformed();
  }
}

function malformed(): InvalidRequestError {
  return new InvalidRequestError('The body is not valid JSON.');
}

function listedTwice(): InvalidRequestError {
  return new InvalidRequestError('The body names fileList twice.');
}
