import { globusItems } from '../file-lists/globus-items.js';
import type { TransferRequest } from '../ports/globus-transfers.port.js';
import type { StreamedBody } from '../ports/http-transport.port.js';

const MS_PER_HOUR = 3_600_000;
const END = ']}';

/**
 * The JSON document that starts a transfer. A long list is streamed, because 400,000 files make about
 * 90 MB. Its length is declared, since Globus may not accept a body without one.
 *
 * @param now wall clock in milliseconds since the epoch; start of the deadline
 */
export function submissionDocument(request: TransferRequest, now: number): string | StreamedBody {
  const beginning = `${JSON.stringify(head(request, now)).slice(0, -1)},"DATA":[`;
  const source = withSlash(request.source.path);
  const destination = withSlash(request.destination.path);
  const items =
    request.files === undefined
      ? wholeFolder(source, destination)
      : globusItems(request.files, source, destination);
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

/** Sets every option whose value matters, even if it is Globus's default. */
function head({ submissionId, label, source, destination, copy }: TransferRequest, now: number) {
  const { syncLevel, deadlineHours } = copy;
  return {
    DATA_TYPE: 'transfer',
    submission_id: submissionId,
    label,
    source_endpoint: source.collection,
    destination_endpoint: destination.collection,
    // Off by default in Globus.
    verify_checksum: copy.verifyChecksum,
    preserve_timestamp: copy.preserveTimestamp,
    encrypt_data: copy.encryptData,
    recursive_symlinks: copy.recursiveSymlinks,
    sync_level: syncLevel,
    deadline:
      deadlineHours === undefined ? undefined : isoSeconds(now + deadlineHours * MS_PER_HOUR),
    // Globus sends e-mail by default, but a service account has no mailbox.
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
