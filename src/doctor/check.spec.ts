import { describe, expect, it } from '@jest/globals';
import { once } from './check.js';

/** Answers as told, one after the other, and counts. */
function question(...answers: readonly (() => Promise<string>)[]) {
  let asked = 0;
  const ask = once(() => answers[asked++]?.() ?? Promise.reject(new Error('Asked too often.')));
  return { ask, count: () => asked };
}

const { signal } = new AbortController();

describe('a question shared by several checks', () => {
  it('is asked once, even if it fails', async () => {
    const good = question(() => Promise.resolve('yes'));
    expect([await good.ask(signal), await good.ask(signal), good.count()]).toEqual([
      'yes',
      'yes',
      1,
    ]);
    const bad = question(() => Promise.reject(new Error('down')));
    await expect(bad.ask(signal)).rejects.toThrow('down');
    await expect(bad.ask(signal)).rejects.toThrow('down');
    expect(bad.count()).toBe(1);
  });

  it('is asked again by the next check if the first one ran out of time', async () => {
    const slow = question(
      () => Promise.reject(new Error('too late')),
      () => Promise.resolve('yes'),
    );
    await expect(slow.ask(AbortSignal.abort())).rejects.toThrow('too late');
    expect(await slow.ask(signal)).toBe('yes');
  });
});
