import { parseTime } from './times.js';
import { badRequest, TransferRefusal } from './refusals.js';

/** An item of a submission. */
export interface TransferItem {
  /** `symlink` copies the link itself. */
  readonly kind: 'path' | 'symlink';
  readonly source: string;
  readonly destination: string;
  /** `undefined`: Globus finds out whether it is a directory. */
  readonly recursive: boolean | undefined;
}

/** A parsed submission. */
export interface TransferRequest {
  readonly submissionId: string;
  readonly sourceId: string;
  readonly destinationId: string;
  readonly label: string | null;
  /** Milliseconds since the epoch. */
  readonly deadline: number | null;
  readonly syncLevel: 0 | 1 | 2 | 3 | null;
  readonly verifyChecksum: boolean;
  readonly preserveTimestamp: boolean;
  readonly encryptData: boolean;
  readonly skipSourceErrors: boolean;
  readonly failOnQuotaErrors: boolean;
  /** What becomes of the links in folders: they are left out, copied as links, or followed. */
  readonly recursiveSymlinks: 'ignore' | 'keep' | 'copy';
  readonly notifyOnSucceeded: boolean;
  readonly notifyOnFailed: boolean;
  readonly notifyOnInactive: boolean;
  readonly items: readonly TransferItem[];
}

type Fields = Readonly<Record<string, unknown>>;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The submission id of a document. Checked first, because a repeated submission is a Duplicate regardless
 * of the rest of its body.
 *
 * @throws {@link TransferRefusal} 400
 */
export function submissionIdOf(document: Fields): string {
  const id = document['submission_id'];
  if (typeof id !== 'string' || !uuidPattern.test(id)) {
    throw badRequest('submission_id is required and must be a UUID');
  }
  return id;
}

/**
 * Parses a submission. Paths are not checked (fact: a missing file or a denied folder is accepted, and
 * becomes a fault of the task).
 *
 * @throws {@link TransferRefusal} 400
 */
export function parseTransfer(document: Fields, now: number): TransferRequest {
  if (document['DATA_TYPE'] !== 'transfer') throw badRequest("DATA_TYPE must be 'transfer'");
  if (flag(document, 'delete_destination_extra', false)) {
    throw badRequest('This sandbox never deletes: delete_destination_extra is not supported');
  }
  if (list(document['filter_rules'] ?? [], 'filter_rules').length > 0) {
    throw badRequest('This sandbox copies everything: filter_rules is not supported');
  }
  const deadline = parseDeadline(document['deadline'], now);
  return {
    submissionId: submissionIdOf(document),
    sourceId: text(document, 'source_endpoint'),
    destinationId: text(document, 'destination_endpoint'),
    label: parseLabel(document['label']),
    deadline,
    syncLevel: parseSyncLevel(document['sync_level']),
    // Fact: checksums are verified only on request; notifications are sent unless declined.
    verifyChecksum: flag(document, 'verify_checksum', false),
    preserveTimestamp: flag(document, 'preserve_timestamp', false),
    encryptData: flag(document, 'encrypt_data', false),
    skipSourceErrors: flag(document, 'skip_source_errors', false),
    failOnQuotaErrors: flag(document, 'fail_on_quota_errors', false),
    recursiveSymlinks: parseRecursiveSymlinks(document['recursive_symlinks']),
    notifyOnSucceeded: flag(document, 'notify_on_succeeded', true),
    notifyOnFailed: flag(document, 'notify_on_failed', true),
    notifyOnInactive: flag(document, 'notify_on_inactive', true),
    items: parseItems(document['DATA']),
  };
}

/** Requires an object. @throws {@link TransferRefusal} 400 */
export function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest(`${name} must be a JSON object`);
  }
  return value as Fields;
}

/** Fact: at most 128 characters, no line breaks, no leading or trailing spaces. */
export function parseLabel(label: unknown): string | null {
  if (label === undefined || label === null) return null;
  if (typeof label !== 'string' || label.length > 128) {
    throw badRequest('label must be a string of at most 128 characters');
  }
  if (/[\r\n]/.test(label) || label.trim() !== label) {
    throw badRequest('label must not contain line breaks, nor begin or end with a space');
  }
  return label;
}

function parseDeadline(value: unknown, now: number): number | null {
  if (value === undefined || value === null) return null;
  const deadline = typeof value === 'string' ? parseTime(value) : undefined;
  if (deadline === undefined) throw badRequest('deadline must be an ISO 8601 time');
  if (deadline <= now) throw badRequest('deadline must be in the future');
  return deadline;
}

function parseItems(data: unknown): readonly TransferItem[] {
  const items = list(data ?? [], 'DATA');
  if (items.length === 0) {
    throw new TransferRefusal(
      400,
      'ClientError.BadRequest.NoTransferItems',
      'A transfer requires at least one item',
    );
  }
  return items.map(parseItem);
}

function parseItem(value: unknown): TransferItem {
  const fields = fieldsOf(value, 'An item of DATA');
  const type = fields['DATA_TYPE'];
  if (type !== 'transfer_item' && type !== 'transfer_symlink_item') {
    throw badRequest('An item of DATA must be a transfer_item or a transfer_symlink_item');
  }
  const recursive = fields['recursive'] ?? undefined;
  if (recursive !== undefined && typeof recursive !== 'boolean') {
    throw badRequest('recursive must be true, false or absent');
  }
  if (type === 'transfer_symlink_item' && recursive !== undefined) {
    throw badRequest('A transfer_symlink_item has no recursive');
  }
  if ((fields['external_checksum'] ?? null) !== null) {
    throw badRequest('This sandbox does not support external_checksum');
  }
  return {
    kind: type === 'transfer_item' ? 'path' : 'symlink',
    source: path(fields, 'source_path'),
    destination: path(fields, 'destination_path'),
    recursive,
  };
}

function parseSyncLevel(value: unknown): TransferRequest['syncLevel'] {
  if (value === undefined || value === null) return null;
  if (value === 0 || value === 1 || value === 2 || value === 3) return value;
  throw badRequest('sync_level must be null, 0, 1, 2 or 3');
}

/** Fact: links in folders are left out, unless the transfer says otherwise. */
function parseRecursiveSymlinks(value: unknown): TransferRequest['recursiveSymlinks'] {
  if (value === undefined || value === null) return 'ignore';
  if (value === 'ignore' || value === 'keep' || value === 'copy') return value;
  throw badRequest("recursive_symlinks must be 'ignore', 'keep' or 'copy'");
}

function path(fields: Fields, name: string): string {
  const value = text(fields, name);
  if (!value.startsWith('/') && !value.startsWith('~/')) {
    throw badRequest(`${name} must be an absolute path`);
  }
  return value;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') {
    throw badRequest(`${name} is required and must be a string`);
  }
  return value;
}

function flag(fields: Fields, name: string, whenAbsent: boolean): boolean {
  const value = fields[name] ?? whenAbsent;
  if (typeof value !== 'boolean') throw badRequest(`${name} must be true or false`);
  return value;
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badRequest(`${name} must be a list`);
  return value;
}
