import type { StreamedBody } from '../http-client/http-transport.port.js';
import type { TransferRequest } from '../transfers/application/ports/globus-transfers.port.js';
import type { SpooledFile, SpooledList } from '../transfers/application/ports/spool.port.js';

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
      bytesOf(beginning) +
      (files.count - files.symlinks) * lengthOf(shapes.file) +
      files.symlinks * lengthOf(shapes.link) +
      2 * files.pathBytes +
      Math.max(0, files.count - 1) * ','.length +
      END.length,
    pieces: () => pieces(beginning, files, shapes),
  };
}

const END = ']}';
const FILE = 'transfer_item';
const LINK = 'transfer_symlink_item';

/** An item of the document without the entry's path, which stands twice in it. */
type ItemShape = readonly [before: string, between: string, after: string];

interface ItemShapes {
  readonly file: ItemShape;
  readonly link: ItemShape;
}

/** Without `recursive`: an entry may be a file or a folder, and Globus finds out which. */
function itemShape(type: string, source: string, destination: string): ItemShape {
  return [
    `{"DATA_TYPE":"${type}","source_path":${JSON.stringify(source).slice(0, -1)}`,
    `","destination_path":${JSON.stringify(destination).slice(0, -1)}`,
    '"}',
  ];
}

async function* pieces(
  beginning: string,
  files: SpooledList,
  shapes: ItemShapes,
): AsyncGenerator<string> {
  yield beginning;
  let separator = '';
  for await (const batch of files.batches()) {
    let text = '';
    for (const file of batch) {
      text += separator + item(file, shapes);
      separator = ',';
    }
    yield text;
  }
  yield END;
}

function item({ jsonPath, isSymlink }: SpooledFile, { file, link }: ItemShapes): string {
  const [before, between, after] = isSymlink ? link : file;
  return before + jsonPath + between + jsonPath + after;
}

function lengthOf(shape: ItemShape): number {
  return bytesOf(shape.join(''));
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

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
