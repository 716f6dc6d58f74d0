import type { TrackingDeps } from '../core/tracking-deps.js';
import { errorInWords } from '../../errors/error-facts.js';
import { ServiceAccountError, UpstreamSetupError } from '../../errors/upstream.errors.js';
import type { TaskListing } from '../polling/task-listing.js';
import type { Sweep, SweepResult } from './sweep.js';

const SWEEP_EVERY_MS = 5 * 60_000;
const AFTER_FAILURE_MS = 30_000;

/** Recovers once, then sweeps every five minutes, and reports the outcomes. */
export class Sweeper {
  private sweeping = false;
  private dueAt = 0;

  constructor(
    private readonly deps: TrackingDeps,
    private readonly sweep: Sweep,
    private readonly listing: TaskListing,
  ) {}

  /** @throws UpstreamError when the open jobs could not be read completely; already reported */
  async recover(): Promise<void> {
    try {
      this.swept(await this.sweep.recover());
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  /** Sweeps in the background: a long list or a slow SciCat must not delay polling Globus. */
  sweepIfDue(): void {
    const { clock, background } = this.deps;
    if (this.sweeping || clock.monotonicMs() < this.dueAt) return;
    this.sweeping = true;
    background.addThenWake(this.sweepOnce());
  }

  private async sweepOnce(): Promise<void> {
    try {
      this.swept(await this.sweep.run());
    } catch (error) {
      this.dueAt = this.deps.clock.monotonicMs() + AFTER_FAILURE_MS;
      this.failed(error);
    }
    await this.tryGlobusAccount();
    this.sweeping = false;
  }

  /** Without transfers in flight, nothing else shows that Globus accepts the account again. */
  private async tryGlobusAccount(): Promise<void> {
    const { alarms, transfers } = this.deps;
    if (!alarms.isRaised('globus-account') || transfers.inFlight().size > 0) return;
    try {
      await this.listing.running();
      alarms.clear('globus-account');
    } catch {
      // The alarm stays.
    }
  }

  private swept({ open, adopted }: SweepResult): void {
    const { clock, events, alarms } = this.deps;
    this.dueAt = clock.monotonicMs() + SWEEP_EVERY_MS;
    events.emit({ kind: 'swept', open, adopted });
    alarms.clear('scicat-account');
    alarms.clear('scicat-setup:list');
  }

  private failed(error: unknown): void {
    const { events, alarms, signal } = this.deps;
    if (signal.aborted) return;
    events.emit({ kind: 'swept', open: 0, adopted: 0, error: errorInWords(error) });
    if (error instanceof UpstreamSetupError) alarms.raise('scicat-setup:list', error.message);
    else if (error instanceof ServiceAccountError) alarms.raise('scicat-account', error.message);
  }
}
