import { UpstreamError } from '../errors/upstream.errors.js';
import type { Facility } from '../facilities/facility.js';
import { broken, type Check, type DoctorDeps, ok, unclear, type Verdict } from './check.js';
import { type CollectionContext, collectionFailure, failedStep, markOf } from './failures.js';
import type { GlobusProbe } from './probes/globus-probe.js';

/** What {@link trialFolderCheck} needs. */
export interface TrialFolderDeps
  extends Pick<DoctorDeps, 'pause'>, Pick<Check, 'subject' | 'needs'> {
  readonly facility: Pick<Facility, 'collection' | 'scopes'>;
  /** The folder to create it in. */
  readonly parent: (signal: AbortSignal) => Promise<string>;
  readonly context: CollectionContext;
  /** A unique name for it. */
  readonly name: string;
  readonly probe: GlobusProbe;
}

/** Time limit of cleaning up, which also happens after the check has run out of time. */
const CLEAN_UP_MS = 15_000;
const POLL_MS = 1_000;

/**
 * Creates a folder on a destination and has Globus delete it. Not a file, because Globus has no call
 * that writes one; an account that may create folders may put files into them.
 */
export function trialFolderCheck(deps: TrialFolderDeps): Check {
  const { subject, needs } = deps;
  return { check: 'write', subject, needs, run: (signal) => tryFolder(deps, signal) };
}

async function tryFolder(deps: TrialFolderDeps, signal: AbortSignal): Promise<Verdict> {
  const parent = await deps.parent(signal);
  const path = `${parent === '/' ? '' : parent}/${deps.name}`;
  let verdict = ok('Created and deleted a folder.');
  try {
    await deps.probe.makeFolder({ ...deps.facility, path }, signal);
  } catch (error) {
    verdict = failedStep('No folder could be created', error, signal, 'Globus', (failure) =>
      collectionFailure(failure, deps.context),
    );
    // If the outcome is unclear, the folder may exist all the same.
    if (error instanceof UpstreamError && !error.outcomeUnclear) return verdict;
  }
  return afterDeletion(verdict, path, deps, signal);
}

/** Has the folder deleted, and waits for that within the check's time limit. */
async function afterDeletion(
  verdict: Verdict,
  path: string,
  { probe, facility, pause }: TrialFolderDeps,
  signal: AbortSignal,
): Promise<Verdict> {
  let taskId: string;
  try {
    const cleanUp = AbortSignal.timeout(CLEAN_UP_MS);
    taskId = await probe.deleteFolder({ ...facility, path }, cleanUp);
  } catch (error) {
    const why = error instanceof UpstreamError ? ` (${markOf(error) || 'no response'})` : '';
    return leftBehind(verdict, `Globus did not accept its deletion${why}`, path);
  }
  try {
    for (;;) {
      switch (await probe.deletion(taskId, signal)) {
        case 'done':
          return verdict;
        case 'failed':
          return leftBehind(verdict, `the Globus task ${taskId} failed to delete it`, path);
        case 'under-way':
          await pause(POLL_MS, signal);
      }
    }
  } catch (error) {
    if (!(error instanceof UpstreamError) && !signal.aborted) throw error;
    if (verdict.outcome === 'broken') return verdict;
    return unclear(
      `A folder was created. The Globus task ${taskId} is to delete it; whether it has done so is unknown.`,
      `Check https://app.globus.org/activity/${taskId}, or look for ${path} in the collection.`,
    );
  }
}

function leftBehind({ outcome, message, advice }: Verdict, why: string, path: string): Verdict {
  return broken(
    outcome === 'ok'
      ? `A folder was created, but ${why}.`
      : `${message} It may exist all the same, and ${why}.`,
    `${advice} Delete ${path} by hand, if it exists.`.trim(),
  );
}
