import { InternalError } from '../errors/request.errors.js';
import { endOfLine, frameBytes, isSymlinkLine, type StoredFileList } from './stored-format.js';
import { copyBytes, wordsOf } from './word-bytes.js';

/** Bytes of items that are made at a time. */
const PIECE_BYTES = 256 * 1024;
const FILE = 'transfer_item';
const SYMLINK = 'transfer_symlink_item';

/** The items of a long list. */
export interface StreamedItems {
  readonly bytes: number;
  /** From the first item, at every call. */
  pieces(): AsyncIterable<Buffer>;
}

/**
 * The items of a Globus transfer that stand for a stored list, as JSON separated by commas: all of
 * them for a short list, a stream of known length for a long one, which takes some 90 MB.
 *
 * @param source folder that the paths are relative to, with a trailing slash
 * @param destination folder that they are copied to, with a trailing slash
 */
export function globusItems(
  files: StoredFileList,
  source: string,
  destination: string,
): string | StreamedItems {
  const templates = {
    file: itemTemplate(FILE, source, destination),
    symlink: itemTemplate(SYMLINK, source, destination),
  };
  const bytes =
    (files.count - files.symlinks) * templates.file.bytes +
    files.symlinks * templates.symlink.bytes +
    2 * files.pathBytes;
  if (files.lines !== undefined) {
    const items = Buffer.allocUnsafe(bytes);
    const filled = fill(items, files.lines, 0, templates);
    if (filled.bytes !== bytes || filled.next !== files.lines.length) {
      throw new InternalError('A file list does not have its recorded size. Please report this.');
    }
    return items.toString('utf8', FIRST_COMMA);
  }
  return {
    bytes: files.count === 0 ? 0 : bytes - FIRST_COMMA,
    pieces: () => itemsInPieces(files, templates),
  };
}

/** An item begins with the comma after the one before; that of the first item is left out. */
const FIRST_COMMA = 1;

/** An item without the entry's path, which it has twice. */
interface ItemTemplate {
  readonly before: DataView;
  readonly between: DataView;
  readonly after: DataView;
  /** Length of all three. */
  readonly bytes: number;
}

interface ItemTemplates {
  readonly file: ItemTemplate;
  readonly symlink: ItemTemplate;
}

/** Without `recursive`: an entry may be a file or a folder, and Globus finds out which. */
function itemTemplate(type: string, source: string, destination: string): ItemTemplate {
  const before = `,{"DATA_TYPE":"${type}","source_path":${JSON.stringify(source).slice(0, -1)}`;
  const between = `","destination_path":${JSON.stringify(destination).slice(0, -1)}`;
  const after = '"}';
  return {
    before: wordsOf(Buffer.from(before)),
    between: wordsOf(Buffer.from(between)),
    after: wordsOf(Buffer.from(after)),
    bytes: Buffer.byteLength(before + between + after),
  };
}

async function* itemsInPieces(
  files: StoredFileList,
  templates: ItemTemplates,
): AsyncGenerator<Buffer> {
  let from = FIRST_COMMA;
  for await (const lines of files.jsonLines()) {
    for (let start = 0; start < lines.length;) {
      const least = itemBytes(lines, start, endOfLine(lines, start), templates);
      const piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, least));
      const filled = fill(piece, lines, start, templates);
      start = filled.next;
      yield piece.subarray(from, filled.bytes);
      from = 0;
    }
  }
}

/** How many bytes the item of a line takes. */
function itemBytes(
  lines: Buffer,
  start: number,
  end: number,
  { file, symlink }: ItemTemplates,
): number {
  const isSymlink = isSymlinkLine(lines, start);
  return (isSymlink ? symlink : file).bytes + 2 * (end - start - 2 * frameBytes(isSymlink));
}

/**
 * Fills a piece with items, byte by byte: as strings, 400,000 of them take three times as long.
 *
 * @returns how many bytes were filled, and where the line starts to continue with
 */
function fill(
  piece: Buffer,
  lines: Buffer,
  first: number,
  templates: ItemTemplates,
): { readonly bytes: number; readonly next: number } {
  const source = wordsOf(lines);
  const target = wordsOf(piece);
  let bytes = 0;
  let next = first;
  while (next < lines.length) {
    const end = endOfLine(lines, next);
    if (bytes + itemBytes(lines, next, end, templates) > piece.length) break;
    const isSymlink = isSymlinkLine(lines, next);
    const { before, between, after } = isSymlink ? templates.symlink : templates.file;
    const from = next + frameBytes(isSymlink);
    const to = end - frameBytes(isSymlink);
    bytes = copyBytes(before, 0, before.byteLength, target, bytes);
    bytes = copyBytes(source, from, to, target, bytes);
    bytes = copyBytes(between, 0, between.byteLength, target, bytes);
    bytes = copyBytes(source, from, to, target, bytes);
    bytes = copyBytes(after, 0, after.byteLength, target, bytes);
    next = end + 1;
  }
  return { bytes, next };
}
