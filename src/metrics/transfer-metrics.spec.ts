import { beforeEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import {
  aFailedTask,
  aRunningTransfer,
  aSucceededTask,
  aTask,
  aTransfer,
  jobIdOf,
  START,
  taskIdFor,
} from '../../test/support/builders.js';
import { sample } from '../../test/support/samples.js';
import { TrackingWorld } from '../../test/support/tracking-world.js';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import type { Tracker } from '../tracking/tracker.js';
import { taskLabel } from '../domain/task-label.js';
import { finished, succeeded, type Transfer } from '../domain/transfer.js';
import { TransferMetrics } from './transfer-metrics.js';

const SIDES = { source: 'PSI', destination: 'CSCS' };

let registry: Registry;
let metrics: TransferMetrics;
let clock: VirtualClock;
beforeEach(() => {
  registry = new Registry();
  clock = new VirtualClock();
  metrics = new TransferMetrics(registry, clock, () => new Set(['PSI', 'CSCS']));
});
const value = (name: string, labels: Readonly<Record<string, string>> = {}) =>
  sample(registry, name, labels);

describe('what happened to transfers', () => {
  test('ends are counted when they stand in SciCat, by how they ended', async () => {
    const done = succeeded(aRunningTransfer(), aRunningTransfer().progress);
    const ends: Transfer[] = [
      finished(done, {}),
      finished(done, { shortfall: { kind: 'not-marked', error: 'x' } }),
      finished(done, { shortfall: { kind: 'no-archive-job', error: 'x' } }),
      finished(done, { shortfall: { kind: 'no-archive-job', error: 'x' } }),
    ];
    metrics.listen({ kind: 'adopted', transfer: aRunningTransfer() });
    for (const transfer of ends) {
      metrics.listen({ kind: 'changed', transfer, from: 'finalizing', requestId: undefined });
    }
    expect(await value('globus_proxy_transfers_ended_total', { outcome: 'finished' })).toBe(0);
    for (const transfer of ends) {
      metrics.listen({ kind: 'end-written', transfer, requestId: undefined });
    }
    const ended = (outcome: string) =>
      value('globus_proxy_transfers_ended_total', { ...SIDES, outcome });
    expect([
      await ended('finished'),
      await ended('finished-not-marked'),
      await ended('finished-no-archive-job'),
      // There from the beginning, or the first failure would be no increase.
      await ended('failed'),
      await ended('cancelled'),
    ]).toEqual([1, 1, 2, 0, 0]);
  });

  test('the counters of each pair of facilities are there before anything has ended', async () => {
    const origin = { kind: 'go-version', ownerGroup: 'p1' } as const;
    metrics.listen({ kind: 'adopted', transfer: aRunningTransfer() });
    metrics.listen({ kind: 'adopted', transfer: { ...aRunningTransfer(), origin } });
    metrics.listen({ kind: 'adopted', transfer: aRunningTransfer() });
    const counts = [SIDES, { source: 'other', destination: 'other' }].flatMap((sides) => [
      value('globus_proxy_transfers_ended_total', { ...sides, outcome: 'finished' }),
      value('globus_proxy_moved_bytes_total', sides),
    ]);
    expect(await Promise.all(counts)).toEqual([0, 0, 0, 0]);
  });

  test('the times of its life, by the clocks that saw them', async () => {
    const waiting = aTransfer({ requestedAt: START - 8000 });
    const running = aRunningTransfer({ requestedAt: START - 8000 });
    const done = succeeded(running, running.progress);
    const at = { startedAt: START - 5000, endedAt: START - 2000 };
    metrics.listen({ kind: 'accepted', transfer: waiting, requestId: 'r' });
    metrics.listen({ kind: 'changed', transfer: running, from: 'waiting', requestId: 'r' });
    metrics.listen({ kind: 'changed', transfer: running, from: 'transferring', requestId: 'r' });
    metrics.listen({ kind: 'task-ended', transfer: done, ...at });
    metrics.listen({ kind: 'end-written', transfer: finished(done, {}), requestId: 'r' });
    const times = await Promise.all(
      ['wait', 'copy', 'closing'].flatMap((name) => [
        value(`globus_proxy_transfer_${name}_seconds_sum`),
        value(`globus_proxy_transfer_${name}_seconds_count`),
      ]),
    );
    expect(times).toEqual([8, 1, 3, 1, 2, 1]);
  });

  test('clocks that disagree take nothing away', async () => {
    const running = aRunningTransfer({ requestedAt: START + 60_000 });
    metrics.listen({ kind: 'changed', transfer: running, from: 'waiting', requestId: 'r' });
    expect(await value('globus_proxy_transfer_wait_seconds_sum')).toBe(0);
  });

  test('of a job that was removed nothing is kept', async () => {
    const transfer = aRunningTransfer();
    metrics.listen({ kind: 'task-ended', transfer, startedAt: START, endedAt: START });
    metrics.listen({ kind: 'job-gone', jobId: transfer.jobId });
    metrics.listen({ kind: 'end-written', transfer, requestId: undefined });
    expect(await value('globus_proxy_transfer_closing_seconds_count')).toBe(0);
  });
});

describe('with the tracker', () => {
  let world: TrackingWorld;
  let tracker: Tracker;
  beforeEach(() => {
    world = new TrackingWorld();
    world.events.also(metrics.listen);
    tracker = world.tracker();
  });

  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 5) {
      tracker.wake();
      await world.clock.advance(5000);
    }
  }
  const runs = (bytesTransferred: number, filesTransferred: number): void => {
    world.globus.put(
      aTask({ label: taskLabel(jobIdOf(1)), bytesTransferred, filesTransferred, filesSkipped: 0 }),
    );
  };
  const moved = async () => [
    await value('globus_proxy_moved_bytes_total', SIDES),
    await value('globus_proxy_moved_files_total', SIDES),
  ];
  async function stop(): Promise<void> {
    const stopped = tracker.stop(1000);
    for (let second = 0; second < 5; second += 1) await world.clock.advance(1000);
    await stopped;
    await world.end();
  }

  test('after a restart only what is copied from then on counts, and the end once', async () => {
    // The process before this one may have counted more than it wrote into SciCat.
    world.putShown(aRunningTransfer());
    runs(700, 7);
    tracker.start();
    await pass(15);
    expect(await moved()).toEqual([0, 0]);
    runs(900, 9);
    await pass(10);
    expect(await moved()).toEqual([200, 2]);
    world.globus.put(
      aSucceededTask({
        label: taskLabel(jobIdOf(1)),
        taskId: taskIdFor(1),
        bytesTransferred: 1000,
        filesTransferred: 10,
        filesSkipped: 0,
      }),
    );
    await pass(30);
    expect(await moved()).toEqual([300, 3]);
    expect(await value('globus_proxy_transfers_ended_total', { outcome: 'finished' })).toBe(1);
    await stop();
  });

  test('a transfer that was still waiting at the restart counts from its first byte', async () => {
    world.putShown(aTransfer());
    tracker.start();
    await pass(5);
    const task = { taskId: taskIdFor(501), requestedAt: START + 60_000, bytesTransferred: 400 };
    world.globus.put(aFailedTask('EXPIRED', task));
    await pass(15);
    expect((await moved())[0]).toBe(400);
    expect(await value('globus_proxy_transfers_ended_total', { outcome: 'failed' })).toBe(1);
    await stop();
  });

  test('an end that SciCat had lost and is told again counts once', async () => {
    world.putShown(aRunningTransfer());
    world.globus.put(aFailedTask('EXPIRED', { label: taskLabel(jobIdOf(1)) }));
    tracker.start();
    await pass(30);
    const before = world.jobs.shown(jobIdOf(1));
    world.putShown(aRunningTransfer());
    await pass(400);
    expect(world.jobs.shown(jobIdOf(1))).toBe(before);
    expect(await value('globus_proxy_transfers_ended_total', { outcome: 'failed' })).toBe(1);
    await stop();
  });
});
