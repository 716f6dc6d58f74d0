import { UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, type Finding, type Verdict } from './check.js';
import { generalFailure, MORE_TIME } from './failures.js';

/** How checks are run. */
export interface RunOptions {
  /** Time limit of each check. */
  readonly timeoutMs: number;
  /** Ends the run: the current check cleans up, the others are not started. */
  readonly interrupted: AbortSignal;
  /** Returns a signal that aborts after so many milliseconds. @default AbortSignal.timeout */
  readonly after?: (ms: number) => AbortSignal;
}

/** Extra time for a check to clean up; one that hangs is then abandoned. */
const GRACE_MS = 20_000;

/** Runs the checks in order and yields each finding as soon as it is known. */
export async function* runChecks(
  checks: readonly Check[],
  options: RunOptions,
): AsyncGenerator<Finding, void, undefined> {
  const failed = new Set<Check>();
  for (const check of checks) {
    if (options.interrupted.aborted) return;
    const blocker = check.needs.find((need) => failed.has(need));
    const result = blocker === undefined ? await verdictOf(check, options) : skipped(blocker);
    // Interrupted, with nothing to report.
    if (result === undefined) return;
    if (result.outcome === 'broken' || result.outcome === 'skipped') failed.add(check);
    yield { check: check.check, subject: check.subject, ...result };
  }
}

function skipped({ check, subject }: Check): Omit<Finding, 'check' | 'subject'> {
  const message = `Skipped, because "${check}" failed for ${subject}.`;
  return { outcome: 'skipped', message, advice: '' };
}

/** @returns undefined if interrupted */
async function verdictOf(check: Check, options: RunOptions): Promise<Verdict | undefined> {
  const after = options.after ?? ((ms) => AbortSignal.timeout(ms));
  const signal = AbortSignal.any([options.interrupted, after(options.timeoutMs)]);
  const done = new AbortController();
  try {
    return await Promise.race([check.run(signal), abandoned(signal, after, done.signal)]);
  } catch (error) {
    if (error instanceof UpstreamError) return (check.onFailure ?? generalFailure)(error);
    if (!signal.aborted || error !== signal.reason) throw error;
    if (options.interrupted.aborted) return undefined;
    return broken(`Timed out after ${options.timeoutMs / 1000} s.`, MORE_TIME);
  } finally {
    done.abort();
  }
}

/** Rejects with the signal's reason once the time for cleaning up is over, too. */
function abandoned(
  signal: AbortSignal,
  after: (ms: number) => AbortSignal,
  done: AbortSignal,
): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    const startGrace = (): void =>
      after(GRACE_MS).addEventListener('abort', giveUp, { signal: done });
    signal.addEventListener('abort', startGrace, { signal: done });
  });
}
