import { describe, expect, test } from '@jest/globals';
import { SystemClock } from './system-clock.js';

const clock = new SystemClock();

describe('the clock of the machine', () => {
  test('calls back, but not who has taken it back', async () => {
    const called: string[] = [];
    const takeBack = clock.schedule(0, () => called.push('taken back'));
    takeBack();
    await new Promise<void>((resolve) => {
      clock.schedule(1, () => {
        called.push('kept');
        resolve();
      });
    });
    expect(called).toEqual(['kept']);
  });

  test('a sleep that is broken off ends with the reason of who did it', async () => {
    const stop = new AbortController();
    const reason = new Error('The service is stopping.');
    const slept = clock.sleep(60_000, stop.signal);
    stop.abort(reason);
    await expect(slept).rejects.toBe(reason);
    await expect(clock.sleep(60_000, stop.signal)).rejects.toBe(reason);
  });
});
