import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FairLine, type LineBounds, type LineChange } from './fair-line.js';

interface Item {
  readonly name: string;
}

const KEYS = ['alice', 'bob', 'carol', 'dave', 'eve'];

type Step =
  | { readonly kind: 'enter'; readonly key: string }
  | { readonly kind: 'leave' | 'move'; readonly which: number; readonly key: string };

const key = fc.constantFrom(...KEYS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('enter' as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(), key }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), which: fc.nat(), key }) },
);
const bounds = fc.record({
  running: fc.integer({ min: 1, max: 6 }),
  runningPerKey: fc.integer({ min: 1, max: 6 }),
  waiting: fc.integer({ min: 1, max: 12 }),
  waitingPerKey: fc.integer({ min: 1, max: 8 }),
});

/** A line, and beside it what its answers say of every item. */
class Watched {
  readonly runs = new Map<Item, string>();
  /** In the order in which they began to wait. */
  readonly waits = new Map<Item, string>();
  readonly refused = new Set<Item>();
  private readonly line: FairLine<Item>;
  private entered = 0;

  constructor(readonly bounds: LineBounds) {
    this.line = new FairLine(() => bounds);
  }

  /** @returns the keys of those that began after waiting, in order */
  take(action: Step): readonly string[] {
    if (action.kind === 'enter') {
      const item = { name: `${action.key} ${(this.entered += 1)}` };
      this.waits.set(item, action.key);
      return this.note(this.line.enter(item, action.key), item);
    }
    const all = [...this.runs.keys(), ...(action.kind === 'leave' ? this.waits.keys() : [])];
    const item = all[action.which % all.length];
    if (item === undefined) return [];
    if (action.kind === 'leave') {
      this.runs.delete(item);
      this.waits.delete(item);
      return this.note(this.line.leave(item));
    }
    const from = this.runs.get(item);
    if (from === action.key) return this.note(this.line.move(item, action.key));
    const change = this.line.move(item, action.key);
    this.runs.delete(item);
    if (this.line.isRunning(item) && !change.begun.includes(item)) this.runs.set(item, action.key);
    else this.waits.set(item, action.key);
    return this.note(change, item);
  }

  private note({ begun, refused }: LineChange<Item>, entering?: Item): readonly string[] {
    const turns: string[] = [];
    for (const item of refused) {
      expect(this.waits.delete(item)).toBe(true);
      this.refused.add(item);
    }
    for (const item of begun) {
      const of = this.waits.get(item);
      if (of === undefined) throw new Error(`${item.name} did not wait.`);
      if (item !== entering) {
        turns.push(of);
        // Whoever of this key has waited longest.
        expect(item).toBe([...this.waits].find(([, other]) => other === of)?.[0]);
      }
      this.waits.delete(item);
      this.runs.set(item, of);
    }
    expect([this.line.running, this.line.waiting]).toEqual([this.runs.size, this.waits.size]);
    return turns;
  }

  count(of: ReadonlyMap<Item, string>, wanted: string): number {
    return [...of.values()].filter((one) => one === wanted).length;
  }
}

const runs = { numRuns: 300 };

describe('a fair line', () => {
  it('keeps to its bounds, and leaves no place free while somebody with a share waits', () => {
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 80, size: 'max' }), (limits, steps) => {
        const line = new Watched(limits);
        for (const action of steps) {
          line.take(action);
          expect(line.runs.size).toBeLessThanOrEqual(limits.running);
          expect(line.waits.size).toBeLessThanOrEqual(limits.waiting);
          for (const one of KEYS) {
            const running = line.count(line.runs, one);
            expect(running).toBeLessThanOrEqual(limits.runningPerKey);
            expect(line.count(line.waits, one)).toBeLessThanOrEqual(limits.waitingPerKey);
            if (line.count(line.waits, one) > 0 && running < limits.runningPerKey) {
              expect(line.runs.size).toBe(limits.running);
            }
          }
        }
      }),
      runs,
    );
  });

  it('serves each key that waits and has a share before any other has a second turn', () => {
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 80, size: 'max' }), (limits, steps) => {
        const line = new Watched(limits);
        const turnsSince = new Map(KEYS.map((one) => [one, [] as string[]]));
        for (const action of steps) {
          for (const turn of line.take(action)) {
            for (const seen of turnsSince.values()) seen.push(turn);
            turnsSince.set(turn, []);
          }
          for (const [one, seen] of turnsSince) {
            const mayGo =
              line.count(line.waits, one) > 0 &&
              line.count(line.runs, one) < limits.runningPerKey;
            if (!mayGo) turnsSince.set(one, []);
            else expect(new Set(seen).size).toBe(seen.length);
          }
        }
      }),
      runs,
    );
  });

  it('everybody who waits is served in the end, if those who run end', () => {
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 80, size: 'max' }), (limits, steps) => {
        const line = new Watched(limits);
        for (const action of steps) line.take(action);
        const left = line.runs.size + line.waits.size;
        for (let n = 0; n < left; n += 1) {
          expect(line.runs.size).toBeGreaterThan(0);
          line.take({ kind: 'leave', which: 0, key: '' });
        }
        expect([line.runs.size, line.waits.size]).toEqual([0, 0]);
      }),
      runs,
    );
  });

  const tight = { running: 1, runningPerKey: 1, waiting: 4, waitingPerKey: 4 };
  const enter = (line: Watched, ...keys: readonly string[]): void => {
    for (const one of keys) line.take({ kind: 'enter', key: one });
  };
  const named = (items: Iterable<Item>): readonly string[] => [...items].map(({ name }) => name);

  it('who has many items lets one with a single item go first', () => {
    const line = new Watched(tight);
    enter(line, 'alice', 'alice', 'alice', 'alice', 'bob');
    const turns = [1, 2, 3].flatMap(() => line.take({ kind: 'leave', which: 0, key: '' }));
    expect(turns).toEqual(['alice', 'bob', 'alice']);
  });

  it('a full line puts off whoever has most in it, not whoever comes last', () => {
    const line = new Watched(tight);
    enter(line, 'alice', 'alice', 'alice', 'alice', 'alice');
    enter(line, 'bob', 'bob', 'bob', 'carol');
    expect(named(line.refused)).toEqual(['alice 5', 'alice 4', 'bob 8', 'alice 3']);
    expect(named(line.waits.keys())).toEqual(['alice 2', 'bob 6', 'bob 7', 'carol 9']);
  });

  it('an item that is out of the line is nobody any more', () => {
    const line = new FairLine<string>(() => tight);
    line.enter('a', 'alice');
    line.enter('b', 'alice');
    expect(line.leave('b')).toEqual({ begun: [], refused: [] });
    expect(line.leave('b')).toEqual({ begun: [], refused: [] });
    expect(line.move('b', 'bob')).toEqual({ begun: [], refused: [] });
    line.leave('a');
    line.leave('a');
    expect([line.running, line.waiting, line.countOf('alice')]).toEqual([0, 0, 0]);
  });
});
