import type { CopyOptions } from '../domain/transfer-record.js';
import { InternalError } from '../errors/request.errors.js';
import { LeafLines } from './leaf-lines.js';
import { NO_PARENTS } from './listed-folders.js';
import { endOfLine, frameBytes, isSymlinkLine, type StoredFileList } from './stored-format.js';
import { copyBytes, wordsOf } from './word-bytes.js';

/** Bytes of items built at a time. */
const PIECE_BYTES = 256 * 1024;

/** The items of a long list. */
export interface StreamedItems {
  readonly bytes: number;
  /** Starts with the first item at every call. */
  pieces(): AsyncIterable<Buffer>;
}

/**
 * The items of a Globus transfer for a stored list, as comma-separated JSON: a string for a short
 * list, a stream of known length for a long one, whose items take some 90 MB.
 *
 * @param source folder that the paths are relative to, with a trailing slash
 * @param destination folder to copy them to, with a trailing slash
 * @param which of its entries; the order of the items does not matter to Globus
 */
export function globusItems(
  files: StoredFileList,
  source: string,
  destination: string,
  which: CopyOptions['fileList'],
): string | StreamedItems {
  const templates: ItemTemplates = [
    itemTemplate('transfer_item', source, destination),
    itemTemplate('transfer_symlink_item', source, destination),
  ];
  const [file, symlink] = templates;
  const leftOut = which === 'leaves' ? files.parents : NO_PARENTS;
  const bytes =
    (files.count - leftOut.count - files.symlinks) * file.bytes +
    files.symlinks * symlink.bytes +
    2 * (files.pathBytes - leftOut.pathBytes);
  if (files.lines !== undefined) {
    const lines = which === 'leaves' ? leavesOf(files.lines) : files.lines;
    const items = Buffer.concat([...itemsOf(lines, templates, bytes)]);
    if (items.length !== bytes) {
      throw new InternalError('A file list does not have its recorded size. Please report this.');
    }
    return items.toString('utf8', FIRST_COMMA);
  }
  return {
    bytes: files.count === 0 ? 0 : bytes - FIRST_COMMA,
    pieces: async function* () {
      let from = FIRST_COMMA;
      for await (const lines of which === 'leaves' ? eachLeafOf(files) : files.jsonLines()) {
        for (const items of itemsOf(lines, templates, PIECE_BYTES)) {
          yield items.subarray(from);
          from = 0;
        }
      }
    },
  };
}

function leavesOf(lines: Buffer): Buffer {
  const leaves = new LeafLines();
  return Buffer.concat([...leaves.of(lines), ...leaves.end()]);
}

async function* eachLeafOf(files: StoredFileList): AsyncGenerator<Buffer> {
  const leaves = new LeafLines();
  for await (const lines of files.jsonLines()) yield* leaves.of(lines);
  yield* leaves.end();
}

/** Each item begins with a comma; that of the first one is left out. */
const FIRST_COMMA = 1;

/** An item around the entry's path, which it contains twice. */
interface ItemTemplate {
  readonly before: DataView;
  readonly between: DataView;
  readonly after: DataView;
  /** Total length. */
  readonly bytes: number;
}

type ItemTemplates = readonly [file: ItemTemplate, symlink: ItemTemplate];

/** Without `recursive`: Globus finds out whether an entry is a file or a folder. */
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

/** The items of these lines in pieces, copied as bytes: strings would take three times as long. */
function* itemsOf(lines: Buffer, templates: ItemTemplates, pieceBytes: number): Generator<Buffer> {
  for (let first = 0; first < lines.length;) {
    const least = itemBytes(lines, first, endOfLine(lines, first), templates);
    const piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, least));
    const { filled, next } = fill(piece, lines, first, templates);
    yield piece.subarray(0, filled);
    first = next;
  }
}

function itemBytes(
  lines: Buffer,
  start: number,
  end: number,
  [file, symlink]: ItemTemplates,
): number {
  const isSymlink = isSymlinkLine(lines, start);
  return (isSymlink ? symlink : file).bytes + 2 * (end - start - 2 * frameBytes(isSymlink));
}

/** Not part of the generator: in a plain function V8 runs the loop faster. */
function fill(
  piece: Buffer,
  lines: Buffer,
  first: number,
  [file, symlink]: ItemTemplates,
): { filled: number; next: number } {
  const source = wordsOf(lines);
  const target = wordsOf(piece);
  let filled = 0;
  let next = first;
  while (next < lines.length) {
    const end = endOfLine(lines, next);
    const isSymlink = isSymlinkLine(lines, next);
    const { before, between, after, bytes } = isSymlink ? symlink : file;
    const from = next + frameBytes(isSymlink);
    const to = end - frameBytes(isSymlink);
    if (filled + bytes + 2 * (to - from) > piece.length) break;
    filled = copyBytes(before, 0, before.byteLength, target, filled);
    filled = copyBytes(source, from, to, target, filled);
    filled = copyBytes(between, 0, between.byteLength, target, filled);
    filled = copyBytes(source, from, to, target, filled);
    filled = copyBytes(after, 0, after.byteLength, target, filled);
    next = end + 1;
  }
  return { filled, next };
}
