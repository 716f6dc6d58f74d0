import { describe, expect, it } from '@jest/globals';
import { fileListOf } from '../../test/support/file-lists.js';
import { RecentLists } from './recent-lists.js';

const listOf = (pathBytes: number) =>
  fileListOf([{ path: 'x'.repeat(pathBytes), isSymlink: false }]);

describe('RecentLists', () => {
  it('returns a list once', () => {
    const recent = new RecentLists();
    const [older, newer] = [listOf(1), listOf(1)];
    recent.add('a', older);
    recent.add('a', newer);
    expect(recent.take('a')).toBe(newer);
    expect([recent.take('a'), recent.take('b')]).toEqual([undefined, undefined]);
  });

  it('evicts the oldest: ten thousand waiting lists must not fill the memory', () => {
    const recent = new RecentLists();
    const list = listOf(100_000);
    const fit = Math.floor((32 * 1024 * 1024) / list.byteLength);
    for (let number = 0; number < 10_000; number += 1) recent.add(`${number}`, list);
    const held = Array.from({ length: 10_000 }, (_none, number) => recent.take(`${number}`));
    expect(held.filter((one) => one !== undefined)).toHaveLength(fit);
    expect(held.at(-1)).toBe(list);
    // Lists that were taken make room.
    for (let number = 0; number < fit; number += 1) recent.add(`${number}`, list);
    expect(recent.take('0')).toBe(list);
  });

  it('never keeps a list that is larger than its capacity', () => {
    const recent = new RecentLists();
    recent.add('a', listOf(33 * 1024 * 1024));
    expect(recent.take('a')).toBeUndefined();
  });
});
