import type { TrackingDeps } from '../core/tracking-deps.js';
import type { Transfer } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';
import { errorInWords } from '../../errors/error-facts.js';
import { ServiceAccountError } from '../../errors/upstream.errors.js';
import type { GlobusTask } from '../../ports/globus-transfers.port.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import { decide, noWatch, type Observation, type Watch } from './decide.js';
import type { TaskListing } from './task-listing.js';

interface Deps extends TrackingDeps {
  readonly listing: TaskListing;
  /** The task of a transfer is to be cancelled. */
  readonly onEndWanted: (tracked: TrackedTransfer) => void;
}

/** Globus's clock and ours may be this much apart. */
const CLOCKS_DIFFER_MS = 30_000;

/** Polls Globus every `task.pollInterval` and applies what {@link decide} makes of the answers. */
export class Poller {
  private readonly watches = new WeakMap<TrackedTransfer, Watch>();
  /** Transfers whose progress in hand is all that Globus has copied so far. */
  private readonly synced = new WeakSet<TrackedTransfer>();
  /** Wall clock: it is compared with Globus's dates. */
  private readonly startedAt: number;
  private polledAt = Number.NEGATIVE_INFINITY;
  private goodPollAt: number | undefined;

  constructor(private readonly deps: Deps) {
    this.startedAt = deps.clock.now();
  }

  /** Monotonic milliseconds of the last good poll; undefined before the first. */
  get lastGoodPoll(): number | undefined {
    return this.goodPollAt;
  }

  /** Polls if the interval is over. A failed poll changes nothing. Never rejects for it. */
  async pollIfDue(): Promise<void> {
    const { clock, config, transfers, listing, events, alarms } = this.deps;
    const now = clock.monotonicMs();
    // The timer that wakes the loop may be early by a little.
    if (now - this.polledAt < config.current().task.pollIntervalSeconds * 1000 * 0.9) return;
    this.polledAt = now;
    const inFlight = [...transfers.inFlight()];
    let result;
    try {
      result = await listing.poll(inFlight);
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
    const { transfer, watch, alarm } = decide(
      before,
      observation,
      this.watches.get(tracked) ?? noWatch,
      {
        monotonicMs: clock.monotonicMs(),
        nowIso: new Date(clock.now()).toISOString(),
        stallTimeoutMs: config.current().task.stallTimeoutSeconds * 1000,
        clientId: globus.clientId(),
      },
    );
    this.watches.set(tracked, watch);
    if (alarm !== undefined) alarms.raise(`task:${tracked.jobId}`, alarm);
    this.tellChange(
      tracked,
      before,
      transfers.update(tracked, () => transfer),
    );
    if (observation.kind === 'seen') this.tellProgress(tracked, before, observation.task);
  }

  private tellChange(tracked: TrackedTransfer, before: Transfer, after: Transfer): void {
    const { steps, writer, events, onEndWanted } = this.deps;
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
    if (after.endRequested !== undefined && transferring) onEndWanted(tracked);
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

  /** After a restart, until the first poll, it is not known how much an earlier process has counted. */
  private countsFromZero(tracked: TrackedTransfer, { requestedAt }: GlobusTask): boolean {
    const { status } = tracked.initial;
    return (
      this.synced.has(tracked) ||
      (status.state === 'waiting' && status.submission === 'not-sent') ||
      // No earlier process can have counted what was requested after this one began.
      (requestedAt !== undefined && requestedAt > this.startedAt + CLOCKS_DIFFER_MS)
    );
  }
}

/** Details of a trouble may change with every file; that there is another trouble is news. */
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
