import { UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, ok, unclear, type Verdict } from './check.js';
import { type CollectionContext, collectionFailure, markOf, MORE_TIME } from './failures.js';
import type { GlobusProbe } from './probes/globus-probe.js';

/** What a folder is created and deleted with. */
export interface TrialFolderDeps {
  readonly subject: string;
  readonly needs: readonly Check[];
  readonly collection: string;
  readonly scopes: readonly string[];
  /** The folder to create it in. */
  readonly parent: (signal: AbortSignal) => Promise<{ readonly path: string }>;
  readonly context: CollectionContext;
  /** Its name, which nothing else has. */
  readonly name: string;
  readonly probe: GlobusProbe;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Time limit of cleaning up, which goes on when the check itself is out of time. */
const CLEAN_UP_MS = 15_000;
const POLL_MS = 1_000;

/**
 * Creates a folder on a destination and has Globus delete it. A folder and not a file, because
 * Globus has no call that writes one; an account that may create folders may put files into them.
 */
export function trialFolderCheck(deps: TrialFolderDeps): Check {
  const { subject, needs } = deps;
  return { check: 'write', subject, needs, run: (signal) => tryFolder(deps, signal) };
}

async function tryFolder(deps: TrialFolderDeps, signal: AbortSignal): Promise<Verdict> {
  const { probe, collection, scopes, name } = deps;
  const { path: parent } = await deps.parent(signal);
  const path = `${parent === '/' ? '' : parent}/${name}`;
  try {
    await probe.makeFolder({ collection, scopes, path }, signal);
  } catch (error) {
    const verdict = notCreated(error, deps, signal);
    // If the outcome is unclear it may exist all the same.
    const certain = error instanceof UpstreamError && !error.outcomeUnclear;
    return certain ? verdict : afterDeletion(verdict, path, deps, signal);
  }
  return afterDeletion(ok('Created and deleted a folder.'), path, deps, signal);
}

/** Has the folder deleted, and waits for it within the check's time. */
async function afterDeletion(
  verdict: Verdict,
  path: string,
  { probe, collection, scopes, pause }: TrialFolderDeps,
  signal: AbortSignal,
): Promise<Verdict> {
  let taskId: string;
  try {
    const cleanUp = AbortSignal.timeout(CLEAN_UP_MS);
    taskId = await probe.deleteFolder({ collection, scopes, path }, cleanUp);
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

function notCreated(error: unknown, { context }: TrialFolderDeps, signal: AbortSignal): Verdict {
  const what = 'No folder could be created';
  if (error instanceof UpstreamError) {
    const { message, advice } = collectionFailure(error, context);
    return broken(`${what}: ${message}`, advice);
  }
  if (!signal.aborted) throw error;
  return broken(`${what}: the check ended before Globus responded.`, MORE_TIME);
}

function leftBehind({ outcome, message, advice }: Verdict, why: string, path: string): Verdict {
  return broken(
    outcome === 'ok'
      ? `A folder was created, but ${why}.`
      : `${message} It may exist all the same, and ${why}.`,
    `${advice} Delete ${path} by hand, if it exists.`.trim(),
  );
}
