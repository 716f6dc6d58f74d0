import type { DataFolderProbe } from './probes/data-folder-probe.js';
import type { GlobusProbe } from './probes/globus-probe.js';
import type { ScicatProbe } from './probes/scicat-probe.js';
import type { SettingLocations } from './setting-locations.js';

/** What the checks work with. */
export interface DoctorDeps {
  readonly scicat: ScicatProbe;
  readonly globus: GlobusProbe;
  readonly dataFolder: DataFolderProbe;
  readonly settings: SettingLocations;
  /** The user that runs them, as messages call it: permissions are those of a user. */
  readonly user: string;
  /** Whether jobs, folders and files may be created and deleted. */
  readonly write: boolean;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** How a check went; `unclear` is what could not be proved, or deserves attention. */
export type Verdict = Pick<Finding, 'message' | 'advice'> & {
  readonly outcome: 'ok' | 'broken' | 'unclear';
};

/** One question, small enough to have one answer. */
export interface Check {
  /** Which question, e.g. `scicat-login`: a stable word for scripts. */
  readonly check: string;
  /** About what: an address, an account, a facility. */
  readonly subject: string;
  /** Earlier checks that must not have failed for this one to make sense. */
  readonly needs: readonly Check[];
  /**
   * @throws the signal's reason
   * @throws UpstreamError for failures that the check has no message of its own for
   */
  run(signal: AbortSignal): Promise<Verdict>;
}

/** What is reported of a check. */
export interface Finding {
  readonly check: string;
  readonly subject: string;
  readonly outcome: 'ok' | 'broken' | 'unclear' | 'skipped';
  /** Whole sentences; several lines where there is a list. */
  readonly message: string;
  /** What to do, and who has to; empty when there is nothing to do. */
  readonly advice: string;
}

/** All is well. */
export function ok(message: string): Verdict {
  return { outcome: 'ok', message, advice: '' };
}

/** A transfer, or one of the service's operations, can't work like this. */
export function broken(message: string, advice: string): Verdict {
  return { outcome: 'broken', message, advice };
}

/** Not proved, or doubtful. */
export function unclear(message: string, advice = ''): Verdict {
  return { outcome: 'unclear', message, advice };
}

/**
 * Shares the answer to a question among checks. A failure is shared as well, unless it was the
 * asking check that ran out of time: the next one has a signal of its own, and asks again.
 */
export function once<T>(
  ask: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal) => Promise<T> {
  let answer: Promise<T> | undefined;
  return async (signal) => {
    answer ??= ask(signal);
    try {
      return await answer;
    } catch (error) {
      if (signal.aborted) answer = undefined;
      throw error;
    }
  };
}
