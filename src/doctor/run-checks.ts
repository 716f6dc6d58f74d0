import { UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, type Finding, type Verdict } from './check.js';
import { generalFailure } from './failures.js';

/** How checks are run. */
export interface RunOptions {
  /** Bound of each check. */
  readonly timeoutMs: number;
  /** Ends the run: the check under way cleans up after itself, the rest is not begun. */
  readonly interrupted: AbortSignal;
  /** A signal that aborts after so many milliseconds. @default AbortSignal.timeout */
  readonly after?: (ms: number) => AbortSignal;
}

/** A check that has to clean up may take so much longer; one that hangs is left behind then. */
const GRACE_MS = 20_000;

/** Runs the checks in turn and tells of each as soon as it is done. */
export async function* runChecks(
  checks: readonly Check[],
  options: RunOptions,
): AsyncGenerator<Finding, void, undefined> {
  const unusable = new Set<Check>();
  for (const check of checks) {
    if (options.interrupted.aborted) return;
    const missing = check.needs.find((need) => unusable.has(need));
    const verdict = missing === undefined ? await verdictOf(check, options) : undefined;
    // Given up, and nothing to tell of it.
    if (missing === undefined && verdict === undefined) return;
    if (verdict?.outcome !== 'ok' && verdict?.outcome !== 'unclear') unusable.add(check);
    yield {
      check: check.check,
      subject: check.subject,
      ...(verdict ?? {
        outcome: 'skipped',
        message: `Not tried, because "${missing?.check ?? ''}" of ${missing?.subject ?? ''} failed.`,
        advice: '',
      }),
    };
  }
}

/** @returns undefined when it was interrupted */
async function verdictOf(check: Check, options: RunOptions): Promise<Verdict | undefined> {
  const after = options.after ?? ((ms) => AbortSignal.timeout(ms));
  const timedOut = after(options.timeoutMs);
  const signal = AbortSignal.any([options.interrupted, timedOut]);
  const done = new AbortController();
  try {
    return await Promise.race([check.run(signal), hopeless(signal, after, done.signal)]);
  } catch (error) {
    if (error instanceof UpstreamError) return generalFailure(error);
    if (!signal.aborted || error !== signal.reason) throw error;
    if (options.interrupted.aborted) return undefined;
    return broken(
      `It was not done within ${options.timeoutMs / 1000} s.`,
      'Try again, or allow more time with --timeout.',
    );
  } finally {
    done.abort();
  }
}

/** Rejects with the signal's reason when the time for cleaning up is over as well. */
function hopeless(
  signal: AbortSignal,
  after: (ms: number) => AbortSignal,
  done: AbortSignal,
): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener(
      'abort',
      () => {
        after(GRACE_MS).addEventListener('abort', giveUp, { signal: done });
      },
      { signal: done },
    );
  });
}
