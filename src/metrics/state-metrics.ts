import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../ports/clock.port.js';
import type { TrackerStatus } from '../tracking/tracker.js';
import type { Transfer } from '../domain/transfer.js';
import { ALARM_KINDS, alarmKind, type AlarmName } from '../tracking/core/alarms.js';
import { sidesOf } from './labels.js';

/** What is looked at for each scrape. */
export interface StateSource {
  readonly status: () => TrackerStatus;
  readonly openTransfers: () => Iterable<Transfer>;
  /** Reason by name. */
  readonly alarms: () => ReadonlyMap<AlarmName, string>;
  /** Names in the configuration in force. */
  readonly facilities: () => ReadonlySet<string>;
  readonly pollIntervalSeconds: () => number;
}

/** How things stand at the moment of a scrape. */
export class StateMetrics {
  private readonly transfers: Gauge<'state' | 'source' | 'destination'>;
  private readonly queueLength: Gauge;
  private readonly oldestWaiting: Gauge;
  private readonly pollAge: Gauge;
  private readonly pollInterval: Gauge;
  private readonly pendingWrites: Gauge;
  private readonly parkedJobs: Gauge;
  private readonly alarms: Gauge<'kind'>;
  private readonly ready: Gauge;
  private readonly begunAt: number;

  constructor(
    registry: Registry,
    private readonly clock: Clock,
    private readonly source: StateSource,
  ) {
    this.begunAt = clock.monotonicMs();
    const gauge = (name: string, help: string): Gauge =>
      new Gauge({ name: `globus_proxy_${name}`, help, registers: [registry] });
    this.transfers = new Gauge({
      name: 'globus_proxy_transfers',
      help: 'Open transfers by state and facilities; finished, failed, cancelled: SciCat does not show it yet.',
      labelNames: ['state', 'source', 'destination'],
      registers: [registry],
    });
    this.queueLength = gauge('queue_length', 'Transfers that wait to be handed to Globus.');
    this.oldestWaiting = gauge(
      'oldest_waiting_seconds',
      'Age of the oldest transfer that waits; 0 when none does.',
    );
    this.pollAge = gauge(
      'last_good_poll_age_seconds',
      'Time since Globus was last looked at, or nothing was there to look for.',
    );
    this.pollInterval = gauge(
      'poll_interval_seconds',
      'Time between two looks: task.pollInterval.',
    );
    this.pendingWrites = gauge('pending_writes', 'Jobs that SciCat does not show as they are.');
    this.parkedJobs = gauge(
      'parked_jobs',
      'Jobs that SciCat keeps refusing to change, tried once an hour.',
    );
    this.alarms = new Gauge({
      name: 'globus_proxy_alarms',
      help: 'Alarms that stand and need an operator, by kind; /health/ready has the reasons.',
      labelNames: ['kind'],
      registers: [registry],
    });
    this.ready = gauge('ready', '1 when all open transfers are taken up and requests are taken.');
  }

  /** Looks at how things stand now. To be called before the registry is read. */
  refresh(): void {
    const { source } = this;
    const status = source.status();
    this.countTransfers();
    this.queueLength.set(status.waiting);
    this.pendingWrites.set(status.pendingWrites);
    this.parkedJobs.set(status.parkedJobs);
    this.ready.set(status.ready ? 1 : 0);
    this.pollInterval.set(source.pollIntervalSeconds());
    // Before the first look it counts from the start: one that never comes is late, too.
    const polledAt = status.lastGoodPoll ?? this.begunAt;
    this.pollAge.set((this.clock.monotonicMs() - polledAt) / 1000);
    for (const kind of ALARM_KINDS) this.alarms.set({ kind }, 0);
    for (const alarm of source.alarms().keys()) this.alarms.inc({ kind: alarmKind(alarm) });
  }

  private countTransfers(): void {
    const { source } = this;
    const facilities = source.facilities();
    const counts = new Map<string, { labels: Labels; count: number }>();
    let oldest = Number.POSITIVE_INFINITY;
    for (const transfer of source.openTransfers()) {
      const { state } = transfer.status;
      if (state === 'waiting') oldest = Math.min(oldest, transfer.requestedAt);
      const labels = { state, ...sidesOf(transfer, facilities) };
      const key = `${state}\n${labels.source}\n${labels.destination}`;
      const entry = counts.get(key);
      if (entry === undefined) counts.set(key, { labels, count: 1 });
      else entry.count += 1;
    }
    this.transfers.reset();
    for (const { labels, count } of counts.values()) this.transfers.set(labels, count);
    this.oldestWaiting.set(Math.max(0, this.clock.now() - oldest) / 1000);
  }
}

interface Labels {
  state: string;
  source: string;
  destination: string;
}
