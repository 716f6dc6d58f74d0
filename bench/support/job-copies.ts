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

function replaced(text: string, replace: JobCopy['replace']): string {
  return replace.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
}
