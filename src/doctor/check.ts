/** How a check went; `unclear` is what could not be proved, or is worth a look. */
export type Verdict = Pick<Finding, 'message' | 'advice'> & {
  readonly outcome: 'ok' | 'broken' | 'unclear';
};

/** One question, small enough to have one answer. */
export interface Check {
  /** Which question, e.g. `scicat-login`: a stable word for scripts. */
  readonly check: string;
  /** About what: an address, an account, a facility. */
  readonly subject: string;
  /** Checks without whose success this one makes no sense; they stand before it. */
  readonly needs: readonly Check[];
  /**
   * @throws the signal's reason
   * @throws UpstreamError for what the check has no words of its own for
   */
  run(signal: AbortSignal): Promise<Verdict>;
}

/** What is told of a check. */
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
