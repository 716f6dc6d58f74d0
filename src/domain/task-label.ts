import { UUID_ANYWHERE } from './identifiers.js';

/** The label of a transfer's Globus task, by which the task is found and recognized. */
export function taskLabel(jobId: string): string {
  return `${LABEL_PREFIX}${jobId}`;
}

/** Globus allows labels of 128 characters; this and a UUID take 52. */
const LABEL_PREFIX = 'SciCat transfer ';

/**
 * Whether a task may belong to this job: its label must contain the job's id. The Go version set no
 * labels, so the label of its tasks must at least not contain another id.
 */
export function labelFits(
  label: string | undefined,
  jobId: string,
  origin: 'recorded' | 'go-version',
): boolean {
  return (
    label === taskLabel(jobId) || (origin === 'go-version' && !UUID_ANYWHERE.test(label ?? ''))
  );
}
