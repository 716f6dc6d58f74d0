import type { CopyOptions } from '../domain/transfer-record.js';
import { InternalError } from '../errors/request.errors.js';
import { type LateDecisions, NO_PARENTS, ParentFinder } from './listed-folders.js';
import {
  endOfLine,
  frameBytes,
  isSymlinkLine,
  startOfPath,
  type StoredFileList,
} from './stored-format.js';
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
  const left = which === 'leaves' ? files.parents : NO_PARENTS;
  const bytes =
    (files.count - left.count - files.symlinks) * file.bytes +
    files.symlinks * symlink.bytes +
    2 * (files.pathBytes - left.pathBytes);
  const builder = (): ItemBuilder => new ItemBuilder(templates, which);
  if (files.lines !== undefined) {
    const build = builder();
    const items = Buffer.concat([...build.itemsOf(files.lines, bytes), ...build.end()]);
    if (items.length !== bytes) {
      throw new InternalError('A file list does not have its recorded size. Please report this.');
    }
    return items.toString('utf8', FIRST_COMMA);
  }
  return {
    bytes: bytes === 0 ? 0 : bytes - FIRST_COMMA,
    pieces: async function* () {
      const build = builder();
      let from = FIRST_COMMA;
      const some = function* (pieces: Iterable<Buffer>): Generator<Buffer> {
        for (const items of pieces) {
          yield items.subarray(from);
          from = 0;
        }
      };
      for await (const lines of files.jsonLines()) yield* some(build.itemsOf(lines, PIECE_BYTES));
      yield* some(build.end());
    },
  };
}

/** The line of an entry that is not a symlink, around its path. */
const BEFORE_PATH = Buffer.from('"');
const AFTER_PATH = Buffer.from('"\n');

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

/** Makes items of lines, copied as bytes: strings would take three times as long. */
class ItemBuilder implements LateDecisions {
  private readonly finder: ParentFinder | undefined;
  /** Lines that have turned out to be leaves only now. */
  private late: Buffer[] = [];

  constructor(
    private readonly templates: ItemTemplates,
    which: CopyOptions['fileList'],
  ) {
    this.finder = which === 'leaves' ? new ParentFinder(this) : undefined;
  }

  /** The items that these lines decide about, in pieces. @param bytes of a piece, unless one item is longer */
  *itemsOf(lines: Buffer, bytes: number): Generator<Buffer> {
    yield* this.piecesOf(lines, bytes, this.finder);
    yield* this.lateItems();
  }

  /** The items that only the end decides about. */
  *end(): Generator<Buffer> {
    this.finder?.end();
    yield* this.lateItems();
  }

  parent(): void {
    // It gets no item.
  }

  leaf(path: Buffer): void {
    this.late.push(Buffer.concat([BEFORE_PATH, path, AFTER_PATH]));
  }

  private *lateItems(): Generator<Buffer> {
    const { late, templates } = this;
    if (late.length === 0) return;
    this.late = [];
    const lines = Buffer.concat(late);
    const [file] = templates;
    const bytes = late.length * file.bytes + 2 * lines.length;
    yield* this.piecesOf(lines, Math.min(PIECE_BYTES, bytes), undefined);
  }

  private *piecesOf(
    lines: Buffer,
    bytes: number,
    finder: ParentFinder | undefined,
  ): Generator<Buffer> {
    for (let first = 0; first < lines.length;) {
      const least = itemBytes(lines, first, endOfLine(lines, first), this.templates);
      const piece = Buffer.allocUnsafeSlow(Math.max(bytes, least));
      const { filled, next } = fill(piece, lines, first, this.templates, finder);
      if (filled > 0) yield piece.subarray(0, filled);
      first = next;
    }
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

/**
 * Fills a piece with items, without those of parents and of undecided entries. Not part of a generator:
 * in a plain function V8 runs the loop faster.
 */
function fill(
  piece: Buffer,
  lines: Buffer,
  first: number,
  [file, symlink]: ItemTemplates,
  finder: ParentFinder | undefined,
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
    // Also where the entry gets no item: it must be met once only.
    if (filled + bytes + 2 * (to - from) > piece.length) break;
    next = end + 1;
    if (finder !== undefined) {
      finder.settle(source, from);
      if (!isSymlink && finder.standing(source, from, to, startOfPath(lines, next)) !== 'leaf')
        continue;
    }
    filled = copyBytes(before, 0, before.byteLength, target, filled);
    filled = copyBytes(source, from, to, target, filled);
    filled = copyBytes(between, 0, between.byteLength, target, filled);
    filled = copyBytes(source, from, to, target, filled);
    filled = copyBytes(after, 0, after.byteLength, target, filled);
  }
  return { filled, next };
}
