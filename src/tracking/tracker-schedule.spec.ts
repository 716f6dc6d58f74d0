import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { aConfig, configOf } from '../../test/support/builders.js';
import type { Tracker } from './tracker.js';
import { TrackerSchedule } from './tracker-schedule.js';

describe('the schedule of the tracker', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function scheduled(pollIntervalSeconds: number) {
    const calls: string[] = [];
    const tracker = {
      start: () => calls.push('start'),
      wake: () => calls.push('wake'),
      stop: () => Promise.resolve(calls.push('stop')),
    } as unknown as Tracker;
    const config = configOf({ task: { pollIntervalSeconds } });
    const schedule = new TrackerSchedule(new SchedulerRegistry(), tracker, config);
    schedule.begin();
    return { calls, config, schedule };
  }

  it('wakes it at every poll interval, until the service stops', async () => {
    const { calls, schedule } = scheduled(10);
    jest.advanceTimersByTime(30_000);
    expect(calls).toEqual(['start', 'wake', 'wake', 'wake']);
    await schedule.beforeApplicationShutdown();
    jest.advanceTimersByTime(30_000);
    expect([calls.splice(4), jest.getTimerCount()]).toEqual([['stop'], 0]);
  });

  it('applies a new poll interval without a restart, and wakes at once', async () => {
    const { calls, config, schedule } = scheduled(3600);
    config.replace(aConfig({ task: { pollIntervalSeconds: 5 } }));
    expect(calls.splice(0)).toEqual(['start', 'wake']);
    jest.advanceTimersByTime(10_000);
    expect(calls.splice(0)).toEqual(['wake', 'wake']);

    await schedule.beforeApplicationShutdown();
    config.replace(aConfig({ task: { pollIntervalSeconds: 1 } }));
    jest.advanceTimersByTime(10_000);
    expect(calls).toEqual(['stop']);
  });
});
