import { UUID_ANYWHERE } from './identifiers.js';

/** The label that a transfer's Globus task carries: by it a task is found and recognized again. */
export function taskLabel(jobId: string): string {
  return `${LABEL_PREFIX}${jobId}`;
}

/** What all our labels begin with. Globus allows 128 characters; this and a UUID take 52. */
const LABEL_PREFIX = 'SciCat transfer ';

/**
 * Whether a task may be acted on for this job: its label must carry the job's id. The Go version
 * set no labels, so a task of one of its jobs must at least not carry another job's id.
 */
export function labelFits(
  label: string | undefined,
  jobId: string,
  origin: 'recorded' | 'go-version',
): boolean {
  if (label === taskLabel(jobId)) return true;
  return origin === 'go-version' && !UUID_ANYWHERE.test(label ?? '');
}
