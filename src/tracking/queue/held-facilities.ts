import { type FacilityHold, type FacilityPair, isInForce } from '../../domain/facility-hold.js';
import type { Clock } from '../../ports/clock.port.js';
import type { FacilityHoldStore } from '../../ports/facility-hold-store.port.js';
import type { FacilityHolds } from '../../ports/facility-holds.port.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';
import type { Alarms } from '../core/alarms.js';
import { holdReason } from './hold-reason.js';

/** Collaborators of {@link HeldFacilities}. */
export interface HeldFacilitiesDeps {
  readonly store: FacilityHoldStore;
  readonly events: TransferEvents;
  readonly alarms: Alarms;
  readonly clock: Clock;
}

/** Longest timer; also bounds how late the end of a hold is noticed after a jump of the wall clock. */
const LOOK_AGAIN_MS = 60 * 60_000;

/**
 * The holds of this process, which begin with those of the earlier one. A change takes effect once it
 * is stored, so that what an operator was told survives a crash.
 */
export class HeldFacilities implements FacilityHolds {
  /** By facility, in the order in which they were placed. Replaced as a whole. */
  private holds: ReadonlyMap<string, FacilityHold>;
  private readonly listeners: (() => void)[] = [];
  /** The change under way: the next one begins with its result. */
  private lastChange: Promise<unknown> = Promise.resolve();
  private cancelTimer: () => void = () => undefined;
  private closed = false;

  /** @param holds those of the earlier process */
  constructor(
    private readonly deps: HeldFacilitiesDeps,
    holds: readonly FacilityHold[] = [],
  ) {
    this.holds = byName(holds);
    this.endInTime();
  }

  /** Reads the stored holds. Without them, the service works all the same: an alarm says so. */
  static async open(deps: HeldFacilitiesDeps): Promise<HeldFacilities> {
    const stored = await deps.store.read();
    if (stored.kind === 'unreadable') deps.alarms.raise('facility-holds', stored.reason);
    return new HeldFacilities(deps, stored.kind === 'read' ? stored.holds : []);
  }

  inForce(): readonly FacilityHold[] {
    return [...this.current().values()];
  }

  reasonToWait(pair: FacilityPair): string | undefined {
    return this.holds.size === 0 ? undefined : holdReason(pair, this.current());
  }

  place(hold: FacilityHold, requestId: string): Promise<void> {
    return this.change(async () => {
      const others = this.inForce().filter(({ facility }) => facility !== hold.facility);
      await this.store([...others, hold]);
      this.deps.events.emit({ kind: 'facility-held', hold, requestId });
    });
  }

  release(facility: string, by: string, requestId: string): Promise<FacilityHold | undefined> {
    return this.change(async () => {
      const hold = this.current().get(facility);
      if (hold === undefined) return undefined;
      await this.store(this.inForce().filter((other) => other !== hold));
      this.deps.events.emit({ kind: 'facility-released', hold, by, requestId });
      return hold;
    });
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Sets no more timers, so that the process can exit. */
  onApplicationShutdown(): void {
    this.closed = true;
    this.cancelTimer();
  }

  private current(): ReadonlyMap<string, FacilityHold> {
    const now = this.deps.clock.now();
    const holds = [...this.holds.values()];
    if (holds.every((hold) => isInForce(hold, now))) return this.holds;
    return byName(holds.filter((hold) => isInForce(hold, now)));
  }

  private async change<Result>(make: () => Promise<Result>): Promise<Result> {
    const made = this.lastChange.then(make);
    this.lastChange = made.catch(() => undefined);
    const result = await made;
    for (const listener of this.listeners) listener();
    return result;
  }

  private async store(holds: readonly FacilityHold[]): Promise<void> {
    const { store, alarms } = this.deps;
    await store.write(holds);
    // Whatever could not be read has been replaced.
    alarms.clear('facility-holds');
    this.holds = byName(holds);
    this.endInTime();
  }

  /** Ends by themselves the holds whose time has come, now and at the next such moment. */
  private endInTime(): void {
    this.cancelTimer();
    const { clock, events, store } = this.deps;
    const ended = [...this.holds.values()].filter((hold) => !isInForce(hold, clock.now()));
    if (ended.length > 0) {
      this.holds = this.current();
      for (const hold of ended) events.emit({ kind: 'facility-released', hold });
      for (const listener of this.listeners) listener();
      // If this fails, they have ended nevertheless.
      this.lastChange = this.lastChange
        .then(() => store.write(this.inForce()))
        .catch(() => undefined);
    }
    const ends = [...this.holds.values()].flatMap(({ until }) => until ?? []);
    if (ends.length === 0 || this.closed) return;
    const inMs = Math.min(LOOK_AGAIN_MS, Math.min(...ends) - clock.now());
    this.cancelTimer = clock.schedule(inMs, () => this.endInTime());
  }
}

function byName(holds: readonly FacilityHold[]): ReadonlyMap<string, FacilityHold> {
  return new Map(holds.map((hold) => [hold.facility, hold]));
}
