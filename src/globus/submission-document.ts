import { globusItems } from '../file-lists/globus-items.js';
import type { TransferRequest } from '../ports/globus-transfers.port.js';
import type { StreamedBody } from '../ports/http-transport.port.js';

const MS_PER_HOUR = 3_600_000;
const END = ']}';

/**
 * The document that starts a transfer, as JSON. With a list of 400,000 files it has some 90 MB, so
 * that of a long list is streamed. Its length is known before: whether Globus accepts a body without
 * one is unknown.
 *
 * @param now wall clock in milliseconds since the epoch; a deadline counts from here
 */
export function submissionDocument(request: TransferRequest, now: number): string | StreamedBody {
  const beginning = `${JSON.stringify(head(request, now)).slice(0, -1)},"DATA":[`;
  const source = withSlash(request.source.path);
  const destination = withSlash(request.destination.path);
  const { files } = request;
  const items =
    files === undefined
      ? wholeFolder(source, destination)
      : globusItems(files, source, destination);
  if (typeof items === 'string') return `${beginning}${items}${END}`;
  return {
    bytes: Buffer.byteLength(beginning) + items.bytes + END.length,
    pieces: async function* () {
      yield Buffer.from(beginning);
      yield* items.pieces();
      yield Buffer.from(END);
    },
  };
}

/** Globus's defaults are set explicitly where another value is wanted, or the value matters. */
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
    // Globus sends e-mail by default, and a service account has no mailbox.
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

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, '+00:00');
}
