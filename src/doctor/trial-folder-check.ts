import { UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, ok, unclear, type Verdict } from './check.js';
import { collectionTrouble, type TroubledPlace } from './collection-trouble.js';
import { markOf } from './failures.js';
import type { GlobusProbe } from '../ports/globus-probe.port.js';

/** What a folder is made and removed with. */
export interface TrialFolderDeps {
  readonly subject: string;
  readonly needs: readonly Check[];
  readonly collection: string;
  readonly scopes: readonly string[];
  /** In which it is made. */
  readonly folder: (signal: AbortSignal) => Promise<{ readonly path: string }>;
  readonly place: TroubledPlace;
  /** Its name, which nothing else has. */
  readonly name: string;
  readonly probe: GlobusProbe;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Cleaning up goes on when the check itself is out of time. */
const CLEAN_UP_MS = 15_000;
/** Between two looks at a deletion. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Makes a folder on a destination and has Globus delete it. A folder and not a file, because Globus
 * has no call that writes one; who may make folders may put files into them.
 */
export function trialFolderCheck(input: TrialFolderDeps): Check {
  return {
    check: 'write',
    subject: input.subject,
    needs: input.needs,
    run: (signal) => tryFolder(input, signal),
  };
}

async function tryFolder(input: TrialFolderDeps, signal: AbortSignal): Promise<Verdict> {
  const { probe, collection, scopes, name } = input;
  const { path: parent } = await input.folder(signal);
  const path = `${parent === '/' ? '' : parent}/${name}`;
  const place = { collection, scopes, path };
  try {
    await probe.makeFolder(place, signal);
  } catch (error) {
    if (error instanceof UpstreamError && !error.outcomeUnclear) return refusal(error, input);
    const made = error instanceof UpstreamError ? refusal(error, input) : givenUp(error, signal);
    // It may be there all the same.
    return afterDeletion(made, path, input, signal);
  }
  return afterDeletion(ok('A folder was made and deleted again.'), path, input, signal);
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
    const why = error instanceof UpstreamError ? ` (${markOf(error) || 'no answer'})` : '';
    return leftBehind(verdict, `Globus did not take the order to delete it${why}`, path);
  }
  try {
    for (;;) {
      switch (await probe.deletion(taskId, signal)) {
        case 'done':
          return verdict;
        case 'failed':
          return leftBehind(
            verdict,
            `the Globus task ${taskId}, which was to delete it, failed`,
            path,
          );
        case 'under-way':
          await pause(LOOK_AGAIN_MS, signal);
      }
    }
  } catch (error) {
    if (!(error instanceof UpstreamError) && !signal.aborted) throw error;
    if (verdict.outcome === 'broken') return verdict;
    return unclear(
      `A folder was made. Whether it is deleted already is not known: the Globus task ${taskId} is to do that.`,
      `Look at https://app.globus.org/activity/${taskId}, or for ${path} in the collection.`,
    );
  }
}

function refusal(error: UpstreamError, { place }: TrialFolderDeps): Verdict {
  const { message, advice } = collectionTrouble(error, place);
  return broken(`No folder could be made: ${message}`, advice);
}

function givenUp(error: unknown, signal: AbortSignal): Verdict {
  if (!signal.aborted) throw error;
  return broken(
    'No folder could be made: it was given up before Globus answered.',
    'Try again, or allow more time with --timeout.',
  );
}

function leftBehind({ outcome, message, advice }: Verdict, why: string, path: string): Verdict {
  return broken(
    outcome === 'ok'
      ? `A folder was made, but ${why}.`
      : `${message} It may have been made all the same, and ${why}.`,
    `${advice} Delete ${path} by hand, if it is there.`.trim(),
  );
}
