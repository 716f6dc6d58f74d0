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

const known = (token: string) => [memory.wasAccepted(token), memory.refusal(token)];

describe('TokenMemory', () => {
  it('knows the latest that SciCat said of a token', () => {
    expect(known('t')).toEqual([false, undefined]);
    memory.accept('t');
    expect(known('t')).toEqual([true, undefined]);
    memory.refuse('t', 'Expired.');
    expect(known('t')).toEqual([false, 'Expired.']);
    memory.accept('t');
    expect(known('t')).toEqual([true, undefined]);
  });

  it('a refusal counts for seconds only', async () => {
    memory.refuse('t', 'Unknown.');
    await clock.advance(9_999);
    expect(known('t')).toEqual([false, 'Unknown.']);
    await clock.advance(1);
    expect(known('t')).toEqual([false, undefined]);
  });

  it('forgets the oldest of very many, instead of growing without end', () => {
    for (let n = 0; n < 10_000; n += 1) memory.accept(`good-${n}`);
    memory.accept('good-0');
    memory.accept('one-more');
    expect([memory.wasAccepted('good-0'), memory.wasAccepted('good-1')]).toEqual([true, false]);
    for (let n = 0; n <= 1_000; n += 1) memory.refuse(`bad-${n}`, 'Unknown.');
    expect([memory.refusal('bad-0'), memory.refusal('bad-1')]).toEqual([undefined, 'Unknown.']);
  });

  it('keeps no token', () => {
    memory.accept('a-secret-token');
    memory.refuse('another-secret-token', 'Unknown.');
    expect(inspect(memory, { depth: 9, showHidden: true })).not.toContain('secret-token');
  });
});
