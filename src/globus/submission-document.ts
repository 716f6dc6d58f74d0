import { InternalError } from '../errors/request.errors.js';
import type { StreamedBody } from '../ports/http-transport.port.js';
import type { TransferRequest } from '../ports/globus-transfers.port.js';
import type { StoredFileList } from '../ports/file-list-store.port.js';
import { copyBytes, wordsOf } from '../file-lists/path-bytes.js';

const MS_PER_HOUR = 3_600_000;

/**
 * The document that starts a transfer, as JSON text. With a list of 400,000 files it has some 90 MB,
 * so that of a long list is written while it is sent; its length is known before, since whether
 * Globus takes a body without one is not.
 *
 * @param now wall clock in milliseconds since the epoch; a deadline counts from here
 */
export function submissionDocument(request: TransferRequest, now: number): string | StreamedBody {
  const beginning = `${JSON.stringify(head(request, now)).slice(0, -1)},"DATA":[`;
  const source = folder(request.source.path);
  const destination = folder(request.destination.path);
  const { files } = request;
  if (files === undefined) return `${beginning}${wholeFolder(source, destination)}${END}`;
  const shapes = {
    file: itemShape(FILE, source, destination),
    link: itemShape(LINK, source, destination),
  };
  const itemBytes =
    (files.count - files.symlinks) * shapes.file.bytes +
    files.symlinks * shapes.link.bytes +
    2 * files.pathBytes;
  if (files.lines !== undefined) {
    const items = Buffer.allocUnsafe(itemBytes);
    const filled = fill(items, files.lines, 0, shapes);
    if (filled.bytes !== itemBytes || filled.next !== files.lines.length) {
      throw new InternalError('A file list is not what it was said to be. Please report this.');
    }
    return `${beginning}${items.toString('utf8', 1)}${END}`;
  }
  return {
    bytes: Buffer.byteLength(beginning) + itemBytes - Math.min(1, files.count) + END.length,
    pieces: () => pieces(beginning, files, shapes),
  };
}

const END = ']}';
const FILE = 'transfer_item';
const LINK = 'transfer_symlink_item';

/** An item of the document without the entry's path, which stands twice in it. */
interface ItemShape {
  readonly before: DataView;
  readonly between: DataView;
  readonly after: DataView;
  /** Of all three. */
  readonly bytes: number;
}

interface ItemShapes {
  readonly file: ItemShape;
  readonly link: ItemShape;
}

/**
 * Without `recursive`: an entry may be a file or a folder, and Globus finds out which. The comma of
 * the very first item is left out.
 */
function itemShape(type: string, source: string, destination: string): ItemShape {
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

async function* pieces(
  beginning: string,
  files: StoredFileList,
  shapes: ItemShapes,
): AsyncGenerator<Buffer> {
  yield Buffer.from(beginning);
  let isFirst = true;
  for await (const lines of files.jsonLines()) {
    for (let start = 0; start < lines.length;) {
      const piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, roomFor(lines, start, shapes)));
      const filled = fill(piece, lines, start, shapes);
      start = filled.next;
      yield piece.subarray(isFirst ? 1 : 0, filled.bytes);
      isFirst = false;
    }
  }
  yield Buffer.from(END);
}

/** How many bytes the item of the line takes that begins here. */
function roomFor(lines: Buffer, start: number, shapes: ItemShapes): number {
  const { bytes } = lines[start] === OPENING_BRACKET ? shapes.link : shapes.file;
  return bytes + 2 * (lines.indexOf(LINE_FEED, start) - start);
}

/** What came of filling a piece: how many bytes, and where the line begins to go on with. */
interface Filled {
  readonly bytes: number;
  readonly next: number;
}

/** Built of bytes: as texts, 400,000 items take three times as long. */
function fill(piece: Buffer, lines: Buffer, first: number, shapes: ItemShapes): Filled {
  const source = wordsOf(lines);
  const target = wordsOf(piece);
  let filled = 0;
  let start = first;
  while (start < lines.length) {
    const end = lines.indexOf(LINE_FEED, start);
    const isLink = lines[start] === OPENING_BRACKET;
    const { before, between, after, bytes } = isLink ? shapes.link : shapes.file;
    const quotes = isLink ? '["'.length : '"'.length;
    const from = start + quotes;
    const to = end - quotes;
    if (filled + bytes + 2 * (to - from) > piece.length) break;
    filled = copyBytes(before, 0, before.byteLength, target, filled);
    filled = copyBytes(source, from, to, target, filled);
    filled = copyBytes(between, 0, between.byteLength, target, filled);
    filled = copyBytes(source, from, to, target, filled);
    filled = copyBytes(after, 0, after.byteLength, target, filled);
    start = end + 1;
  }
  return { bytes: filled, next: start };
}

const LINE_FEED = 0x0a;
const OPENING_BRACKET = 0x5b;
/** What is handed to the connection at a time. */
const PIECE_BYTES = 256 * 1024;

/** What Globus does by default is written out where we want something else, or must be sure of it. */
function head({ submissionId, label, source, destination, copy }: TransferRequest, now: number) {
  const { syncLevel, deadlineHours } = copy;
  return {
    DATA_TYPE: 'transfer',
    submission_id: submissionId,
    label,
    source_endpoint: source.collection,
    destination_endpoint: destination.collection,
    // Globus's default is no verification.
    verify_checksum: copy.verifyChecksum,
    preserve_timestamp: copy.preserveTimestamp,
    encrypt_data: copy.encryptData,
    ...(syncLevel === undefined ? {} : { sync_level: syncLevel }),
    ...(deadlineHours === undefined
      ? {}
      : { deadline: isoSeconds(now + deadlineHours * MS_PER_HOUR) }),
    // Globus's default is mail, and a service account has no mailbox.
    notify_on_succeeded: false,
    notify_on_failed: false,
    notify_on_inactive: false,
  };
}

function wholeFolder(source: string, destination: string): string {
  return JSON.stringify({
    DATA_TYPE: 'transfer_item',
    source_path: source,
    destination_path: destination,
    recursive: true,
  });
}

/** With a trailing slash. */
function folder(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, '+00:00');
}
