import {
  areRuns,
  type FileListDigest,
  type LinkDigest,
  type NotedLinks,
  type SymlinkRun,
} from './file-list-digest.js';
import type { LifecycleFound } from './dataset-lifecycle.js';
import { field, isObject } from './untyped.js';

/**
 * Longest sealed record, in characters. A page of SciCat's jobs holds many records, and is read as a
 * whole.
 */
export const LONGEST_SEALED_RECORD = 64 * 1024;

/** One side of a transfer, as resolved at the time of the request. */
export interface RecordedSide {
  /** Name of the facility in the configuration at that time. */
  readonly facility: string;
  /** Globus collection UUID. */
  readonly collection: string;
  /** Absolute path inside the collection. */
  readonly path: string;
  /** Required Globus scopes. */
  readonly scopes: readonly string[];
}

/** How Globus copies. */
export interface CopyOptions {
  readonly verifyChecksum: boolean;
  readonly preserveTimestamp: boolean;
  readonly encryptData: boolean;
  /** Globus's sync level: 0 exists, 1 size, 2 newer, 3 checksum. Absent: always copy. */
  readonly syncLevel?: number;
  /** Hours after which Globus abandons the task. Absent: Globus's own limit. */
  readonly deadlineHours?: number;
  /**
   * What is submitted of a file list. `leaves`: without the folders that have a listed entry below
   * them, so that each file is copied once. `as-listed`: every entry, as the Go version did.
   */
  readonly fileList: 'leaves' | 'as-listed';
  /** What Globus does with the symbolic links that it finds in folders: leave them out, or copy them. */
  readonly recursiveSymlinks: 'ignore' | 'keep';
}

/**
 * What happens to the dataset once its files have arrived. `archive`: it is marked as archivable, and
 * archived if the request says so. `none`: the destination's configuration does not want that.
 * `already-archived`: it was archived, or being archived, when the transfer was requested.
 */
export type Finalization = 'archive' | 'none' | 'already-archived';

/**
 * Everything needed to carry out a transfer as requested, even after a restart or a configuration
 * change. Written once, when the SciCat job is created. The format is frozen: a new field needs a new
 * version, and every version must stay readable.
 */
export interface TransferRecord {
  /**
   * 4. Of records without {@link access}, 3 if the links of the file list are not noted as runs, else 2.
   */
  readonly version: 2 | 3 | 4;
  /** UUID generated before anything is sent; finds the job if SciCat's response was lost. */
  readonly key: string;
  readonly datasetPid: string;
  readonly source: RecordedSide;
  readonly destination: RecordedSide;
  readonly copy: CopyOptions;
  /** Whether to archive the dataset after the transfer. */
  readonly autoArchive: boolean;
  readonly finalize: Finalization;
  /** The dataset's lifecycle at the time of the request. Absent in version 1. */
  readonly lifecycle?: LifecycleFound;
  readonly requestedBy: {
    readonly username: string;
    readonly email?: string;
    /** The dataset's owner group. */
    readonly ownerGroup: string;
  };
  /** What gave the requester access to the facilities. Absent before version 4. */
  readonly access?: Readonly<Record<'source' | 'destination', AccessGiven>>;
  /** The dataset's size according to SciCat. */
  readonly dataset: { readonly bytes: number; readonly files: number };
  /** The Globus client that owns the task; no other client can see it. */
  readonly globusClientId: string;
  /** Globus's idempotency key, if one was available when the job was created. */
  readonly submissionId?: string;
  /** Absent: the whole dataset folder. */
  readonly fileList?: FileListDigest;
}

/**
 * What a facility required, and the requester had: `accessValue` at `accessPath`. Nothing else that the
 * user has, because others can read the job.
 */
export interface AccessGiven {
  readonly path: string;
  readonly value: string;
}

/** Whether a record has what its version has, and nothing that older services could not read. */
function fitsVersion({ version, access, fileList }: TransferRecord): boolean {
  if (version === 4) return access !== undefined;
  const version2 = fileList === undefined || areRuns(fileList.symlinks);
  return access === undefined && version === (version2 ? 2 : 3);
}

/**
 * The record as one opaque string. SciCat may mask anything like an e-mail address in a readable field,
 * even in paths and names, so only the sealed string is read back.
 *
 * @throws RangeError when it would be longer than {@link LONGEST_SEALED_RECORD}
 */
export function sealRecord(record: TransferRecord): string {
  const sealed = Buffer.from(JSON.stringify(record), 'utf8').toString('base64url');
  if (sealed.length <= LONGEST_SEALED_RECORD) return sealed;
  throw new RangeError(
    `The record of a transfer would have ${sealed.length} characters; at most ${LONGEST_SEALED_RECORD} are allowed.`,
  );
}

/** Length of a record once it is sealed. */
export function sealedLength(record: TransferRecord): number {
  return Math.ceil((Buffer.byteLength(JSON.stringify(record)) * 4) / 3);
}

/** A record, or why the string contains none. */
type UnsealedRecord =
  | { readonly ok: true; readonly record: TransferRecord }
  | { readonly ok: false; readonly reason: string };

/** Reads a sealed string; every field is validated. */
export function unsealRecord(sealed: unknown): UnsealedRecord {
  if (typeof sealed !== 'string' || sealed === '') return bad('there is no sealed record');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(sealed, 'base64url').toString('utf8'));
  } catch {
    return bad('the sealed record is not JSON');
  }
  try {
    const record = readRecord(asVersion2(value), '');
    if (fitsVersion(record)) return { ok: true, record };
    return bad(`access or fileList.symlinks is not as version ${record.version} notes it`);
  } catch (error) {
    if (error instanceof MalformedRecord) return bad(error.message);
    throw error;
  }
}

function bad(reason: string): UnsealedRecord {
  return { ok: false, reason };
}

class MalformedRecord extends Error {}

/** Validates a value; `name` is its path in the record. @throws MalformedRecord */
type Read<T> = (value: unknown, name: string) => T;

function check<T>(isValid: (value: unknown) => value is T, problem: string): Read<T> {
  return (value, name) => {
    if (!isValid(value)) throw new MalformedRecord(`${name} ${problem}`);
    return value;
  };
}

function matching(pattern: RegExp, problem: string): Read<string> {
  return check(
    (value): value is string => typeof value === 'string' && pattern.test(value),
    problem,
  );
}

function number(isValid: (value: number) => boolean, problem: string): Read<number> {
  return check((value): value is number => typeof value === 'number' && isValid(value), problem);
}

function listOf<T>(read: Read<T>): Read<readonly T[]> {
  return (value, name) => {
    if (!Array.isArray(value)) throw new MalformedRecord(`${name} is not a list`);
    return value.map((item) => read(item, name));
  };
}

function optional<T>(read: Read<T>): Read<T | undefined> {
  return (value, name) => (value === undefined ? undefined : read(value, name));
}

/** Reads the given fields, drops all others, and leaves out optional ones that are absent. */
function object<T extends object>(fields: { readonly [K in keyof T]-?: Read<T[K]> }): Read<T> {
  return (value, name) => {
    if (!isObject(value)) {
      throw new MalformedRecord(`${name || 'the record'} is not an object`);
    }
    const found: Record<string, unknown> = {};
    for (const [key, read] of Object.entries<Read<unknown>>(fields)) {
      const content = read(field(value, key), name === '' ? key : `${name}.${key}`);
      if (content !== undefined) found[key] = content;
    }
    return found as T;
  };
}

const text = check(
  (value): value is string => typeof value === 'string' && value !== '',
  'is not a string',
);
const flag = check((value) => typeof value === 'boolean', 'is not true or false');
const count = number(
  (value) => Number.isSafeInteger(value) && value >= 0,
  'is not a whole number from 0',
);

const side = object<RecordedSide>({
  facility: text,
  collection: text,
  path: matching(/^\//, 'is not an absolute path'),
  scopes: listOf(text),
});

/**
 * The value of version 1 as one of version 2. A transfer of version 1 is carried out as the service
 * that wrote it would have done.
 */
function asVersion2(value: unknown): unknown {
  if (!isObject(value) || value['version'] !== 1) return value;
  const { copy } = value;
  return {
    ...value,
    version: 2,
    finalize: 'archive',
    lifecycle: undefined,
    copy: isObject(copy) ? { ...copy, fileList: 'as-listed', recursiveSymlinks: 'ignore' } : copy,
  };
}

function oneOf<T extends string>(...values: readonly T[]): Read<T> {
  return check(
    (value): value is T => values.some((known) => known === value),
    `is not one of ${values.join(', ')}`,
  );
}

const sha256 = matching(/^[0-9a-f]{64}$/, 'is not a SHA-256');

const runs = listOf((value, name): SymlinkRun => {
  const [first, length, ...rest] = listOf(count)(value, name);
  if (first !== undefined && length !== undefined && rest.length === 0) return [first, length];
  throw new MalformedRecord(`${name} does not contain pairs`);
});

const linkDigest = object<LinkDigest>({ count, sha256 });

const links: Read<NotedLinks> = (value, name) => (isObject(value) ? linkDigest : runs)(value, name);

const given = object<AccessGiven>({ path: text, value: text });

/** Versions 2 to 4; the version is checked first. */
const readRecord = object<TransferRecord>({
  version: (version) => {
    if (version === 2 || version === 3 || version === 4) return version;
    throw new MalformedRecord(`version ${JSON.stringify(version)} is not supported`);
  },
  key: text,
  datasetPid: text,
  source: side,
  destination: side,
  copy: object<CopyOptions>({
    verifyChecksum: flag,
    preserveTimestamp: flag,
    encryptData: flag,
    syncLevel: optional(
      number((value) => [0, 1, 2, 3].includes(value), 'is not one of 0, 1, 2, 3'),
    ),
    deadlineHours: optional(
      number((value) => value > 0 && value < Infinity, 'is not a positive number'),
    ),
    fileList: oneOf('leaves', 'as-listed'),
    recursiveSymlinks: oneOf('ignore', 'keep'),
  }),
  autoArchive: flag,
  finalize: oneOf('archive', 'none', 'already-archived'),
  lifecycle: optional(
    object<LifecycleFound>({
      archivable: flag,
      archiveStatusMessage: check((value) => typeof value === 'string', 'is not a string'),
      retrievable: flag,
    }),
  ),
  requestedBy: object<TransferRecord['requestedBy']>({
    username: text,
    email: optional(text),
    ownerGroup: text,
  }),
  access: optional(
    object<Readonly<Record<'source' | 'destination', AccessGiven>>>({
      source: given,
      destination: given,
    }),
  ),
  dataset: object<TransferRecord['dataset']>({ bytes: count, files: count }),
  globusClientId: text,
  submissionId: optional(text),
  fileList: optional(
    object<FileListDigest>({
      count,
      sha256,
      symlinks: links,
    }),
  ),
});
