import { setImmediate } from 'node:timers/promises';
import type { TransferRequest } from '../transfers/application/ports/globus-transfers.port.js';
import type { FileEntry } from '../transfers/domain/file-list.js';

/** So many items are written at a stretch before anything else may run (a few milliseconds). */
const SLICE = 2_000;

const MS_PER_HOUR = 3_600_000;

/**
 * The document that starts a transfer, as JSON text. It is pure ASCII, so that turning 100 MB of it
 * into bytes is a mere copy, and it is written in slices, because a list may have 400,000 entries.
 *
 * @param now wall clock in milliseconds since the epoch; a deadline counts from here
 * @throws the signal's reason
 */
export async function submissionDocument(
  request: TransferRequest,
  now: number,
  signal?: AbortSignal,
): Promise<string> {
  const parts = [ascii(JSON.stringify(head(request, now))).slice(0, -1), ',"DATA":['];
  const source = folder(request.source.path);
  const destination = folder(request.destination.path);
  if (request.files === undefined) {
    parts.push(ascii(wholeFolder(source, destination)));
  } else {
    for (let start = 0; start < request.files.length; start += SLICE) {
      if (start > 0) {
        await setImmediate();
        signal?.throwIfAborted();
        parts.push(',');
      }
      const slice = request.files.slice(start, start + SLICE);
      parts.push(ascii(slice.map((file) => item(file, source, destination)).join(',')));
    }
  }
  parts.push(']}');
  return parts.join('');
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

/** Without `recursive`: an entry may be a file or a folder, and Globus finds out which. */
function item(file: FileEntry, source: string, destination: string): string {
  return JSON.stringify({
    DATA_TYPE: file.isSymlink ? 'transfer_symlink_item' : 'transfer_item',
    source_path: source + file.path,
    destination_path: destination + file.path,
  });
}

/** With a trailing slash. */
function folder(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, '+00:00');
}

/** JSON may write any character as an escape of its code units. */
function ascii(json: string): string {
  return json.replace(
    /[^\x00-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
