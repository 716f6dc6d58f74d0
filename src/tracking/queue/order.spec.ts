import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { aRecord, aTransfer } from '../../../test/support/builders.js';
import {
  type Balance,
  charged,
  entryOf,
  EVEN,
  fairOrder,
  LEAST_BYTES,
  levelled,
  oldestFirst,
  type OrderFacts,
  type OrderRules,
  type QueueEntry,
} from './order.js';

const GIB = 2 ** 30;
const HOUR = 3_600_000;
const EQUAL: OrderRules = { weightOf: () => 1, maxWaitMs: 0, smallBytes: 0 };
const IDLE: OrderFacts = { now: 0, usersRunning: new Set(), smallRunning: false };

let made = 0;
function anEntry(parts: Partial<QueueEntry> = {}): QueueEntry {
  made += 1;
  const jobId = String(made).padStart(8, '0');
  return { jobId, requestedAt: made, group: 'p1', user: 'alice', bytes: GIB, ...parts };
}
const many = (count: number, parts: Partial<QueueEntry>): readonly QueueEntry[] =>
  Array.from({ length: count }, () => anEntry(parts));
const groupsOf = (entries: readonly QueueEntry[]): string =>
  entries.map(({ group }) => group).join(' ');

describe('who goes next', () => {
  test('a user: the oldest first', () => {
    const entries = [3, 1, 2].map((requestedAt) => anEntry({ requestedAt }));
    const order = fairOrder(entries, EVEN, EQUAL, IDLE);
    expect(order.map(({ requestedAt }) => requestedAt)).toEqual([1, 2, 3]);
  });

  test('a group that asks for a thousand does not delay one that asks for one', () => {
    const flood = many(1000, { group: 'flood', user: 'mallory' });
    const one = anEntry({ group: 'quiet', user: 'alice' });
    const order = fairOrder([...flood, one], EVEN, EQUAL, IDLE);
    expect(order.indexOf(one)).toBe(1);
  });

  test('groups take turns, by weight', () => {
    const entries = [...many(6, { group: 'a' }), ...many(6, { group: 'b' })];
    const rules = { ...EQUAL, weightOf: (group: string) => (group === 'b' ? 2 : 1) };
    const order = fairOrder(entries, EVEN, rules, IDLE);
    expect(groupsOf(order.slice(0, 8))).toBe('b a b b a b b a');
  });

  test('bytes count, not transfers: 1 TiB of one group against as much of another in small pieces', () => {
    const big = anEntry({ group: 'big', bytes: 1024 * GIB });
    const small = many(2000, { group: 'small' });
    const order = fairOrder([big, ...small], EVEN, EQUAL, IDLE);
    expect(order.indexOf(big)).toBe(1023);
  });

  test('within a group, its users take turns', () => {
    const flood = many(50, { user: 'mallory' });
    const few = many(2, { user: 'alice' });
    const order = fairOrder([...flood, ...few], EVEN, EQUAL, IDLE);
    expect(few.map((entry) => order.indexOf(entry))).toEqual([1, 3]);
  });

  test('a group that was served waits until the others have had as much', () => {
    const [a, b] = [many(3, { group: 'a' }), many(3, { group: 'b' })];
    const [first] = a;
    if (first === undefined) throw new Error('no entry');
    const balance = charged(levelled(EVEN, [...a, ...b]), first, 2.5 * GIB, EQUAL);
    expect(groupsOf(fairOrder([...a, ...b], balance, EQUAL, IDLE))).toBe('b b b a a a');
  });

  test('a group that comes back has nothing saved up, and owes nothing', () => {
    const a = many(3, { group: 'a' });
    let balance = levelled(EVEN, a);
    for (const entry of a) balance = charged(balance, entry, 1000 * GIB, EQUAL);
    const again = [...many(2, { group: 'a' }), ...many(2, { group: 'b' })];
    expect(groupsOf(fairOrder(again, levelled(balance, []), EQUAL, IDLE))).toBe('a b a b');
    expect(groupsOf(fairOrder(again, balance, EQUAL, IDLE))).toBe('a b a b');
  });

  /** Whoever gets each of `slots` slots, if everybody asks for the next one as soon as theirs is gone. */
  function served(slots: number, first: readonly QueueEntry[]): readonly QueueEntry[] {
    let waiting = [...first];
    let balance = EVEN;
    return Array.from({ length: slots }, () => {
      balance = levelled(balance, waiting);
      const [next] = fairOrder(waiting, balance, EQUAL, IDLE);
      if (next === undefined) throw new Error('nobody waits');
      balance = charged(balance, next, next.bytes, EQUAL);
      waiting = waiting.filter((entry) => entry !== next);
      // Somebody looks before the next request comes.
      balance = levelled(balance, waiting);
      waiting.push(anEntry({ ...next, jobId: `${next.jobId}'` }));
      return next;
    });
  }

  test('a group that asks for the next transfer only when it has got the last one is no newcomer', () => {
    const sly = anEntry({ group: 'sly', user: 'mallory' });
    const order = served(220, [sly, ...many(3, { group: 'honest', bytes: 20 * GIB })]);
    expect(order.filter(({ group }) => group === 'honest').length).toBeGreaterThanOrEqual(10);
  });

  test('nor is such a user of a group', () => {
    const sly = anEntry({ user: 'mallory' });
    const order = served(220, [sly, ...many(3, { user: 'alice', bytes: 20 * GIB })]);
    expect(order.filter(({ user }) => user === 'alice').length).toBeGreaterThanOrEqual(10);
  });

  test('what was taken while nobody waited is no credit when it is given back', () => {
    const entries = [...many(3, { group: 'sly' }), ...many(3, { group: 'honest' })];
    const taken = anEntry({ group: 'sly', bytes: 1_000_000 * GIB });
    let balance = charged(EVEN, taken, taken.bytes, EQUAL);
    balance = charged(levelled(balance, entries), taken, -taken.bytes, EQUAL);
    expect(groupsOf(fairOrder(entries, balance, EQUAL, IDLE).slice(0, 4))).toBe(
      'sly honest sly honest',
    );
  });

  test('what is given back does not count', () => {
    const entries = [...many(2, { group: 'a' }), ...many(2, { group: 'b' })];
    const [first] = entries;
    if (first === undefined) throw new Error('no entry');
    const level = levelled(EVEN, entries);
    const taken = charged(level, first, first.bytes, EQUAL);
    expect(charged(taken, first, -first.bytes, EQUAL)).toEqual(level);
  });
});

describe('a transfer that has waited longer than task.maxWaitHours', () => {
  const rules = { ...EQUAL, maxWaitMs: HOUR };

  test('goes to the front', () => {
    const old = anEntry({ group: 'big', user: 'bob', requestedAt: -2 * HOUR, bytes: 5000 * GIB });
    const order = fairOrder([...many(5, { group: 'b' }), old], EVEN, rules, IDLE);
    expect(order[0]).toBe(old);
  });

  test('one for each user: a flood of old ones does not take all slots', () => {
    const flood = many(100, { group: 'flood', user: 'mallory', requestedAt: -3 * HOUR });
    const old = anEntry({ group: 'quiet', user: 'alice', requestedAt: -2 * HOUR });
    const fresh = anEntry({ group: 'other', user: 'bob', requestedAt: 0 });
    const order = fairOrder([...flood, old, fresh], EVEN, rules, IDLE);
    expect(order.slice(0, 3).map(({ user }) => user)).toEqual(['mallory', 'alice', 'bob']);
  });

  test('not while another transfer of the same user runs', () => {
    const old = many(3, { user: 'mallory', requestedAt: -3 * HOUR, bytes: 50 * GIB });
    const fresh = anEntry({ group: 'other', user: 'bob', requestedAt: 0 });
    const facts = { ...IDLE, usersRunning: new Set(['mallory']) };
    expect(fairOrder([...old, fresh], EVEN, rules, facts)[0]).toBe(fresh);
  });

  test('0 hours: never', () => {
    const old = anEntry({ requestedAt: -9999 * HOUR, bytes: 9 * GIB });
    const order = fairOrder([old, anEntry({ group: 'b' })], EVEN, EQUAL, IDLE);
    expect(order[1]).toBe(old);
  });
});

describe('the slot for small transfers (task.smallTransferGiB)', () => {
  const rules = { ...EQUAL, smallBytes: 10 * GIB };
  const big = many(4, { group: 'a', bytes: 100 * GIB });
  const small = many(3, { group: 'b', bytes: 9 * GIB, requestedAt: 1e9 });

  test('goes to the first small one as long as none runs', () => {
    const balance = charged(
      levelled(EVEN, [...big, ...small]),
      anEntry({ group: 'b' }),
      1e15,
      EQUAL,
    );
    expect(groupsOf(fairOrder([...big, ...small], balance, rules, IDLE))).toBe('b a a a a b b');
    const running = { ...IDLE, smallRunning: true };
    expect(groupsOf(fairOrder([...big, ...small], balance, rules, running))).toBe('a a a a b b b');
  });

  test('is not left idle when no small one waits', () => {
    expect(fairOrder(big, EVEN, rules, IDLE)).toHaveLength(4);
  });
});

describe('what a transfer counts as', () => {
  test('the size of its dataset, or the share of its files of it', () => {
    const dataset = { bytes: 100 * GIB, files: 1000 };
    const whole = aTransfer({ record: { dataset } });
    const part = aTransfer({
      record: { dataset, fileList: { count: 250, sha256: '0'.repeat(64), symlinks: [] } },
    });
    expect([entryOf(whole).bytes, entryOf(part).bytes]).toEqual([100 * GIB, 25 * GIB]);
  });

  test('at least 1 GiB, whatever size its owner has given the dataset', () => {
    expect(entryOf(aTransfer({ record: { dataset: { bytes: 0, files: 0 } } })).bytes).toBe(
      LEAST_BYTES,
    );
  });

  test("its group is the dataset's, its user is who requested it", () => {
    const { requestedBy } = aRecord();
    expect(entryOf(aTransfer())).toMatchObject({
      group: requestedBy.ownerGroup,
      user: requestedBy.username,
    });
  });
});

/** A week of a facility: transfers of random groups, users and sizes, run in a few slots. */
interface Week {
  readonly slots: number;
  readonly weights: Readonly<Record<string, number>>;
  /** Size in GiB and hour of arrival. */
  readonly arrivals: readonly (readonly [group: string, user: string, gib: number, hour: number])[];
}
const week = fc.record<Week>({
  slots: fc.integer({ min: 1, max: 5 }),
  weights: fc.record({
    a: fc.integer({ min: 1, max: 10 }),
    b: fc.integer({ min: 1, max: 10 }),
    c: fc.constant(1),
  }),
  arrivals: fc.array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.constantFrom('u', 'v', 'w'),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 0, max: 167 }),
    ),
    { minLength: 1, maxLength: 120 },
  ),
});

/**
 * Runs the week, an hour at a time; 100 GiB take a slot an hour.
 *
 * @param onPick called for each pick with those who could have been picked
 */
function run(
  { slots, weights, arrivals }: Week,
  rules: Partial<OrderRules>,
  onPick: (picked: QueueEntry, waiting: readonly QueueEntry[], now: number) => void,
  onHour: (waiting: number, free: number) => void = () => undefined,
): readonly QueueEntry[] {
  const all = { ...EQUAL, weightOf: (group: string) => weights[group] ?? 1, ...rules };
  const coming = arrivals.map(([group, user, gib, hour]) =>
    anEntry({ group, user, bytes: gib * GIB, requestedAt: hour * HOUR }),
  );
  const order: QueueEntry[] = [];
  let running: { readonly entry: QueueEntry; readonly until: number }[] = [];
  let waiting: readonly QueueEntry[] = [];
  let balance: Balance = EVEN;
  for (let now = 0; order.length < coming.length; now += HOUR) {
    running = running.filter(({ until }) => until > now);
    waiting = coming.filter((entry) => entry.requestedAt <= now && !order.includes(entry));
    while (running.length < slots && waiting.length > 0) {
      balance = levelled(balance, waiting);
      const [next] = fairOrder(waiting, balance, all, {
        now,
        usersRunning: new Set(running.map(({ entry }) => entry.user)),
        smallRunning: false,
      });
      if (next === undefined) throw new Error('an idle slot while somebody waits');
      onPick(next, waiting, now);
      balance = charged(balance, next, next.bytes, all);
      order.push(next);
      running.push({ entry: next, until: now + (next.bytes / (100 * GIB)) * HOUR });
      waiting = waiting.filter((entry) => entry !== next);
    }
    onHour(waiting.length, slots - running.length);
  }
  return order;
}

describe('over a week', () => {
  test('no slot is idle while somebody waits, and everybody is served once', () => {
    fc.assert(
      fc.property(week, (plan) => {
        const order = run(
          plan,
          {},
          () => undefined,
          (waiting, free) => expect(Math.min(waiting, free)).toBe(0),
        );
        expect(new Set(order).size).toBe(plan.arrivals.length);
      }),
    );
  });

  test('each group stays within one transfer of its share, as long as it has something waiting', () => {
    fc.assert(
      fc.property(week, (plan) => {
        const served = new Map<string, number>();
        const largest = Math.max(...plan.arrivals.map(([, , gib]) => gib)) * GIB;
        run(
          { ...plan, arrivals: plan.arrivals.map(([g, u, gib]) => [g, u, gib, 0]) },
          {},
          (picked, waiting) => {
            const { group, bytes } = picked;
            served.set(group, (served.get(group) ?? 0) + bytes / (plan.weights[group] ?? 1));
            const others = new Set(waiting.map((entry) => entry.group));
            for (const other of others) {
              const ahead = (served.get(group) ?? 0) - (served.get(other) ?? 0);
              // Neither is more than a transfer, by weight, ahead of the other.
              // Shares are whole KiB.
              expect(ahead).toBeLessThanOrEqual(largest / (plan.weights[other] ?? 1) + 120 * 1024);
            }
          },
        );
      }),
    );
  });

  test('within a user, the oldest first', () => {
    fc.assert(
      fc.property(week, (plan) => {
        run(plan, {}, (picked, waiting) => {
          const theirs = waiting.filter(
            ({ group, user }) => group === picked.group && user === picked.user,
          );
          expect([...theirs].sort(oldestFirst)[0]).toBe(picked);
        });
      }),
    );
  });

  test('nobody starves: after task.maxWaitHours, at most one transfer of each other user goes first', () => {
    fc.assert(
      fc.property(week, (plan) => {
        const passed = new Map<string, Set<string>>();
        run({ ...plan, slots: 1 }, { maxWaitMs: 24 * HOUR }, (picked, waiting, now) => {
          for (const { user, requestedAt } of waiting) {
            if (now - requestedAt <= 24 * HOUR || picked.user === user) continue;
            const others = passed.get(user) ?? new Set();
            expect(others.has(picked.user)).toBe(false);
            passed.set(user, others.add(picked.user));
          }
          passed.delete(picked.user);
          for (const others of passed.values()) if (others.size > 3) throw new Error('starved');
        });
      }),
    );
  });

  test('the order shown is the order in which they go, if nobody else comes', () => {
    fc.assert(
      fc.property(week, (plan) => {
        const arrivals = plan.arrivals.map(([g, u, gib]) => [g, u, gib, 0] as const);
        let shown: readonly QueueEntry[] = [];
        const order = run({ ...plan, arrivals }, {}, (_picked, waiting) => {
          if (shown.length > 0) return;
          shown = fairOrder(
            waiting,
            EVEN,
            { ...EQUAL, weightOf: (g) => plan.weights[g] ?? 1 },
            IDLE,
          );
        });
        expect(order.map(({ jobId }) => jobId)).toEqual(shown.map(({ jobId }) => jobId));
      }),
    );
  });
});
