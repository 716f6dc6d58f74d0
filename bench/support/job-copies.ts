import type { JobDocument } from '../../sandbox/scicat/jobs.js';

/** A job to be made after the image of another. */
export interface JobCopy {
  readonly of: JobDocument;
  /** Strings anywhere in the job, including the sealed record, and their replacements in the copy. */
  readonly replace: readonly (readonly [from: string, to: string])[];
}

/**
 * Copies a job that the proxy has made, so that the benchmark can have thousands without knowing
 * what the proxy keeps in them.
 */
export function copyOfJob({ of: job, replace }: JobCopy): JobDocument {
  const globusTransfer = job.jobParams['globusTransfer'] as { readonly sealed: string };
  const record = Buffer.from(globusTransfer.sealed, 'base64url').toString();
  const copy = JSON.parse(replaced(JSON.stringify(job), replace)) as JobDocument;
  const sealed = Buffer.from(replaced(record, replace)).toString('base64url');
  const copied = copy.jobParams['globusTransfer'] as object;
  return { ...copy, jobParams: { ...copy.jobParams, globusTransfer: { ...copied, sealed } } };
}

/** The job with a record of this size, as a version made it that stored each link of a list in it. */
export function withLongRecord(job: JobDocument, bytes: number): JobDocument {
  const globusTransfer = job.jobParams['globusTransfer'] as { readonly sealed: string };
  const record = JSON.parse(Buffer.from(globusTransfer.sealed, 'base64url').toString()) as object;
  // Each run of links takes ten bytes, as base64url.
  const symlinks = Array.from({ length: Math.ceil(bytes / 10.7) }, (_, n) => [100 + (n % 900), 1]);
  const fileList = { count: 1_000_000, sha256: 'a'.repeat(64), symlinks };
  const sealed = Buffer.from(JSON.stringify({ ...record, fileList })).toString('base64url');
  return { ...job, jobParams: { ...job.jobParams, globusTransfer: { ...globusTransfer, sealed } } };
}

function replaced(text: string, replace: JobCopy['replace']): string {
  return replace.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
}
