import { beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import { TokenMemory } from './token-memory.js';

let clock: VirtualClock;
let memory: TokenMemory;

beforeEach(() => {
  clock = new VirtualClock();
  memory = new TokenMemory(clock);
});

const known = (token: string) => [memory.ownerOf(token), memory.refusal(token)];

describe('TokenMemory', () => {
  it('knows the latest that SciCat said of a token', () => {
    expect(known('t')).toEqual([undefined, undefined]);
    memory.accept('t', 'alice');
    expect(known('t')).toEqual(['alice', undefined]);
    memory.refuse('t', 'Expired.');
    expect(known('t')).toEqual([undefined, 'Expired.']);
    memory.accept('t', 'alice');
    expect(known('t')).toEqual(['alice', undefined]);
  });

  it('a refusal counts for a minute, as long as failures of its address do', async () => {
    memory.refuse('t', 'Unknown.');
    await clock.advance(59_999);
    expect(known('t')).toEqual([undefined, 'Unknown.']);
    await clock.advance(1);
    expect(known('t')).toEqual([undefined, undefined]);
  });

  it('forgets the oldest of very many, instead of growing without end', () => {
    for (let n = 0; n < 10_000; n += 1) memory.accept(`good-${n}`, 'alice');
    memory.accept('good-0', 'alice');
    memory.accept('one-more', 'alice');
    expect([memory.ownerOf('good-0'), memory.ownerOf('good-1')]).toEqual(['alice', undefined]);
    for (let n = 0; n <= 1_000; n += 1) memory.refuse(`bad-${n}`, 'Unknown.');
    expect([memory.refusal('bad-0'), memory.refusal('bad-1')]).toEqual([undefined, 'Unknown.']);
  });

  it('keeps no token', () => {
    memory.accept('a-secret-token', 'alice');
    memory.refuse('another-secret-token', 'Unknown.');
    expect(inspect(memory, { depth: 9, showHidden: true })).not.toContain('secret-token');
  });
});
