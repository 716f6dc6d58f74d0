import type { FacilityHold } from '../../src/domain/facility-hold.js';
import type { FacilityHoldStore, StoredHolds } from '../../src/ports/facility-hold-store.port.js';

/** A store that outlives a {@link HeldFacilities}, but not the test. */
export class FakeHoldStore implements FacilityHoldStore {
  stored: StoredHolds = { kind: 'read', holds: [] };
  /** Thrown by {@link write}. */
  refusal: Error | undefined;

  read(): Promise<StoredHolds> {
    return Promise.resolve(this.stored);
  }

  write(holds: readonly FacilityHold[]): Promise<void> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    this.stored = { kind: 'read', holds };
    return Promise.resolve();
  }
}
