import { isUtf8 } from 'node:buffer';
import { InvalidRequestError } from '../errors/request.errors.js';
import { type FileEntry, type FileList, FileListBuilder } from './file-list.js';
import { equalBytes, wordsOf } from './word-bytes.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const FIRST_PRINTABLE = 0x20;

const NOT_UTF8 = 'The body is not valid UTF-8.';
const NOT_JSON = 'The body is not valid JSON.';
const LISTED_TWICE = 'The body names fileList twice.';

/** How nearly every entry is written. */
const BEFORE_PATH = wordsOf(Buffer.from('{"path":"'));
const AFTER_FILE = wordsOf(Buffer.from('","isSymlink":false}'));
const AFTER_LINK = wordsOf(Buffer.from('","isSymlink":true}'));

/** Entries are parsed once there are so many bytes of them: a millisecond's work. */
const PARSE_FROM_BYTES = 64 * 1024;
/** Limit of one entry, and of all that is in the body beside the list. */
const LONGEST_PART_BYTES = 1024 * 1024;
/** Enough to recognize the list's key; a list with a key written otherwise is parsed at the end. */
const KEY_BYTES = 64;

/**
 * Parses `{"fileList": [{"path": …, "isSymlink": …}, …]}` piece by piece. A list has up to 400,000
 * entries, some 32 MB: parsing it whole would block all other requests for half a second, and hold
 * it in memory three times over.
 *
 * An entry that is written as nearly all are, without a space or an escape, is copied from the bytes
 * as it is. Of all others only the end is found here, by brackets and quotes; they, a few hundred at
 * a time, and the rest of the body are then parsed by `JSON.parse`, which alone decides what is JSON.
 */
export class FileListParser {
  /** The body without the entries of the list. */
  private rest: Buffer[] = [];
  private restBytes = 0;
  /** Entries that are not parsed yet. */
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private files: FileListBuilder | undefined;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private inList = false;
  /** The last entry was followed by a comma, so another must come. */
  private afterComma = false;
  /** All entries up to the end of the piece were plain. */
  private plainSoFar = false;

  /** @param bytes length of the body, as far as it is known */
  constructor(private readonly bytes = 0) {}

  /**
   * Parses the next piece of the body.
   *
   * @throws InvalidRequestError as soon as something is invalid
   */
  push(piece: Buffer): void {
    let from = 0;
    // Every byte passes here: local variables are much faster than fields.
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
          if (inList && depth === 2 && this.parsesNow(at - from)) {
            this.keep(piece.subarray(from, at));
            this.parsePending();
            this.afterComma = true;
            from = this.takePlain(piece, at + 1);
            at = from - 1;
          }
          break;
        case OPEN_LIST:
          depth += 1;
          if (depth === 2) {
            this.keep(piece.subarray(from, at + 1));
            from = at + 1;
            this.beginList();
            ({ inList } = this);
            if (inList) {
              from = this.takePlain(piece, from);
              at = from - 1;
            }
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
   * Ends the body.
   *
   * @returns undefined when it has no list: the whole dataset folder is meant
   * @throws InvalidRequestError when it is not an object with or without a list
   */
  end(): FileList | undefined {
    const body = parseJson(textOf(this.rest).replace(/^\ufeff/, ''));
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new InvalidRequestError(
        'The body must be a JSON object such as {"fileList": [{"path": "a.h5", "isSymlink": false}]}, or absent.',
      );
    }
    const { fileList } = body as { readonly fileList?: unknown };
    if (this.files !== undefined) {
      // JSON would take the last one, which can't be meant.
      if (!Array.isArray(fileList) || fileList.length > 0)
        throw new InvalidRequestError(LISTED_TWICE);
      return this.files.build();
    }
    if (fileList === undefined || fileList === null) return undefined;
    if (Array.isArray(fileList)) {
      const files = new FileListBuilder();
      for (const entry of fileList as readonly unknown[]) addEntry(files, entry);
      return files.build();
    }
    throw new InvalidRequestError('fileList must be a list of objects with path and isSymlink.');
  }

  private keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.inList) {
      this.pending.push(bytes);
      this.pendingBytes += bytes.length;
      if (this.pendingBytes > LONGEST_PART_BYTES) {
        throw new InvalidRequestError(
          `Entry ${this.files?.count ?? 0} of fileList is too long for an object with path and isSymlink.`,
        );
      }
    } else {
      this.rest.push(bytes);
      this.restBytes += bytes.length;
      if (this.restBytes > LONGEST_PART_BYTES) {
        throw new InvalidRequestError('The body contains too much beside fileList.');
      }
    }
  }

  /** An array one level below the body starts: the file list, if its key says so. */
  private beginList(): void {
    const before = lastBytes(this.rest, KEY_BYTES).toString('latin1').slice(0, -1).trimEnd();
    if (!before.endsWith(':') || !/(?:^|[^\\])"fileList"$/.test(before.slice(0, -1).trimEnd()))
      return;
    if (this.files !== undefined) throw new InvalidRequestError(LISTED_TWICE);
    this.files = new FileListBuilder(this.bytes);
    this.inList = true;
  }

  /**
   * Copies entries as long as they are plain and whole, each with its comma.
   *
   * @param start where an entry starts
   * @returns where the first entry starts that was not copied
   */
  private takePlain(piece: Buffer, start: number): number {
    const { files } = this;
    if (files === undefined) return start;
    const words = wordsOf(piece);
    let from = start;
    this.plainSoFar = false;
    for (;;) {
      const path = from + BEFORE_PATH.byteLength;
      const pathEnd = stringEnd(piece, path);
      const isSymlink = !startsWith(words, pathEnd, AFTER_FILE);
      const next = pathEnd + (isSymlink ? AFTER_LINK : AFTER_FILE).byteLength;
      if (next >= piece.length) {
        this.plainSoFar = true;
        break;
      }
      if (!startsWith(words, from, BEFORE_PATH)) break;
      if (isSymlink && !startsWith(words, pathEnd, AFTER_LINK)) break;
      const follower = piece[next];
      if (follower !== COMMA && follower !== CLOSE_LIST) break;
      files.addPlain(words, path, pathEnd, isSymlink);
      this.afterComma = follower === COMMA;
      from = this.afterComma ? next + 1 : next;
      if (!this.afterComma) break;
    }
    if (!isUtf8(piece.subarray(start, from))) throw new InvalidRequestError(NOT_UTF8);
    return from;
  }

  /** @param bytes length of the current entry in this piece */
  private parsesNow(bytes: number): boolean {
    return this.plainSoFar || this.pendingBytes + bytes >= PARSE_FROM_BYTES;
  }

  private endList(): void {
    // Nothing between the brackets is an empty list; nothing after a comma is invalid JSON.
    if (this.afterComma || textOf(this.pending).trim() !== '') this.parsePending();
    this.pending = [];
    this.pendingBytes = 0;
    this.inList = false;
  }

  private parsePending(): void {
    const text = textOf(this.pending);
    this.pending = [];
    this.pendingBytes = 0;
    if (text.trim() === '') throw new InvalidRequestError(NOT_JSON);
    const entries = parseJson(`[${text}]`);
    if (!Array.isArray(entries) || this.files === undefined)
      throw new InvalidRequestError(NOT_JSON);
    for (const entry of entries as readonly unknown[]) addEntry(this.files, entry);
  }
}

/** Where the string that starts here ends, or has an escape or a control character. */
function stringEnd(piece: Buffer, start: number): number {
  let at = start;
  for (; at < piece.length; at += 1) {
    const byte = piece[at] ?? 0;
    if (byte === QUOTE || byte === BACKSLASH || byte < FIRST_PRINTABLE) break;
  }
  return at;
}

function startsWith(words: DataView, start: number, expected: DataView): boolean {
  return (
    start + expected.byteLength <= words.byteLength &&
    equalBytes(words, start, expected, 0, expected.byteLength)
  );
}

/** UTF-8 has no encoding for it, so no file has such a name. */
const HALF_SURROGATE_PAIR = /\p{Cs}/u;

function addEntry(files: FileListBuilder, entry: unknown): void {
  if (!isFileEntry(entry)) {
    throw new InvalidRequestError(
      `Entry ${files.count} of fileList must be an object with path (string) and isSymlink (true or false).`,
    );
  }
  if (HALF_SURROGATE_PAIR.test(entry.path)) {
    throw new InvalidRequestError(
      `Entry ${files.count} of fileList has an invalid character in its path: half of a surrogate pair.`,
    );
  }
  files.add(entry.path, entry.isSymlink);
}

function isFileEntry(entry: unknown): entry is FileEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { path, isSymlink } = entry as { readonly path?: unknown; readonly isSymlink?: unknown };
  return typeof path === 'string' && typeof isSymlink === 'boolean';
}

function lastBytes(pieces: readonly Buffer[], count: number): Buffer {
  // No piece is empty.
  return Buffer.concat(pieces.slice(-count)).subarray(-count);
}

function textOf(pieces: readonly Buffer[]): string {
  const [only, ...others] = pieces;
  const bytes = only !== undefined && others.length === 0 ? only : Buffer.concat(pieces);
  // A byte replaced in a name would copy another file.
  if (!isUtf8(bytes)) throw new InvalidRequestError(NOT_UTF8);
  return bytes.toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidRequestError(NOT_JSON);
  }
}
