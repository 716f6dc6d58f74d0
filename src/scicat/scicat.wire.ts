import { isEmail } from 'class-validator';
import type { Identity } from '../ports/identities.port.js';
import type { Dataset } from '../ports/datasets.port.js';
import type { TransferJobDocument } from '../domain/job-reading.js';
import { isUuid } from '../domain/identifiers.js';
import { countField, field, itemsOf, stringField, stringsOf } from '../domain/untyped.js';
import type { LifecycleFound } from '../domain/transfer.js';

/*
 * Readers of SciCat's documents. Each takes what JSON gave, and returns undefined when that is not
 * the document it should be.
 */

/** A service account's login. */
interface Login {
  readonly token: string;
  /** Life of the token in seconds; undefined when SciCat does not say. */
  readonly expiresInSeconds: number | undefined;
}

/** The answer to a login. */
export function readLogin(body: unknown): Login | undefined {
  const token = stringField(body, 'access_token');
  if (token === undefined) return undefined;
  const seconds = field(body, 'expires_in');
  const known = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return { token, expiresInSeconds: known ? seconds : undefined };
}

/**
 * Who a token belongs to; undefined when SciCat knows no such user (surprise: validly signed tokens
 * of unknown users are answered with 200 and an empty body).
 */
export function readIdentity(body: unknown): Identity | undefined {
  const profile = field(body, 'profile');
  const username = textOf(profile, 'username');
  if (username.trim() === '') return undefined;
  const email = textOf(profile, 'email');
  return {
    username,
    // The very check that SciCat applies to a job's `contactEmail`.
    email: isEmail(email) ? email : undefined,
    accessGroups: stringsOf(field(profile, 'accessGroups')),
    document: body,
  };
}

/** Who an account is, in SciCat's words. */
export interface AccountFacts {
  readonly username: string;
  readonly groups: readonly string[];
}

/**
 * Who an account is, by `auth/whoami`; undefined when SciCat knows no such user (it answers
 * 200 with an empty body then).
 */
export function readAccount(body: unknown): AccountFacts | undefined {
  const username = stringField(body, 'username');
  if (username === undefined) return undefined;
  return { username, groups: stringsOf(field(body, 'currentGroups')) };
}

/** What a transfer needs of a dataset. */
export function readDataset(body: unknown): Dataset | undefined {
  const dataset = {
    pid: textOf(body, 'pid'),
    ownerGroup: textOf(body, 'ownerGroup'),
    sourceFolder: textOf(body, 'sourceFolder'),
    size: countField(body, 'size') ?? 0,
    numberOfFiles: countField(body, 'numberOfFiles') ?? 0,
  };
  return dataset.pid === '' || dataset.ownerGroup === '' ? undefined : dataset;
}

/** The lifecycle in a dataset's document. What is missing there is not set, as in SciCat itself. */
export function readLifecycle(body: unknown): LifecycleFound {
  const lifecycle = field(body, 'datasetlifecycle');
  return {
    archivable: field(lifecycle, 'archivable') === true,
    archiveStatusMessage: textOf(lifecycle, 'archiveStatusMessage'),
    retrievable: field(lifecycle, 'retrievable') === true,
  };
}

/** One block of a dataset's file list. */
interface FileBlock {
  readonly id: string;
  readonly paths: readonly string[];
}

/** An OrigDatablock. */
export function readFileBlock(value: unknown): FileBlock | undefined {
  const id = textOf(value, '_id');
  const files = field(value, 'dataFileList');
  if (id === '' || !Array.isArray(files)) return undefined;
  const paths = files.map((file: unknown) => textOf(file, 'path'));
  return paths.includes('') ? undefined : { id, paths };
}

/** The id of a job. Where `fields` leaves it out, it is in `_id`. */
export function readJobId(value: unknown): string | undefined {
  const id = field(value, 'id') ?? field(value, '_id');
  return isUuid(id) ? id : undefined;
}

/** A job, or as much of it as was asked for. */
export function readJobDocument(value: unknown): TransferJobDocument | undefined {
  const id = readJobId(value);
  const type = textOf(value, 'type');
  if (id === undefined || type === '') return undefined;
  const jobParams = field(value, 'jobParams');
  return {
    id,
    type,
    createdBy: textOf(value, 'createdBy'),
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
