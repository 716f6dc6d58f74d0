import { randomUUID } from 'node:crypto';
import { UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, ok, unclear, type Verdict } from './check.js';
import { generalFailure, MORE_TIME } from './failures.js';
import type { ScicatProbe } from './probes/scicat-probe.js';

/** Time limit of cleaning up, which goes on when the check itself is out of time. */
export const CLEAN_UP_MS = 10_000;

/**
 * Creates a real job, updates it and deletes it. A running service does not take it for a transfer:
 * it has no record, and is cancelled and gone long before the quarter of an hour after which a
 * service touches such jobs.
 *
 * @param needs with these proved, nothing is left behind
 */
export function trialJobCheck(creator: string, needs: readonly Check[], probe: ScicatProbe): Check {
  return {
    check: 'scicat-trial-job',
    subject: creator,
    needs,
    run: async (signal) => {
      const { jobId, verdict } = await create(randomUUID(), probe, signal);
      if (jobId === undefined) return verdict;
      let outcome = verdict;
      try {
        await probe.endTrialJob(jobId, signal);
      } catch (error) {
        outcome = failure(error, 'The job was created, but could not be updated', signal);
      }
      return afterRemoval(outcome, jobId, probe);
    },
  };
}

interface Created {
  /** Undefined where there is no job. */
  readonly jobId?: string;
  /** What there is to say if all else goes well. */
  readonly verdict: Verdict;
}

async function create(marker: string, probe: ScicatProbe, signal: AbortSignal): Promise<Created> {
  let verdict: Verdict;
  try {
    const reading = await probe.makeTrialJob(marker, signal);
    if (reading.kind === 'made') {
      return { jobId: reading.jobId, verdict: ok('Created, updated and deleted a job.') };
    }
    verdict = broken(
      `SciCat refuses to create a job of type globus_transfer_job (status ${reading.status}).`,
      'Compare the job type with config/scicat/job-types.yaml: with a create.auth other than "#jobAdmin", or with an action that validates datasets, SciCat requires a dataset, which the trial job does not have.',
    );
  } catch (error) {
    verdict = failure(error, 'No job could be created', signal);
  }
  // SciCat answers with an error after storing the job when an action of its type fails.
  const jobId = await probe.findTrialJob(marker, AbortSignal.timeout(CLEAN_UP_MS)).catch(
    // What kept it from being created keeps it from being found.
    () => undefined,
  );
  if (jobId === undefined) return { verdict };
  const stored = unclear(
    'Created, updated and deleted a job, although SciCat reported that it could not be created.',
    'Ask the SciCat administrators to check the actions (e-mail, url, …) of the job type globus_transfer_job: one of them fails. The service copes with that.',
  );
  return { jobId, verdict: signal.aborted ? verdict : stored };
}

async function afterRemoval(verdict: Verdict, jobId: string, probe: ScicatProbe): Promise<Verdict> {
  try {
    await probe.removeJob(jobId, AbortSignal.timeout(CLEAN_UP_MS));
    return verdict;
  } catch {
    return broken(
      `${verdict.outcome === 'broken' ? verdict.message : 'A job was created.'} The job ${jobId} could not be deleted.`,
      `${verdict.advice} Ask the SciCat administrators to delete that job; a running service ignores it.`.trim(),
    );
  }
}

/** An abort ends here as well: what follows cleans up, and reports what it could not. */
function failure(error: unknown, what: string, signal: AbortSignal): Verdict {
  if (error instanceof UpstreamError) {
    const { message, advice } = generalFailure(error);
    return broken(`${what}: ${message}`, advice);
  }
  if (!signal.aborted) throw error;
  return broken(`${what}: the check ended before SciCat responded.`, MORE_TIME);
}
