import type { StreamedBody } from '../http-client/http-transport.port.js';
import type { TransferRequest } from '../transfers/application/ports/globus-transfers.port.js';
import type { SpooledList } from '../transfers/application/ports/spool.port.js';

const MS_PER_HOUR = 3_600_000;

/**
 * The document that starts a transfer, as JSON text. With a list of 400,000 files it has some 90 MB,
 * so it is written while it is sent; its length is known before, since whether Globus takes a body
 * without one is not.
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
  return {
    bytes:
      Buffer.byteLength(beginning) +
      (files.count - files.symlinks) * shapes.file.bytes +
      files.symlinks * shapes.link.bytes +
      2 * files.pathBytes -
      Math.min(1, files.count) +
      END.length,
    pieces: () => pieces(beginning, files, shapes),
  };
}

const END = ']}';
const FILE = 'transfer_item';
const LINK = 'transfer_symlink_item';

/** An item of the document without the entry's path, which stands twice in it. */
interface ItemShape {
  readonly before: Buffer;
  readonly between: Buffer;
  readonly after: Buffer;
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
  const before = Buffer.from(
    `,{"DATA_TYPE":"${type}","source_path":${JSON.stringify(source).slice(0, -1)}`,
  );
  const between = Buffer.from(`","destination_path":${JSON.stringify(destination).slice(0, -1)}`);
  const after = Buffer.from('"}');
  return { before, between, after, bytes: before.length + between.length + after.length };
}

async function* pieces(
  beginning: string,
  files: SpooledList,
  shapes: ItemShapes,
): AsyncGenerator<Buffer> {
  yield Buffer.from(beginning);
  let isFirst = true;
  for await (const lines of files.jsonLines()) {
    for (const items of itemsOf(lines, shapes)) {
      yield isFirst ? items.subarray(1) : items;
      isFirst = false;
    }
  }
  yield Buffer.from(END);
}

/** Built of bytes: as texts, 400,000 items take three times as long. */
function* itemsOf(lines: Buffer, shapes: ItemShapes): Generator<Buffer> {
  let piece = Buffer.allocUnsafe(PIECE_BYTES);
  let filled = 0;
  for (let start = 0; start < lines.length;) {
    const end = lines.indexOf(LINE_FEED, start);
    const isLink = lines[start] === OPENING_BRACKET;
    const { before, between, after, bytes } = isLink ? shapes.link : shapes.file;
    const quotes = isLink ? '["'.length : '"'.length;
    const [from, to] = [start + quotes, end - quotes];
    const needed = bytes + 2 * (to - from);
    if (filled + needed > piece.length) {
      if (filled > 0) yield piece.subarray(0, filled);
      piece = Buffer.allocUnsafe(Math.max(PIECE_BYTES, needed));
      filled = 0;
    }
    filled += before.copy(piece, filled);
    filled += lines.copy(piece, filled, from, to);
    filled += between.copy(piece, filled);
    filled += lines.copy(piece, filled, from, to);
    filled += after.copy(piece, filled);
    start = end + 1;
  }
  if (filled > 0) yield piece.subarray(0, filled);
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
