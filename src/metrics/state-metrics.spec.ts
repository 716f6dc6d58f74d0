import { beforeEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { aRunningTransfer, aTransfer, START } from '../../test/support/builders.js';
import { sample, samplesOf } from '../../test/support/samples.js';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import type { AlarmName } from '../tracking/core/alarms.js';
import type { StoreUsage } from '../ports/file-list-store.port.js';
import type { TrackerStatus } from '../tracking/tracker.js';
import type { Transfer } from '../domain/transfer.js';
import { StateMetrics } from './state-metrics.js';

const STATUS: TrackerStatus = {
  ready: true,
  lastGoodPoll: undefined,
  open: 0,
  waiting: 0,
  inFlight: 0,
  withoutSlot: 0,
  finalizing: 0,
  pendingWrites: 0,
  parkedJobs: 0,
};

const NOTHING_REFUSED = { quota: 0, 'user-quota': 0, disk: 0 };

let registry: Registry;
let clock: VirtualClock;
let status: TrackerStatus;
let open: Transfer[];
let alarms: Map<AlarmName, string>;
let reachable: Map<string, boolean>;
let usage: StoreUsage;
let held: ReadonlySet<string>;
let metrics: StateMetrics;
beforeEach(() => {
  registry = new Registry();
  clock = new VirtualClock();
  status = STATUS;
  open = [];
  alarms = new Map();
  reachable = new Map();
  usage = { bytes: 0, maxBytes: 1, refused: NOTHING_REFUSED, trouble: undefined };
  held = new Set();
  metrics = new StateMetrics(registry, clock, {
    status: () => status,
    openTransfers: () => open,
    alarms: () => alarms,
    reachable: () => reachable,
    facilities: () => new Set(['PSI', 'CSCS']),
    held: () => held,
    pollIntervalSeconds: () => 10,
    fileLists: () => usage,
  });
});
const value = (name: string, labels: Readonly<Record<string, string>> = {}) => {
  metrics.refresh();
  return sample(registry, `globus_proxy_${name}`, labels);
};

describe('how things stand', () => {
  test('open transfers by state and facilities; those that have gone are gone', async () => {
    open = [aTransfer(), aTransfer(), aRunningTransfer()];
    expect(await value('transfers', { state: 'waiting', source: 'PSI', destination: 'CSCS' })).toBe(
      2,
    );
    expect(await value('transfers', { state: 'transferring' })).toBe(1);
    open = [];
    expect(await value('transfers')).toBeUndefined();
  });

  test('whether SciCat and Globus can be reached, once they have been called', async () => {
    expect(await value('upstream_reachable', { service: 'Globus' })).toBeUndefined();
    reachable = new Map([
      ['Globus', false],
      ['SciCat', true],
    ]);
    expect(await value('upstream_reachable', { service: 'Globus' })).toBe(0);
    expect(await value('upstream_reachable', { service: 'SciCat' })).toBe(1);
  });

  test('which of the configured facilities are held', async () => {
    const of = (facility: string) => value('facility_held', { facility });
    held = new Set(['PSI', 'no longer configured']);
    expect([await of('PSI'), await of('CSCS')]).toEqual([1, 0]);
    expect(await of('no longer configured')).toBeUndefined();
    held = new Set();
    expect([await of('PSI'), await of('CSCS')]).toEqual([0, 0]);
  });

  test('the age of the oldest one that waits, which a running one is not', async () => {
    open = [
      aRunningTransfer({ requestedAt: START - 9_000_000 }),
      aTransfer({ requestedAt: START - 3000 }),
      aTransfer({ requestedAt: START - 7000 }),
    ];
    expect(await value('oldest_waiting_seconds')).toBe(7);
    open = [];
    expect(await value('oldest_waiting_seconds')).toBe(0);
  });

  test('a look at Globus that never comes shows from the start on', async () => {
    await clock.advance(100_000);
    expect(await value('last_good_poll_age_seconds')).toBe(100);
    status = { ...STATUS, lastGoodPoll: clock.monotonicMs() - 4000 };
    expect(await value('last_good_poll_age_seconds')).toBe(4);
  });

  test('how full the spool is, and lists refused by reason, each of which is there from the beginning', async () => {
    const refusals = async () => [
      await value('spool_refusals_total', { reason: 'quota' }),
      await value('spool_refusals_total', { reason: 'user-quota' }),
      await value('spool_refusals_total', { reason: 'disk' }),
    ];
    expect(await refusals()).toEqual([0, 0, 0]);
    const refused = { quota: 1, 'user-quota': 2, disk: 3 };
    usage = { bytes: 4096, maxBytes: 8192, refused, trouble: undefined };
    expect([await value('spool_bytes'), await value('spool_max_bytes')]).toEqual([4096, 8192]);
    expect(await refusals()).toEqual([1, 2, 3]);
    usage = { ...usage, refused: { ...refused, disk: 4 } };
    expect(await refusals()).toEqual([1, 2, 4]);
  });

  test('alarms by kind, each of which is there from the beginning', async () => {
    alarms = new Map([
      ['task:1', 'x'],
      ['task:2', 'x'],
      ['globus-scopes:A:B', 'x'],
    ]);
    const of = (kind: string) => value('alarms', { kind });
    expect([await of('task'), await of('globus-scopes'), await of('globus-account')]).toEqual([
      2, 1, 0,
    ]);
    alarms.clear();
    expect(await value('alarms')).toBe(0);
  });

  test('what the tracker says of itself', async () => {
    status = {
      ...STATUS,
      ready: false,
      waiting: 3,
      withoutSlot: 2,
      pendingWrites: 4,
      parkedJobs: 5,
    };
    expect([
      await value('ready'),
      await value('queue_length'),
      await value('transfers_without_slot'),
      await value('pending_writes'),
      await value('parked_jobs'),
      await value('poll_interval_seconds'),
    ]).toEqual([0, 3, 2, 4, 5, 10]);
  });

  test('ten thousand transfers with as many facilities make a handful of series', async () => {
    const record = (facility: string): Transfer => {
      const transfer = aTransfer();
      if (transfer.origin.kind !== 'recorded') throw new Error('no record');
      const source = { ...transfer.origin.record.source, facility };
      return {
        ...transfer,
        origin: { kind: 'recorded', record: { ...transfer.origin.record, source } },
      };
    };
    open = Array.from({ length: 10_000 }, (_, number) =>
      record(`${number % 2 ? 'X' : '"}'}${number}`),
    );
    metrics.refresh();
    const series = samplesOf(await registry.metrics());
    expect(series.filter(({ name }) => name === 'globus_proxy_transfers')).toEqual([
      {
        name: 'globus_proxy_transfers',
        labels: { state: 'waiting', source: 'other', destination: 'CSCS' },
        value: 10_000,
      },
    ]);
  });
});
