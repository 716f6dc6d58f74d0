import type { FacilityHold } from '../domain/facility-hold.js';

/** Holds read from a store. */
export type StoredHolds =
  /** In no order; none if none were ever stored. Some may have ended by now. */
  | { readonly kind: 'read'; readonly holds: readonly FacilityHold[] }
  /** What is stored can't be used; `reason` is a sentence for operators. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Keeps the holds of facilities across restarts. */
export interface FacilityHoldStore {
  /** Never rejects. */
  read(): Promise<StoredHolds>;
  /**
   * Replaces all stored holds at once: after a crash, either the old or the new ones are there.
   *
   * @throws SpoolUnavailableError when they can't be stored; the old ones are still there then
   */
  write(holds: readonly FacilityHold[]): Promise<void>;
}

/** Injection token of {@link FacilityHoldStore}. */
export const FACILITY_HOLD_STORE = Symbol('FacilityHoldStore');
