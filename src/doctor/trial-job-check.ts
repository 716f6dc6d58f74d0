import { randomUUID } from 'node:crypto';
import { ServiceAccountError, type UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, ok, unclear, type Verdict } from './check.js';
import { failedStep, failureOf, generalFailure } from './failures.js';
import type { ScicatProbe } from './probes/scicat-probe.js';

interface TrialAccount {
  readonly name: string;
}

/** Time limit of cleaning up, which also happens after the check has run out of time. */
export const CLEAN_UP_MS = 10_000;

/**
 * Creates a real job, updates it and deletes it. A running service does not take it for a transfer:
 * it has no record, and is cancelled and gone long before the 15 minutes after which a service
 * touches such jobs.
 *
 * @param needs checks of the rights without which the job would be left behind
 */
export function trialJobCheck(
  creator: TrialAccount,
  updater: TrialAccount,
  needs: readonly Check[],
  probe: ScicatProbe,
): Check {
  return {
    check: 'scicat-trial-job',
    subject: creator.name,
    needs,
    run: async (signal) => {
      const { jobId, verdict } = await create(randomUUID(), probe, signal);
      if (jobId === undefined) return verdict;
      try {
        await probe.endTrialJob(jobId, signal);
      } catch (error) {
        const what = `The job was created, but could not be updated by ${updater.name}`;
        const explain = updateRefused(creator === updater);
        return remove(failedStep(what, error, signal, 'SciCat', explain), jobId, probe);
      }
      return remove(verdict, jobId, probe);
    },
  };
}

/** @returns the job's id, if there is one, and the verdict if everything else succeeds */
async function create(
  marker: string,
  probe: ScicatProbe,
  signal: AbortSignal,
): Promise<{ readonly jobId?: string; readonly verdict: Verdict }> {
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
    verdict = failure('No job could be created', error, signal);
  }
  // SciCat stores the job before it runs the actions of its type, and reports an error if one fails.
  // What kept the job from being created may keep it from being found.
  const cleanUp = AbortSignal.timeout(CLEAN_UP_MS);
  const jobId = await probe.findTrialJob(marker, cleanUp).catch(() => undefined);
  if (jobId === undefined) return { verdict };
  if (signal.aborted) return { jobId, verdict };
  return {
    jobId,
    verdict: unclear(
      'Created, updated and deleted a job, although SciCat reported that it could not be created.',
      'Ask the SciCat administrators to check the actions (e-mail, url, …) of the job type globus_transfer_job: one of them fails. The service copes with that.',
    ),
  };
}

async function remove(verdict: Verdict, jobId: string, probe: ScicatProbe): Promise<Verdict> {
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

function failure(what: string, error: unknown, signal: AbortSignal): Verdict {
  return failedStep(what, error, signal, 'SciCat', generalFailure);
}

function updateRefused(single: boolean): (error: UpstreamError) => Verdict {
  return (error) =>
    error instanceof ServiceAccountError
      ? broken(
          `SciCat ${failureOf(error)}.`,
          `Ask the SciCat administrators to add one of that account's groups to ${single ? 'ADMIN_GROUPS' : 'UPDATE_JOB_PRIVILEGED_GROUPS'}, and to compare the job type with config/scicat/job-types.yaml; see config/scicat/README.md.`,
        )
      : generalFailure(error);
}
