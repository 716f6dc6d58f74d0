/** An operator's decision that no transfer from or to a facility is submitted for now. */
export interface FacilityHold {
  /** Name of the facility. */
  readonly facility: string;
  /** For everybody whose transfers wait: at most 300 characters, on one line. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When it ends by itself, in milliseconds since the epoch; undefined if only an operator ends it. */
  readonly until: number | undefined;
  /** User name of the operator. */
  readonly by: string;
}

/** Names of the two facilities of a transfer. */
export interface FacilityPair {
  readonly source: string;
  readonly destination: string;
}

/** Whether the hold has not ended by itself. */
export function isInForce({ until }: Pick<FacilityHold, 'until'>, now: number): boolean {
  return until === undefined || until > now;
}
