import type { TrackingDeps } from '../core/tracking-deps.js';
import type { Transfer } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';
import { errorInWords } from '../../errors/error-facts.js';
import { ServiceAccountError } from '../../errors/upstream.errors.js';
import type { GlobusTask } from '../../ports/globus-transfers.port.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import { decide, noWatch, type Observation, type Watch } from './decide.js';
import type { TaskListing } from './task-listing.js';

/** Largest expected difference between Globus's clock and ours. */
const CLOCKS_DIFFER_MS = 30_000;
/** Pauses before the polls of a task that is being cancelled; Globus takes a moment. */
const CANCELLED_AFTER_MS = [0, 1000, 2000, 4000];

/** Polls Globus every `task.pollInterval` and applies what {@link decide} concludes. */
export class Poller {
  private readonly watches = new WeakMap<TrackedTransfer, Watch>();
  /** Transfers whose progress was reported in full up to the last poll. */
  private readonly synced = new WeakSet<TrackedTransfer>();
  /** Wall clock, for comparing with Globus's dates. */
  private readonly startedAt: number;
  private polledAt = Number.NEGATIVE_INFINITY;
  private goodPollAt: number | undefined;

  constructor(
    private readonly deps: TrackingDeps,
    private readonly listing: TaskListing,
    /** Called when the task of a transfer is to be cancelled. */
    private readonly onEndWanted: (tracked: TrackedTransfer) => void,
  ) {
    this.startedAt = deps.clock.now();
  }

  /** Monotonic milliseconds of the last successful poll; undefined before the first. */
  get lastGoodPoll(): number | undefined {
    return this.goodPollAt;
  }

  /** Polls if the interval has passed. A failed poll is reported and changes no transfer. */
  async pollIfDue(): Promise<void> {
    const { clock, config, transfers, events, alarms } = this.deps;
    const now = clock.monotonicMs();
    // The timer that wakes the loop may fire slightly early.
    if (now - this.polledAt < config.current().task.pollIntervalSeconds * 1000 * 0.9) return;
    this.polledAt = now;
    const inFlight = [...transfers.inFlight()];
    let result;
    try {
      result = await this.listing.poll(inFlight);
    } catch (error) {
      this.failed(error, inFlight.length);
      return;
    }
    this.goodPollAt = clock.monotonicMs();
    if (inFlight.length > 0) {
      events.emit({ kind: 'observed', inFlight: inFlight.length, calls: result.calls });
      alarms.clear('globus-account');
    }
    for (const tracked of inFlight) {
      const observation = result.observations.get(tracked.jobId);
      if (observation !== undefined) this.apply(tracked, observation);
    }
  }

  /**
   * Polls a transfer whose task is being cancelled, at once and a few more times, because its
   * user is waiting. After that, the regular polls have to do. Never rejects.
   *
   * @param signal ends it
   */
  async pollCancelled(tracked: TrackedTransfer, signal: AbortSignal): Promise<void> {
    const { clock, config, transfers } = this.deps;
    const intervalMs = config.current().task.pollIntervalSeconds * 1000;
    const isWanted = (): boolean => !signal.aborted && transfers.inFlight().has(tracked);
    try {
      for (const pauseMs of CANCELLED_AFTER_MS.filter((pause) => pause < intervalMs)) {
        if (pauseMs > 0) await clock.sleep(pauseMs, signal);
        if (!isWanted()) return;
        const observation = await this.listing.pollOne(tracked);
        if (observation !== undefined && isWanted()) this.apply(tracked, observation);
      }
    } catch {
      // Globus can't be queried, which the next regular poll reports; or the service is stopping.
    }
  }

  /** Reports that Globus could not be polled. */
  failed(error: unknown, inFlight: number): void {
    const { events, alarms, signal } = this.deps;
    if (signal.aborted) return;
    events.emit({ kind: 'observed', inFlight, calls: 0, error: errorInWords(error) });
    if (error instanceof ServiceAccountError) alarms.raise('globus-account', error.message);
  }

  private apply(tracked: TrackedTransfer, observation: Observation): void {
    const { clock, config, globus, alarms, transfers } = this.deps;
    const before = tracked.transfer;
    // Another poll has seen its end in the meantime, which may even be written and forgotten.
    if (before.status.state !== 'transferring') return;
    const last = this.watches.get(tracked) ?? noWatch;
    const { transfer, watch, alarm, holdsSlot } = decide(before, observation, last, {
      monotonicMs: clock.monotonicMs(),
      now: clock.now(),
      stallTimeoutMs: config.current().task.stallTimeoutSeconds * 1000,
      clientId: globus.clientId(),
      facilities: config.current().facilities,
    });
    this.watches.set(tracked, watch);
    if (alarm !== undefined) alarms.raise(`task:${tracked.jobId}`, alarm);
    const after = transfers.update(tracked, () => transfer);
    if (holdsSlot !== undefined && after.status.state === 'transferring') {
      transfers.setSlot(tracked, holdsSlot);
    }
    this.tellChange(tracked, before, after);
    if (observation.kind === 'seen') this.tellProgress(tracked, before, observation.task);
  }

  private tellChange(tracked: TrackedTransfer, before: Transfer, after: Transfer): void {
    const { steps, writer, events } = this.deps;
    if (after.status.state !== before.status.state) steps.reset(tracked);
    if (isFinal(after.status.state)) {
      writer.changed(tracked, 'final');
      return;
    }
    const transferring = after.status.state === 'transferring';
    if (after !== before && transferring) {
      writer.changed(tracked, isWorthTelling(before, after) ? 'needed' : 'progress');
    }
    if (after.endRequested !== before.endRequested) {
      const { requestId } = tracked;
      events.emit({ kind: 'end-requested', transfer: after, requestId });
    }
    if (after.endRequested !== undefined && transferring) this.onEndWanted(tracked);
  }

  private tellProgress(tracked: TrackedTransfer, before: Transfer, task: GlobusTask): void {
    const { events } = this.deps;
    const { transfer } = tracked;
    const bytes = transfer.progress.bytesTransferred - before.progress.bytesTransferred;
    const files = transfer.progress.filesTransferred - before.progress.filesTransferred;
    if ((bytes > 0 || files > 0) && this.countsFromZero(tracked, task)) {
      events.emit({ kind: 'moved', transfer, bytes, files });
    }
    this.synced.add(tracked);
    if (transfer.status.state !== before.status.state) {
      const { requestedAt: startedAt, completedAt: endedAt } = task;
      events.emit({ kind: 'task-ended', transfer, startedAt, endedAt });
    }
  }

  /** Until the first poll after a restart it is unknown how much an earlier process has counted. */
  private countsFromZero(tracked: TrackedTransfer, { requestedAt }: GlobusTask): boolean {
    const { status } = tracked.initial;
    return (
      this.synced.has(tracked) ||
      (status.state === 'waiting' && status.submission === 'not-sent') ||
      // No earlier process can have counted a task requested after this one started.
      (requestedAt !== undefined && requestedAt > this.startedAt + CLOCKS_DIFFER_MS)
    );
  }
}

/** A different trouble is news; its details, which may change with every file, are not. */
function isWorthTelling(before: Transfer, after: Transfer): boolean {
  return (
    isInTrouble(after) !== isInTrouble(before) ||
    after.progress.niceStatus !== before.progress.niceStatus ||
    after.endRequested !== before.endRequested
  );
}

function isInTrouble({ status }: Transfer): boolean {
  return status.state === 'transferring' && status.trouble !== undefined;
}
