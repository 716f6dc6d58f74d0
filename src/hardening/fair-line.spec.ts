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
      if (!this.waits.delete(item)) throw new Error(`${item.name} did not wait.`);
      this.refused.add(item);
    }
    for (const item of begun) {
      const of = this.waits.get(item);
      if (of === undefined) throw new Error(`${item.name} did not wait.`);
      if (item !== entering) {
        turns.push(of);
        // Whoever of this key has waited longest.
        const oldest = [...this.waits].find(([, other]) => other === of)?.[0];
        if (item !== oldest) throw new Error(`${item.name} overtook ${String(oldest?.name)}.`);
      }
      this.waits.delete(item);
      this.runs.set(item, of);
    }
    if (this.line.running !== this.runs.size || this.line.waiting !== this.waits.size) {
      throw new Error('It miscounts.');
    }
    return turns;
  }

  count(of: ReadonlyMap<Item, string>, wanted: string): number {
    return [...of.values()].filter((one) => one === wanted).length;
  }
}

/** `expect` would take most of the time. */
function keepsTo(limits: LineBounds, line: Watched): boolean {
  const fits = line.runs.size <= limits.running && line.waits.size <= limits.waiting;
  return (
    fits &&
    KEYS.every((one) => {
      const [running, waiting] = [line.count(line.runs, one), line.count(line.waits, one)];
      const mayRun = waiting > 0 && running < limits.runningPerKey;
      return (
        running <= limits.runningPerKey &&
        waiting <= limits.waitingPerKey &&
        (!mayRun || line.runs.size === limits.running)
      );
    })
  );
}

const runs = { numRuns: 300 };

describe('a fair line', () => {
  it('keeps to its bounds, and leaves no place free while somebody with a share waits', () => {
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 80, size: 'max' }), (limits, steps) => {
        const line = new Watched(limits);
        for (const action of steps) {
          line.take(action);
          if (!keepsTo(limits, line)) throw new Error(`Broken by ${JSON.stringify(action)}.`);
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
              line.count(line.waits, one) > 0 && line.count(line.runs, one) < limits.runningPerKey;
            if (!mayGo) turnsSince.set(one, []);
            else if (new Set(seen).size < seen.length) throw new Error(`${one} was passed over.`);
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
          if (line.runs.size === 0) throw new Error('Nobody is served.');
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
