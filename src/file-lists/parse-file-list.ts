import { isUtf8 } from 'node:buffer';
import { isObject } from '../domain/untyped.js';
import { InvalidRequestError } from '../errors/request.errors.js';
import { nearestName } from '../templates/suggestion.js';
import { type FileEntry, type FileList, FileListBuilder } from './file-list.js';
import { repeatedKey } from './repeated-key.js';
import { equalBytes, wordsOf } from './word-bytes.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const FIRST_PRINTABLE = 0x20;

const NOT_UTF8 = 'The body is not valid UTF-8.';
const NOT_JSON = 'The body is not valid JSON.';
const LIST_KEY = 'fileList';
const ENTRY_KEYS: readonly (keyof FileEntry)[] = ['path', 'isSymlink'];

/** How nearly all entries are written. */
const BEFORE_PATH = wordsOf(Buffer.from('{"path":"'));
const AFTER_FILE = wordsOf(Buffer.from('","isSymlink":false}'));
const AFTER_LINK = wordsOf(Buffer.from('","isSymlink":true}'));

/** Entries are parsed in batches of at least this size: a millisecond's work. */
const PARSE_FROM_BYTES = 64 * 1024;
/** Limit for one entry, and for everything in the body except the list. */
const LONGEST_PART_BYTES = 1024 * 1024;
/** Enough to recognize the list's key; if it is written in another way, the list is parsed at the end. */
const KEY_BYTES = 64;
/** Longer keys are shortened in messages, and have no similar one. */
const LONGEST_KEY = 100;

/** What the body of a request contains. */
export interface ParsedBody {
  /** Undefined if there is no list, and so the whole dataset folder is requested. */
  readonly files: FileList | undefined;
  /** The other members of the object. */
  readonly others: ReadonlyMap<string, unknown>;
}

/**
 * Parses `{"fileList": [{"path": …, "isSymlink": …}, …], …}` incrementally. A list has up to 400,000
 * entries, some 32 MB: parsing it whole would block all other requests for half a second, and keep
 * three copies of it in memory.
 *
 * A plain entry, one without spaces or escapes as nearly all are, is copied byte by byte. Of any other
 * only the end is found here, by brackets and quotes; batches of these and the rest of the body go to
 * `JSON.parse`, which alone decides what is JSON.
 */
export class FileListParser {
  /** The body without the entries of the list. */
  private readonly rest = new Pieces();
  /** Entries that are not parsed yet. */
  private pending = new Pieces();
  /** Colons in these entries: two in each, unless one has a key more than once. */
  private pendingColons = 0;
  private files: FileListBuilder | undefined;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private inList = false;
  /** The last entry was followed by a comma, so another one must follow. */
  private afterComma = false;
  /** All entries up to the end of the piece were plain. */
  private plainSoFar = false;

  /**
   * @param bytes expected length of the body
   * @param maxEntries a longer list is refused as soon as it is known to be longer
   */
  constructor(
    private readonly bytes = 0,
    private readonly maxEntries = Number.POSITIVE_INFINITY,
  ) {}

  /**
   * Parses the next piece of the body.
   *
   * @throws InvalidRequestError
   */
  push(piece: Buffer): void {
    let from = 0;
    // This loop sees every byte: local variables are much faster than fields.
    let { depth, inString, escaped, inList, pendingColons: colons } = this;
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
            this.pendingColons = colons;
            this.parsePending();
            colons = 0;
            this.afterComma = true;
            from = this.takePlain(piece, at + 1);
            at = from - 1;
          }
          break;
        case COLON:
          colons += 1;
          break;
        case OPEN_LIST:
          depth += 1;
          if (depth === 2) {
            this.keep(piece.subarray(from, at + 1));
            from = at + 1;
            this.beginList();
            ({ inList } = this);
            if (inList) {
              colons = 0;
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
            this.pendingColons = colons;
            this.endList();
            ({ inList } = this);
          }
          break;
      }
    }
    this.depth = depth;
    this.inString = inString;
    this.escaped = escaped;
    this.pendingColons = colons;
    this.keep(piece.subarray(from));
  }

  /**
   * Ends the body.
   *
   * @throws InvalidRequestError
   */
  end(): ParsedBody {
    const text = this.rest.text().replace(/^\ufeff/, '');
    const body = parseJson(text);
    if (!isObject(body)) {
      throw new InvalidRequestError(
        'The body must be a JSON object such as {"fileList": [{"path": "a.h5", "isSymlink": false}]}, or absent.',
      );
    }
    const repeated = repeatedKey(text, 1);
    if (repeated !== undefined) throw givenTwice(repeated.key);
    const others = new Map(Object.entries(body));
    const fileList: unknown = others.get(LIST_KEY);
    others.delete(LIST_KEY);
    return { files: this.files?.build() ?? listedAtOnce(text, fileList, this.maxEntries), others };
  }

  private keep(bytes: Buffer): void {
    const part = this.inList ? this.pending : this.rest;
    part.add(bytes);
    if (part.bytes <= LONGEST_PART_BYTES) return;
    throw new InvalidRequestError(
      this.inList
        ? `Entry ${this.files?.count ?? 0} of fileList is too long for an object with path and isSymlink.`
        : 'The body contains too much data besides fileList. If it has a list, is its key misspelled? It must be "fileList".',
    );
  }

  /** Called at the start of an array one level below the body: the file list, if its key says so. */
  private beginList(): void {
    if (!/(?:^|[^\\])"fileList"\s*:\s*\[$/.test(this.rest.end(KEY_BYTES))) return;
    if (this.files !== undefined) throw givenTwice(LIST_KEY);
    this.files = new FileListBuilder(this.bytes, this.maxEntries);
    this.inList = true;
  }

  /**
   * Copies entries as long as they are plain and complete.
   *
   * @param start offset of an entry
   * @returns offset of the first entry that was not copied
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
    return this.plainSoFar || this.pending.bytes + bytes >= PARSE_FROM_BYTES;
  }

  private endList(): void {
    // Nothing between the brackets is an empty list; nothing after a comma is invalid JSON.
    if (this.afterComma || this.pending.text().trim() !== '') this.parsePending();
    this.inList = false;
  }

  private parsePending(): void {
    const text = this.pending.text();
    this.pending = new Pieces();
    if (text.trim() === '') throw new InvalidRequestError(NOT_JSON);
    const entries = parseJson(`[${text}]`);
    if (!Array.isArray(entries) || this.files === undefined) {
      throw new InvalidRequestError(NOT_JSON);
    }
    const before = this.files.count;
    for (const entry of entries as readonly unknown[]) addEntry(this.files, entry);
    if (this.pendingColons !== ENTRY_KEYS.length * entries.length) {
      requireKeysOnce(`[${text}]`, 2, before);
    }
  }
}

/** The list of a body in which {@link FileListParser.push} found none; its key has escapes, say. */
function listedAtOnce(text: string, fileList: unknown, maxEntries: number): FileList | undefined {
  if (fileList === undefined || fileList === null) return undefined;
  if (!Array.isArray(fileList)) {
    throw new InvalidRequestError('fileList must be a list of objects with path and isSymlink.');
  }
  const files = new FileListBuilder(0, maxEntries);
  for (const entry of fileList as readonly unknown[]) addEntry(files, entry);
  requireKeysOnce(text, 3, 0);
  return files.build();
}

function givenTwice(key: string): InvalidRequestError {
  return new InvalidRequestError(`The body contains ${shown(key)} twice.`);
}

function requireKeysOnce(text: string, level: number, firstEntry: number): void {
  const repeated = repeatedKey(text, level);
  if (repeated === undefined) return;
  throw new InvalidRequestError(
    `Entry ${firstEntry + repeated.index} of fileList contains ${shown(repeated.key)} twice.`,
  );
}

function shown(key: string): string {
  return key.slice(0, LONGEST_KEY);
}

/** Offset of the end of the string that starts here, or of an escape or control character in it. */
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

/** UTF-8 can't encode it, so no file has such a name. */
const HALF_SURROGATE_PAIR = /\p{Cs}/u;

function addEntry(files: FileListBuilder, entry: unknown): void {
  const unknown = unknownKey(entry);
  if (unknown !== undefined) {
    const meant = unknown.length > LONGEST_KEY ? undefined : nearestName(unknown, ENTRY_KEYS);
    throw new InvalidRequestError(
      `Entry ${files.count} of fileList has an unknown key "${shown(unknown)}"${
        meant === undefined ? '' : ` (did you mean "${meant}"?)`
      }. It must have path and isSymlink, and nothing else.`,
    );
  }
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

function unknownKey(entry: unknown): string | undefined {
  if (!isObject(entry)) return undefined;
  for (const key in entry) if (key !== 'path' && key !== 'isSymlink') return key;
  return undefined;
}

function isFileEntry(entry: unknown): entry is FileEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { path, isSymlink } = entry as { readonly path?: unknown; readonly isSymlink?: unknown };
  return typeof path === 'string' && typeof isSymlink === 'boolean';
}

/** A part of the body that comes in pieces. */
class Pieces {
  private readonly pieces: Buffer[] = [];
  bytes = 0;

  add(piece: Buffer): void {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.bytes += piece.length;
  }

  /** The last bytes, as Latin-1. */
  end(bytes: number): string {
    return Buffer.concat(this.pieces.slice(-bytes)).subarray(-bytes).toString('latin1');
  }

  text(): string {
    const bytes = Buffer.concat(this.pieces);
    // A replaced byte in a name would copy another file.
    if (!isUtf8(bytes)) throw new InvalidRequestError(NOT_UTF8);
    return bytes.toString('utf8');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidRequestError(NOT_JSON);
  }
}
