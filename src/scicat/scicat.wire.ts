import { isEmail } from 'class-validator';
import type { Identity } from '../ports/identities.port.js';
import type { Dataset } from '../ports/datasets.port.js';
import type { TransferJobDocument } from '../domain/job-reading.js';
import { isUuid } from '../domain/identifiers.js';
import { countField, field, itemsOf, stringField, stringsOf } from '../domain/untyped.js';
import type { LifecycleFound } from '../domain/dataset-lifecycle.js';

/*
 * Readers of SciCat's documents. Each takes parsed JSON and returns undefined for any other document.
 */

/** Longest text that is read of a job's messages: longer than this service writes any. */
const MAX_MESSAGE = 2_000;
/** Longest PID, name of a user or group, and word of a job. */
export const MAX_NAME = 1_000;
/** Longest path. Globus and file systems end below. */
export const MAX_SOURCE_FOLDER = 4_096;

/** The response to a login. */
interface Login {
  readonly token: string;
  /** Lifetime of the token in seconds; undefined when SciCat does not tell. */
  readonly expiresInSeconds: number | undefined;
}

export function readLogin(body: unknown): Login | undefined {
  const token = stringField(body, 'access_token');
  if (token === undefined) return undefined;
  const seconds = field(body, 'expires_in');
  const known = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return { token, expiresInSeconds: known ? seconds : undefined };
}

/**
 * The owner of a token; undefined when the user is unknown: SciCat answers validly signed tokens of
 * unknown users with 200 and an empty body.
 */
export function readIdentity(body: unknown): Identity | undefined {
  const profile = field(body, 'profile');
  const username = textOf(profile, 'username');
  if (username.trim() === '' || username.length > MAX_NAME) return undefined;
  const email = textOf(profile, 'email');
  return {
    username,
    // The check that SciCat applies to a job's `contactEmail`.
    email: isEmail(email) ? email : undefined,
    // One that is too long is no group of a dataset's either.
    accessGroups: stringsOf(field(profile, 'accessGroups')).filter(isName),
    document: body,
  };
}

/** A service account in SciCat. */
export interface AccountFacts {
  readonly username: string;
  readonly groups: readonly string[];
}

/** The response of `auth/whoami`; undefined when the user is unknown, for which SciCat sends no body. */
export function readAccount(body: unknown): AccountFacts | undefined {
  const username = stringField(body, 'username');
  if (username === undefined) return undefined;
  return { username, groups: stringsOf(field(body, 'currentGroups')) };
}

/** What it takes to read a {@link Dataset}: its `scientificMetadata` alone may have 16 MB. */
export const DATASET_FIELDS = [
  'pid',
  'ownerGroup',
  'sourceFolder',
  'size',
  'numberOfFiles',
  'datasetlifecycle.archivable',
  'datasetlifecycle.archiveStatusMessage',
  'datasetlifecycle.retrievable',
] as const;

/** A dataset; or which of its fields is longer than any that this service can use. */
export type ReadDataset = Dataset | { readonly tooLong: 'ownerGroup' | 'sourceFolder' };

export function readDataset(body: unknown): ReadDataset | undefined {
  const dataset = {
    pid: textOf(body, 'pid'),
    ownerGroup: textOf(body, 'ownerGroup'),
    sourceFolder: textOf(body, 'sourceFolder'),
    size: countField(body, 'size') ?? 0,
    numberOfFiles: countField(body, 'numberOfFiles') ?? 0,
    lifecycle: readLifecycle(body),
  };
  if (dataset.pid === '') return undefined;
  if (dataset.sourceFolder.length > MAX_SOURCE_FOLDER) return { tooLong: 'sourceFolder' };
  if (!isName(dataset.ownerGroup)) return { tooLong: 'ownerGroup' };
  return dataset;
}

/**
 * The lifecycle in a dataset's document. As in SciCat, a missing flag is not set. A status that is not a
 * string is kept as JSON, so that it does not pass for none.
 */
function readLifecycle(body: unknown): LifecycleFound {
  const lifecycle = field(body, 'datasetlifecycle');
  const status = field(lifecycle, 'archiveStatusMessage') ?? '';
  return {
    archivable: field(lifecycle, 'archivable') === true,
    // Cut in the same way whenever it is read, so that it can be compared.
    archiveStatusMessage: cut(typeof status === 'string' ? status : JSON.stringify(status)),
    retrievable: field(lifecycle, 'retrievable') === true,
  };
}

/** One block of a dataset's file list. */
interface FileBlock {
  readonly id: string;
  readonly paths: readonly string[];
}

export function readFileBlock(value: unknown): FileBlock | undefined {
  const id = textOf(value, '_id');
  const files = field(value, 'dataFileList');
  if (id === '' || !Array.isArray(files)) return undefined;
  const paths = files.map((file: unknown) => textOf(file, 'path'));
  return paths.includes('') ? undefined : { id, paths };
}

/** The id of a job; in `_id` where `fields` omits it. */
export function readJobId(value: unknown): string | undefined {
  const id = field(value, 'id') ?? field(value, '_id');
  return isUuid(id) ? id : undefined;
}

/** What it takes to sort jobs. */
export interface JobKey {
  readonly id: string;
  /** Milliseconds since the epoch; 0 when unknown. */
  readonly createdAt: number;
}

/** A job's id, and when it was created if that was requested. */
export function readJobKey(value: unknown): JobKey | undefined {
  const id = readJobId(value);
  return id === undefined ? undefined : { id, createdAt: dateOf(value, 'createdAt') };
}

/** A job, or those of its fields that were requested. */
export function readJobDocument(value: unknown): TransferJobDocument | undefined {
  const id = readJobId(value);
  const type = textOf(value, 'type');
  if (id === undefined || type === '' || !isName(type)) return undefined;
  const jobParams = field(value, 'jobParams');
  return {
    id,
    type,
    createdBy: nameOf(value, 'createdBy'),
    updatedBy: nameOf(value, 'updatedBy'),
    ownerUser: nameOf(value, 'ownerUser'),
    ownerGroup: nameOf(value, 'ownerGroup'),
    createdAt: dateOf(value, 'createdAt'),
    updatedAt: dateOf(value, 'updatedAt'),
    statusCode: nameOf(value, 'statusCode'),
    statusMessage: cut(textOf(value, 'statusMessage')),
    datasetPids: itemsOf(field(jobParams, 'datasetList')).flatMap(
      (dataset) => stringField(dataset, 'pid')?.slice(0, MAX_NAME) ?? [],
    ),
    globusTransfer: field(jobParams, 'globusTransfer'),
    result: field(value, 'jobResultObject'),
  };
}

/** '' for anything but a string. */
function textOf(value: unknown, name: string): string {
  return stringField(value, name) ?? '';
}

function isName(text: string): boolean {
  return text.length <= MAX_NAME;
}

/** '' for anything but a string that may be a name. */
function nameOf(value: unknown, name: string): string {
  const text = textOf(value, name);
  return isName(text) ? text : '';
}

/** The beginning of a long text. */
function cut(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`;
}

/** Milliseconds since the epoch; 0 for anything but a date. */
function dateOf(value: unknown, name: string): number {
  const time = Date.parse(textOf(value, name));
  return Number.isNaN(time) ? 0 : time;
}
