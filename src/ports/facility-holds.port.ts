import type { FacilityHold, FacilityPair } from '../domain/facility-hold.js';

/** The facilities that operators hold: transfers from or to them are accepted, and wait. */
export interface FacilityHolds {
  /** The holds that have not ended, in the order in which they were placed. */
  inForce(): readonly FacilityHold[];

  /** Why a transfer between two facilities waits, to follow "waiting: "; undefined if it need not. */
  reasonToWait(pair: FacilityPair): string | undefined;

  /**
   * Holds a facility, in place of an earlier hold of it. Resolves when the hold survives a restart.
   *
   * @param requestId of the HTTP request
   * @throws SpoolUnavailableError when it can't be stored; nothing has changed then
   */
  place(hold: FacilityHold, requestId: string): Promise<void>;

  /**
   * Ends the hold of a facility.
   *
   * @param by user name of the operator
   * @param requestId of the HTTP request
   * @returns the hold that has ended; undefined if there was none
   * @throws SpoolUnavailableError when that can't be stored; the facility is still held then
   */
  release(facility: string, by: string, requestId: string): Promise<FacilityHold | undefined>;

  /** Calls back after each change, including holds that end by themselves. */
  onChange(listener: () => void): void;
}

/** Injection token of {@link FacilityHolds}. */
export const FACILITY_HOLDS = Symbol('FacilityHolds');
