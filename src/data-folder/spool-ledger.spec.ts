import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  InvalidRequestError,
  ListQuotaError,
  SpoolUnavailableError,
} from '../errors/request.errors.js';
import { SpoolLedger } from './spool-ledger.js';

const MIB = 1024 * 1024;
const LIMITS = { maxMiB: 4, maxMiBPerUser: 2 };
const ledgerOf = (limits = LIMITS) => new SpoolLedger(() => limits);

describe('the ledger of the spool', () => {
  test("one user's lists have a limit of their own, and leave room for others'", () => {
    const ledger = ledgerOf();
    ledger.grow('1', 'alice', MIB);
    ledger.grow('2', 'alice', MIB);
    expect(() => ledger.grow('3', 'alice', 1)).toThrow(ListQuotaError);
    expect(() => ledger.grow('3', 'alice', 1)).toThrow(
      'The file lists of your waiting transfers take all of the 2 MiB that this service keeps for each user. Wait until some of these transfers have started, or cancel some, and try again.',
    );
    ledger.grow('4', 'bob', 2 * MIB);
    expect(ledger.bytes).toBe(4 * MIB);
    ledger.drop('1');
    ledger.grow('3', 'alice', MIB);
  });

  test('all lists together have a limit', () => {
    const ledger = ledgerOf();
    ledger.grow('1', 'alice', 2 * MIB);
    ledger.grow('2', 'bob', 2 * MIB);
    expect(() => ledger.grow('3', 'carol', 1)).toThrow(SpoolUnavailableError);
    expect(ledger.bytes).toBe(4 * MIB);
  });

  test('a list that is too long alone is a bad request: waiting would not help', () => {
    const ledger = ledgerOf();
    ledger.grow('1', 'alice', 2 * MIB);
    expect(() => ledger.grow('1', 'alice', 1)).toThrow(InvalidRequestError);
    expect(() => ledgerOf({ maxMiB: 1, maxMiBPerUser: 9 }).grow('1', 'a', 2 * MIB)).toThrow(
      InvalidRequestError,
    );
  });

  test('what was on disk before counts, even beyond the limits and without an owner', () => {
    const ledger = ledgerOf();
    ledger.enter('1', { bytes: 9 * MIB, owner: '' });
    ledger.enter('2', { bytes: 3 * MIB, owner: 'alice' });
    expect(ledger.bytes).toBe(12 * MIB);
    expect(() => ledger.grow('3', 'alice', 1)).toThrow(ListQuotaError);
    expect(() => ledger.grow('3', 'bob', 1)).toThrow(SpoolUnavailableError);
  });

  test('a short list takes a block, as its file does', () => {
    const ledger = ledgerOf();
    for (let list = 0; list < 512; list += 1) ledger.grow(`${list}`, 'alice', 10);
    expect(() => ledger.grow('512', 'alice', 10)).toThrow(ListQuotaError);
  });

  test('changed limits apply from the next list on', () => {
    const limits = { ...LIMITS };
    const ledger = new SpoolLedger(() => limits);
    ledger.grow('1', 'alice', 2 * MIB);
    limits.maxMiBPerUser = 3;
    ledger.grow('2', 'alice', MIB);
    expect(ledger.maxBytes).toBe(4 * MIB);
  });

  test('whatever is stored and removed, the sums are those of what is there, and within the limits', () => {
    const key = fc.constantFrom('1', '2', '3', '4', '5');
    const owner = fc.constantFrom('alice', 'bob');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('grow' as const), key, owner, by: fc.nat(MIB) }),
      fc.record({ kind: fc.constant('drop' as const), key }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = ledgerOf();
        const there = new Map<string, { owner: string; bytes: number }>();
        for (const one of steps) {
          const known = there.get(one.key);
          if (one.kind === 'drop') {
            ledger.drop(one.key);
            there.delete(one.key);
          } else if (known === undefined || known.owner === one.owner) {
            const before = ledger.bytes;
            try {
              ledger.grow(one.key, one.owner, one.by);
              there.set(one.key, { owner: one.owner, bytes: (known?.bytes ?? 0) + one.by });
            } catch {
              expect(ledger.bytes).toBe(before);
            }
          }
        }
        const taken = (whose: (owner: string) => boolean) =>
          [...there.values()]
            .filter((list) => whose(list.owner))
            .reduce((sum, { bytes }) => sum + Math.max(1, Math.ceil(bytes / 4096)) * 4096, 0);
        expect(ledger.bytes).toBe(taken(() => true));
        expect(taken(() => true)).toBeLessThanOrEqual(4 * MIB);
        expect(taken((name) => name === 'alice')).toBeLessThanOrEqual(2 * MIB);
      }),
    );
  });
});
