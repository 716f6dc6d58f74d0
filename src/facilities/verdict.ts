/**
 * Outcomes of a rule. `not-needed`: neither the facilities nor the request call for it.
 * `not-checked`: it depends on a rule that has not passed.
 */
export const RULE_OUTCOMES = ['passed', 'refused', 'not-needed', 'not-checked'] as const;

/** The outcome of one rule for one request. */
export interface Verdict {
  readonly outcome: (typeof RULE_OUTCOMES)[number];
  /** What was found, as a sentence; for a refusal, the message of the error that the caller gets. */
  readonly message: string;
  /** Accepted values, of which one is enough. */
  readonly required?: readonly string[];
  /** What the caller or the dataset has; if the rule passed, only what made it pass. */
  readonly found?: readonly string[];
  /** Present if the rule refuses. */
  readonly refusal?: Refusal;
}

interface Refusal {
  /** Whether the caller lacks permission, or the request can't be processed. */
  readonly kind: 'not-allowed' | 'not-usable';
  /** Reason in the audit line. */
  readonly reason: string;
}
