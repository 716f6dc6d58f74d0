import type { UpstreamError } from '../errors/upstream.errors.js';
import type { DataFolderProbe } from './probes/data-folder-probe.js';
import type { GlobusProbe } from './probes/globus-probe.js';
import type { ListenProbe } from './probes/listen-probe.js';
import type { ScicatProbe } from './probes/scicat-probe.js';
import type { SettingLocations } from './setting-locations.js';

/** What the checks need; each takes its `Pick` of it. */
export interface DoctorDeps {
  readonly scicat: ScicatProbe;
  readonly globus: GlobusProbe;
  readonly dataFolder: DataFolderProbe;
  readonly listen: ListenProbe;
  readonly settings: SettingLocations;
  /** The current user as messages name it, since file permissions depend on the user. */
  readonly user: string;
  /** Whether jobs, folders and files may be created and deleted. */
  readonly write: boolean;
  /** Of an ordinary user, to prove what users may not do; undefined if none was given. */
  readonly userToken: string | undefined;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The result of a check. */
export interface Verdict {
  /** `unclear`: could not be proved, or deserves attention. */
  readonly outcome: 'ok' | 'broken' | 'unclear';
  /** Whole sentences; several lines for a list. */
  readonly message: string;
  /** What to do, and who has to; empty if nothing. */
  readonly advice: string;
}

/** One question, small enough to have one answer. */
export interface Check {
  /** A stable name for scripts, e.g. `scicat-login`. */
  readonly check: string;
  /** The address, account or facility that is checked. */
  readonly subject: string;
  /** Earlier checks; if one of them failed, this one is skipped. */
  readonly needs: readonly Check[];
  /** @throws UpstreamError, or the signal's reason */
  run(signal: AbortSignal): Promise<Verdict>;
  /** Turns an upstream failure of `run` into a verdict. @default generalFailure */
  readonly onFailure?: (error: UpstreamError) => Verdict;
}

/** What is reported about a check. */
export interface Finding extends Omit<Verdict, 'outcome'> {
  readonly check: string;
  readonly subject: string;
  readonly outcome: Verdict['outcome'] | 'skipped';
}

export function ok(message: string): Verdict {
  return { outcome: 'ok', message, advice: '' };
}

/** Transfers, or one of the service's operations, can't work this way. */
export function broken(message: string, advice: string): Verdict {
  return { outcome: 'broken', message, advice };
}

/** Not proved, or doubtful. */
export function unclear(message: string, advice = ''): Verdict {
  return { outcome: 'unclear', message, advice };
}

/**
 * Shares one answer among several checks. A failure is shared too, unless the check that caused it
 * ran out of time: the next one asks again with its own signal.
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
