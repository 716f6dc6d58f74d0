import { randomUUID } from 'node:crypto';
import { UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, ok, unclear, type Verdict } from './check.js';
import { generalFailure } from './failures.js';
import type { ScicatProbe } from '../ports/scicat-probe.port.js';

/** Cleaning up goes on when the check itself is out of time. */
const CLEAN_UP_MS = 10_000;

/**
 * Makes a real job, changes it and removes it. A service that runs takes it for no transfer: it has
 * no record, a service touches such jobs only after a quarter of an hour, and long before that it
 * is cancelled and gone.
 *
 * @param needs with these proved, nothing is left behind
 */
export function trialJobCheck(creator: string, needs: readonly Check[], probe: ScicatProbe): Check {
  return {
    check: 'scicat-trial-job',
    subject: creator,
    needs,
    run: async (signal) => {
      const marker = randomUUID();
      const made = await make(marker, probe, signal);
      if (made.kind === 'no-job') return made.verdict;
      let verdict: Verdict;
      try {
        await probe.endTrialJob(made.jobId, signal);
        verdict = made.verdict;
      } catch (error) {
        verdict = failure(error, 'The job was made, but could not be updated', signal);
      }
      return withRemoval(verdict, made.jobId, probe);
    },
  };
}

type Made =
  | { readonly kind: 'no-job'; readonly verdict: Verdict }
  /** The verdict is what there is to say if all else goes well. */
  | { readonly kind: 'job'; readonly jobId: string; readonly verdict: Verdict };

async function make(marker: string, probe: ScicatProbe, signal: AbortSignal): Promise<Made> {
  let verdict: Verdict;
  try {
    const reading = await probe.makeTrialJob(marker, signal);
    if (reading.kind === 'made') {
      return { kind: 'job', jobId: reading.jobId, verdict: ok('Made, updated and removed a job.') };
    }
    verdict = broken(
      `SciCat refuses to make a job of type globus_transfer_job (status ${reading.status}).`,
      'Compare the job type with config/scicat/job-types.yaml: with another create.auth than "#jobAdmin", or with an action that validates datasets, SciCat wants a dataset, which this trial does not have.',
    );
  } catch (error) {
    verdict = failure(error, 'No job could be made', signal);
  }
  // SciCat answers with an error after storing the job when an action of its type fails.
  const jobId = await probe.findTrialJob(marker, AbortSignal.timeout(CLEAN_UP_MS)).catch(
    // Whatever kept it from being made keeps it from being found.
    () => undefined,
  );
  if (jobId === undefined) return { kind: 'no-job', verdict };
  const stored = unclear(
    'Made, updated and removed a job, but SciCat said that it could not be made.',
    'Ask the SciCat administrators to look at the actions (e-mail, url, …) of the job type globus_transfer_job: one of them fails. The service copes with that.',
  );
  return { kind: 'job', jobId, verdict: signal.aborted ? verdict : stored };
}

async function withRemoval(verdict: Verdict, jobId: string, probe: ScicatProbe): Promise<Verdict> {
  try {
    await probe.removeJob(jobId, AbortSignal.timeout(CLEAN_UP_MS));
    return verdict;
  } catch {
    return broken(
      `${verdict.outcome === 'broken' ? verdict.message : 'A job was made.'} The job ${jobId} could not be removed.`,
      `${verdict.advice} Ask the SciCat administrators to delete that job; a service that runs leaves it alone.`.trim(),
    );
  }
}

/** An abort ends here as well: what follows cleans up, and says what it could not. */
function failure(error: unknown, what: string, signal: AbortSignal): Verdict {
  if (error instanceof UpstreamError) {
    const { message, advice } = generalFailure(error);
    return broken(`${what}: ${message}`, advice);
  }
  if (!signal.aborted) throw error;
  return broken(
    `${what}: it was given up before SciCat answered.`,
    'Try again, or allow more time with --timeout.',
  );
}
