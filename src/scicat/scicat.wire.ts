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
  if (username.trim() === '') return undefined;
  const email = textOf(profile, 'email');
  return {
    username,
    // The check that SciCat applies to a job's `contactEmail`.
    email: isEmail(email) ? email : undefined,
    accessGroups: stringsOf(field(profile, 'accessGroups')),
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

export function readDataset(body: unknown): Dataset | undefined {
  const dataset = {
    pid: textOf(body, 'pid'),
    ownerGroup: textOf(body, 'ownerGroup'),
    sourceFolder: textOf(body, 'sourceFolder'),
    size: countField(body, 'size') ?? 0,
    numberOfFiles: countField(body, 'numberOfFiles') ?? 0,
    lifecycle: readLifecycle(body),
  };
  return dataset.pid === '' ? undefined : dataset;
}

/**
 * The lifecycle in a dataset's document. As in SciCat, a missing flag is not set. A status that is not a
 * string is kept as JSON, so that it does not pass for none.
 */
export function readLifecycle(body: unknown): LifecycleFound {
  const lifecycle = field(body, 'datasetlifecycle');
  const status = field(lifecycle, 'archiveStatusMessage') ?? '';
  return {
    archivable: field(lifecycle, 'archivable') === true,
    archiveStatusMessage: typeof status === 'string' ? status : JSON.stringify(status),
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
  if (id === undefined || type === '') return undefined;
  const jobParams = field(value, 'jobParams');
  return {
    id,
    type,
    createdBy: textOf(value, 'createdBy'),
    updatedBy: textOf(value, 'updatedBy'),
    ownerUser: textOf(value, 'ownerUser'),
    ownerGroup: textOf(value, 'ownerGroup'),
    createdAt: dateOf(value, 'createdAt'),
    updatedAt: dateOf(value, 'updatedAt'),
    statusCode: textOf(value, 'statusCode'),
    statusMessage: textOf(value, 'statusMessage'),
    datasetPids: itemsOf(field(jobParams, 'datasetList')).flatMap(
      (dataset) => stringField(dataset, 'pid') ?? [],
    ),
    globusTransfer: field(jobParams, 'globusTransfer'),
    result: field(value, 'jobResultObject'),
  };
}

/** '' for anything but a string. */
function textOf(value: unknown, name: string): string {
  return stringField(value, name) ?? '';
}

/** Milliseconds since the epoch; 0 for anything but a date. */
function dateOf(value: unknown, name: string): number {
  const time = Date.parse(textOf(value, name));
  return Number.isNaN(time) ? 0 : time;
}
