import { describe, expect, test } from '@jest/globals';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import { backoffMs, noJitter, Retry } from './backoff.js';

const bounds = { firstMs: 1000, capMs: 30_000 };

describe('the pause after a failure', () => {
  test('doubles up to its cap, however many failures there were', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 10_000].map((n) => backoffMs(n, bounds, noJitter));
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test.each([
    { jitter: undefined, least: 1000, middle: 1500 },
    { jitter: 1, least: 0, middle: 1000 },
    { jitter: 0, least: 2000, middle: 2000 },
  ])('leaves a share of $jitter to chance', ({ jitter, least, middle }) => {
    const drawn = { ...bounds, ...(jitter === undefined ? {} : { jitter }) };
    expect(backoffMs(2, drawn, () => 0)).toBe(least);
    expect(backoffMs(2, drawn, () => 0.5)).toBe(middle);
  });
});

describe('Retry', () => {
  const start = (): { clock: VirtualClock; retry: Retry } => {
    const clock = new VirtualClock();
    return { clock, retry: new Retry(clock, bounds, noJitter) };
  };

  test('is due at first, then after pauses that grow with every failure', async () => {
    const { clock, retry } = start();
    expect(retry.isDue()).toBe(true);
    for (const pause of [1000, 2000, 4000]) {
      expect(retry.fail()).toBe(pause);
      expect(retry.dueAt).toBe(clock.monotonicMs() + pause);
      await clock.advance(pause - 1);
      expect(retry.isDue()).toBe(false);
      await clock.advance(1);
      expect(retry.isDue()).toBe(true);
    }
    expect(retry.failures).toBe(3);
  });

  test('starts from the first pause again after a success', () => {
    const { retry } = start();
    retry.fail();
    retry.fail();
    retry.succeed();
    expect([retry.isDue(), retry.failures, retry.fail()]).toEqual([true, 0, 1000]);
  });

  test('takes bounds for one failure alone', () => {
    const { retry } = start();
    expect(retry.fail({ firstMs: 10, capMs: 10 })).toBe(10);
    expect(retry.fail()).toBe(2000);
  });

  test('a delay never shortens a pause, and counts no failure', async () => {
    const { clock, retry } = start();
    retry.fail();
    retry.delay(500);
    await clock.advance(999);
    expect(retry.isDue()).toBe(false);
    retry.delay(5000);
    await clock.advance(4999);
    expect(retry.isDue()).toBe(false);
    await clock.advance(1);
    expect([retry.isDue(), retry.failures]).toEqual([true, 1]);
  });

  test('can be hurried without forgetting its failures', () => {
    const { retry } = start();
    retry.fail();
    retry.hurry();
    expect([retry.isDue(), retry.fail()]).toEqual([true, 2000]);
  });
});
