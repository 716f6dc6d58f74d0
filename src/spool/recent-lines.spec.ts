import { describe, expect, it } from '@jest/globals';
import { RecentLines } from './recent-lines.js';

describe('RecentLines', () => {
  it('gives lines once', () => {
    const recent = new RecentLines();
    recent.add('a', Buffer.from('1'));
    recent.add('a', Buffer.from('2'));
    expect([recent.take('a')?.toString(), recent.take('a'), recent.take('b')]).toEqual([
      '2',
      undefined,
      undefined,
    ]);
  });

  it('lets go of the oldest: ten thousand lists that wait must not fill the memory', () => {
    const recent = new RecentLines();
    for (let number = 0; number < 10_000; number += 1)
      recent.add(`${number}`, Buffer.alloc(10_000));
    const held = Array.from({ length: 10_000 }, (_none, number) => recent.take(`${number}`));
    expect(held.filter((lines) => lines !== undefined)).toHaveLength(419);
    expect(held.at(-1)).toBeDefined();
    for (let number = 0; number < 419; number += 1) recent.add(`${number}`, Buffer.alloc(10_000));
    expect(recent.take('0')).toBeDefined();
  });

  it('holds nothing that is larger than all there is room for', () => {
    const recent = new RecentLines();
    recent.add('a', Buffer.alloc(5 * 1024 * 1024));
    expect(recent.take('a')).toBeUndefined();
  });
});
