import type { FileListDigest, SymlinkRun } from './file-list-digest.js';

/** One side of a transfer, as it was resolved when the transfer was asked for. */
export interface RecordedSide {
  /** Facility name in the configuration of that day. */
  readonly facility: string;
  /** Globus collection UUID. */
  readonly collection: string;
  /** Absolute path inside the collection. */
  readonly path: string;
  /** Globus scopes that this side needs. */
  readonly scopes: readonly string[];
}

/** How Globus copies. */
export interface CopyOptions {
  readonly verifyChecksum: boolean;
  readonly preserveTimestamp: boolean;
  readonly encryptData: boolean;
  /** Globus's sync level: 0 exists, 1 size, 2 newer, 3 checksum. Absent: always copy. */
  readonly syncLevel?: number;
  /** Hours after which Globus gives the task up. Absent: Globus's own rule. */
  readonly deadlineHours?: number;
}

/**
 * All that a transfer needs to be carried out as it was asked for, whatever happens to the process
 * or the configuration. Written once, when the SciCat job is made, and never changed. The format is
 * frozen: a new field needs a new version, and every version must stay readable.
 */
export interface TransferRecord {
  readonly version: 1;
  /** UUID that the proxy made before anything else; the job is found by it when an answer was lost. */
  readonly key: string;
  readonly datasetPid: string;
  readonly source: RecordedSide;
  readonly destination: RecordedSide;
  readonly copy: CopyOptions;
  /** Whether the scientist wants the dataset archived when it has arrived. */
  readonly autoArchive: boolean;
  readonly requestedBy: {
    readonly username: string;
    readonly email?: string;
    /** The dataset's owner group. */
    readonly ownerGroup: string;
  };
  /** What SciCat says of the dataset's size. */
  readonly dataset: { readonly bytes: number; readonly files: number };
  /** The Globus client that the transfer belongs to; another one can't see its task. */
  readonly globusClientId: string;
  /** Globus's idempotency key, if one was at hand when the job was made. */
  readonly submissionId?: string;
  /** Absent: the whole dataset folder. */
  readonly fileList?: FileListDigest;
}

/**
 * The record as one opaque string. SciCat may mask what looks like an e-mail address in any readable
 * field (also inside paths and names), so only the sealed string is ever read back.
 */
export function sealRecord(record: TransferRecord): string {
  return Buffer.from(JSON.stringify(record), 'utf8').toString('base64url');
}

/** A record, or why the string holds none. */
type UnsealedRecord =
  | { readonly ok: true; readonly record: TransferRecord }
  | { readonly ok: false; readonly reason: string };

/** Reads a sealed string back; nothing in it is believed before its type was checked. */
export function unsealRecord(sealed: unknown): UnsealedRecord {
  if (typeof sealed !== 'string' || sealed === '') return bad('there is no sealed record');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(sealed, 'base64url').toString('utf8'));
  } catch {
    return bad('the sealed record is not JSON');
  }
  try {
    return { ok: true, record: readRecord(object(value, 'record')) };
  } catch (error) {
    if (error instanceof MalformedRecord) return bad(error.message);
    throw error;
  }
}

class MalformedRecord extends Error {}

function bad(reason: string): UnsealedRecord {
  return { ok: false, reason };
}

function readRecord(value: Fields): TransferRecord {
  if (value['version'] !== 1) {
    throw new MalformedRecord(`version ${JSON.stringify(value['version'])} is not known here`);
  }
  const requestedBy = object(value['requestedBy'], 'requestedBy');
  const dataset = object(value['dataset'], 'dataset');
  const email = optional(requestedBy['email'], 'requestedBy.email', text);
  const submissionId = optional(value['submissionId'], 'submissionId', text);
  const fileList = optional(value['fileList'], 'fileList', readFileList);
  return {
    version: 1,
    key: text(value['key'], 'key'),
    datasetPid: text(value['datasetPid'], 'datasetPid'),
    source: readSide(value['source'], 'source'),
    destination: readSide(value['destination'], 'destination'),
    copy: readCopyOptions(value['copy']),
    autoArchive: flag(value['autoArchive'], 'autoArchive'),
    requestedBy: {
      username: text(requestedBy['username'], 'requestedBy.username'),
      ...(email === undefined ? {} : { email }),
      ownerGroup: text(requestedBy['ownerGroup'], 'requestedBy.ownerGroup'),
    },
    dataset: {
      bytes: count(dataset['bytes'], 'dataset.bytes'),
      files: count(dataset['files'], 'dataset.files'),
    },
    globusClientId: text(value['globusClientId'], 'globusClientId'),
    ...(submissionId === undefined ? {} : { submissionId }),
    ...(fileList === undefined ? {} : { fileList }),
  };
}

function readSide(value: unknown, name: string): RecordedSide {
  const side = object(value, name);
  const path = text(side['path'], `${name}.path`);
  if (!path.startsWith('/')) throw new MalformedRecord(`${name}.path is not absolute`);
  return {
    facility: text(side['facility'], `${name}.facility`),
    collection: text(side['collection'], `${name}.collection`),
    path,
    scopes: array(side['scopes'], `${name}.scopes`).map((scope) => text(scope, `${name}.scopes`)),
  };
}

function readCopyOptions(value: unknown): CopyOptions {
  const copy = object(value, 'copy');
  const syncLevel = optional(copy['syncLevel'], 'copy.syncLevel', level);
  const deadlineHours = optional(copy['deadlineHours'], 'copy.deadlineHours', positive);
  return {
    verifyChecksum: flag(copy['verifyChecksum'], 'copy.verifyChecksum'),
    preserveTimestamp: flag(copy['preserveTimestamp'], 'copy.preserveTimestamp'),
    encryptData: flag(copy['encryptData'], 'copy.encryptData'),
    ...(syncLevel === undefined ? {} : { syncLevel }),
    ...(deadlineHours === undefined ? {} : { deadlineHours }),
  };
}

function readFileList(value: unknown): FileListDigest {
  const list = object(value, 'fileList');
  const sha256 = text(list['sha256'], 'fileList.sha256');
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new MalformedRecord('fileList.sha256 is not a SHA-256');
  return {
    count: count(list['count'], 'fileList.count'),
    sha256,
    symlinks: array(list['symlinks'], 'fileList.symlinks').map((run): SymlinkRun => {
      const [first, length, ...rest] = array(run, 'fileList.symlinks');
      if (rest.length > 0) throw new MalformedRecord('fileList.symlinks does not hold pairs');
      return [count(first, 'fileList.symlinks'), count(length, 'fileList.symlinks')];
    }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function object(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedRecord(`${name} is not an object`);
  }
  return value as Fields;
}

function array(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedRecord(`${name} is not a list`);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') {
    throw new MalformedRecord(`${name} is not a string`);
  }
  return value;
}

function flag(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw new MalformedRecord(`${name} is not true or false`);
  return value;
}

function count(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new MalformedRecord(`${name} is not a whole number from 0`);
  }
  return value;
}

function level(value: unknown, name: string): number {
  const level = count(value, name);
  if (level > 3) throw new MalformedRecord(`${name} is none of Globus's levels 0 to 3`);
  return level;
}

function positive(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw new MalformedRecord(`${name} is not a number above 0`);
  }
  return value;
}

function optional<T>(
  value: unknown,
  name: string,
  read: (value: unknown, name: string) => T,
): T | undefined {
  return value === undefined ? undefined : read(value, name);
}
