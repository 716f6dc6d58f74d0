import { UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, type Finding, type Verdict } from './check.js';
import { generalFailure, MORE_TIME } from './failures.js';

/** How checks are run. */
export interface RunOptions {
  /** Time limit of each check. */
  readonly timeoutMs: number;
  /** Ends the run: the check under way cleans up after itself, the rest is not begun. */
  readonly interrupted: AbortSignal;
  /** A signal that aborts after so many milliseconds. @default AbortSignal.timeout */
  readonly after?: (ms: number) => AbortSignal;
}

/** How much longer a check may take to clean up; one that hangs is abandoned then. */
const GRACE_MS = 20_000;

/** Runs the checks in turn and reports each as soon as it is done. */
export async function* runChecks(
  checks: readonly Check[],
  options: RunOptions,
): AsyncGenerator<Finding, void, undefined> {
  const unusable = new Set<Check>();
  for (const check of checks) {
    if (options.interrupted.aborted) return;
    const failed = check.needs.find((need) => unusable.has(need));
    const verdict = failed === undefined ? await verdictOf(check, options) : skipped(failed);
    // Interrupted, with nothing to report.
    if (verdict === undefined) return;
    if (verdict.outcome === 'broken' || verdict.outcome === 'skipped') unusable.add(check);
    yield { check: check.check, subject: check.subject, ...verdict };
  }
}

function skipped({ check, subject }: Check): Omit<Finding, 'check' | 'subject'> {
  const message = `Skipped, because "${check}" failed for ${subject}.`;
  return { outcome: 'skipped', message, advice: '' };
}

/** @returns undefined when it was interrupted */
async function verdictOf(check: Check, options: RunOptions): Promise<Verdict | undefined> {
  const after = options.after ?? ((ms) => AbortSignal.timeout(ms));
  const signal = AbortSignal.any([options.interrupted, after(options.timeoutMs)]);
  const done = new AbortController();
  try {
    return await Promise.race([check.run(signal), abandoned(signal, after, done.signal)]);
  } catch (error) {
    if (error instanceof UpstreamError) return generalFailure(error);
    if (!signal.aborted || error !== signal.reason) throw error;
    if (options.interrupted.aborted) return undefined;
    return broken(`Timed out after ${options.timeoutMs / 1000} s.`, MORE_TIME);
  } finally {
    done.abort();
  }
}

/** Rejects with the signal's reason when the time for cleaning up is over as well. */
function abandoned(
  signal: AbortSignal,
  after: (ms: number) => AbortSignal,
  done: AbortSignal,
): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = (): void => {
      reject(signal.reason as Error);
    };
    const grace = (): void => {
      after(GRACE_MS).addEventListener('abort', giveUp, { signal: done });
    };
    signal.addEventListener('abort', grace, { signal: done });
  });
}
