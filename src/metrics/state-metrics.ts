import type { Registry } from 'prom-client';
import type { Transfer } from '../domain/transfer.js';
import type { Clock } from '../ports/clock.port.js';
import type { StoreRefusal, StoreUsage } from '../ports/file-list-store.port.js';
import { ALARM_KINDS, alarmKind, type AlarmName } from '../tracking/core/alarms.js';
import type { TrackerStatus } from '../tracking/tracker.js';
import { metricsIn } from './define-metrics.js';
import { sidesOf } from './labels.js';

/** What each scrape reads. */
export interface StateSource {
  readonly status: () => TrackerStatus;
  readonly openTransfers: () => Iterable<Transfer>;
  /** Reason by name. */
  readonly alarms: () => ReadonlyMap<AlarmName, string>;
  /** The services that have been called, and whether they can be reached. */
  readonly reachable: () => ReadonlyMap<string, boolean>;
  /** Names in the current configuration. */
  readonly facilities: () => ReadonlySet<string>;
  /** Names of the facilities that operators hold. */
  readonly held: () => ReadonlySet<string>;
  readonly pollIntervalSeconds: () => number;
  readonly fileLists: () => StoreUsage;
}

/** The state of the service at the time of a scrape. */
export class StateMetrics {
  private readonly gauges;
  private readonly startedAt: number;
  /** What the counter of refusals shows. */
  private readonly counted: Record<StoreRefusal, number> = { quota: 0, 'user-quota': 0, disk: 0 };

  constructor(
    registry: Registry,
    private readonly clock: Clock,
    private readonly source: StateSource,
  ) {
    this.startedAt = clock.monotonicMs();
    const { gauge, counter } = metricsIn(registry);
    this.gauges = {
      transfers: gauge(
        'transfers',
        'Open transfers by state and facilities. An ended transfer still counts until its final status is in SciCat.',
        ['state', 'source', 'destination'],
      ),
      queueLength: gauge('queue_length', 'Transfers waiting to be submitted to Globus.'),
      withoutSlot: gauge(
        'transfers_without_slot',
        'Transfers that Globus has, but that make no progress until someone acts, so that they hold no slot.',
      ),
      oldestWaiting: gauge(
        'oldest_waiting_seconds',
        'Age of the oldest waiting transfer; 0 if none is waiting.',
      ),
      pollAge: gauge(
        'last_good_poll_age_seconds',
        'Time since the last moment at which Globus was polled successfully or there was nothing to poll.',
      ),
      pollInterval: gauge('poll_interval_seconds', 'Time between polls: task.pollInterval.'),
      pendingWrites: gauge('pending_writes', 'Jobs whose current status is not in SciCat yet.'),
      parkedJobs: gauge('parked_jobs', 'Jobs whose updates SciCat rejects, retried hourly.'),
      alarms: gauge(
        'alarms',
        'Active alarms, which require an operator, by kind. See /health/ready for the reasons.',
        ['kind'],
      ),
      reachable: gauge(
        'upstream_reachable',
        '1 if SciCat or Globus answered the latest attempt to call it, else 0. See /health/ready for the reason.',
        ['service'],
      ),
      spoolBytes: gauge('spool_bytes', 'Disk space taken by the file lists of waiting transfers.'),
      spoolMaxBytes: gauge(
        'spool_max_bytes',
        'Disk space that these lists may take: spool.maxMiB.',
      ),
      spoolRefusals: counter(
        'spool_refusals_total',
        'File lists that were not stored, by reason: quota (spool.maxMiB), user-quota (spool.maxMiBPerUser) or disk.',
        ['reason'],
      ),
      facilityHeld: gauge(
        'facility_held',
        '1 for each facility that operators hold, else 0. See /health/ready for the messages.',
        ['facility'],
      ),
      ready: gauge(
        'ready',
        '1 if the service has resumed tracking all open transfers and accepts requests, else 0.',
      ),
    };
  }

  /** Updates all gauges. Must be called before the registry is read. */
  refresh(): void {
    const { gauges, source } = this;
    const status = source.status();
    this.countTransfers();
    this.showSpool();
    gauges.queueLength.set(status.waiting);
    gauges.withoutSlot.set(status.withoutSlot);
    gauges.pendingWrites.set(status.pendingWrites);
    gauges.parkedJobs.set(status.parkedJobs);
    gauges.ready.set(status.ready ? 1 : 0);
    gauges.pollInterval.set(source.pollIntervalSeconds());
    // Counts from the start until the first poll, so that a missing first poll is noticed, too.
    const polledAt = status.lastGoodPoll ?? this.startedAt;
    gauges.pollAge.set((this.clock.monotonicMs() - polledAt) / 1000);
    for (const [service, up] of source.reachable()) gauges.reachable.set({ service }, up ? 1 : 0);
    const held = source.held();
    gauges.facilityHeld.reset();
    for (const facility of source.facilities()) {
      gauges.facilityHeld.set({ facility }, held.has(facility) ? 1 : 0);
    }
    for (const kind of ALARM_KINDS) gauges.alarms.set({ kind }, 0);
    for (const alarm of source.alarms().keys()) gauges.alarms.inc({ kind: alarmKind(alarm) });
  }

  private showSpool(): void {
    const { gauges, counted, source } = this;
    const { bytes, maxBytes, refused } = source.fileLists();
    gauges.spoolBytes.set(bytes);
    gauges.spoolMaxBytes.set(maxBytes);
    for (const reason of Object.keys(counted) as StoreRefusal[]) {
      gauges.spoolRefusals.inc({ reason }, refused[reason] - counted[reason]);
      counted[reason] = refused[reason];
    }
  }

  private countTransfers(): void {
    const { transfers, oldestWaiting } = this.gauges;
    const facilities = this.source.facilities();
    let oldest = Number.POSITIVE_INFINITY;
    transfers.reset();
    for (const transfer of this.source.openTransfers()) {
      const { state } = transfer.status;
      if (state === 'waiting') oldest = Math.min(oldest, transfer.requestedAt);
      transfers.inc({ state, ...sidesOf(transfer, facilities) });
    }
    oldestWaiting.set(Math.max(0, this.clock.now() - oldest) / 1000);
  }
}
