import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  aFailedTask,
  aRunningTransfer,
  aSucceededTask,
  aTask,
  jobIdOf,
  START,
  taskIdFor,
} from '../../../test/support/builders.js';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import { timeout } from '../../../test/support/upstream-failures.js';
import { TaskListing } from './task-listing.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';

let world = new TrackingWorld();
let listing = new TaskListing(world.globus, world.clock, world.signal);
beforeEach(() => {
  world = new TrackingWorld();
  listing = new TaskListing(world.globus, world.clock, world.signal);
});

const inFlight = (count: number): readonly TrackedTransfer[] =>
  Array.from({ length: count }, (_, n) =>
    world.transfers.add(aRunningTransfer({ number: n + 1 }), { holdsSlot: true }),
  );
const numbered = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n + 1);

describe('a poll of all transfers in flight', () => {
  test('nothing in flight costs nothing', async () => {
    expect(await listing.poll([])).toEqual({ observations: new Map(), calls: 0 });
    expect(world.globus.faults.calls).toEqual([]);
  });

  test('a few: one call', async () => {
    world.globus.put(...numbered(50).map((number) => aTask({ number })));
    const look = await listing.poll(inFlight(50));
    expect([look.calls, look.observations.size]).toEqual([1, 50]);
    expect(look.observations.get(jobIdOf(1))).toEqual({
      kind: 'seen',
      task: aTask({ number: 1 }),
      error: undefined,
    });
  });

  test('a task that ends between two listings is in one of them: running ones are listed first', async () => {
    const opens = inFlight(51);
    world.globus.put(...numbered(51).map((number) => aTask({ number })));
    const list = world.globus.list.bind(world.globus);
    world.globus.list = async (query) => {
      const slice = await list(query);
      world.globus.put(aSucceededTask({ number: 1 }));
      return slice;
    };
    await listing.poll(opens);
    expect(world.globus.looked).toEqual([]);
  });

  test('800, some of them just ended: two calls', async () => {
    world.globus.put(
      ...numbered(800).map((number) =>
        number % 7 === 0 ? aSucceededTask({ number }) : aTask({ number }),
      ),
    );
    const look = await listing.poll(inFlight(800));
    expect([look.calls, look.observations.size]).toEqual([2, 800]);
  });

  test('2,500 running: the listing ends at 1,000, so it is cut into slices, and all are seen', async () => {
    for (const number of numbered(2500)) {
      world.globus.put(aTask({ number, requestedAt: START - number * 60_000 }));
    }
    const look = await listing.poll(inFlight(2500));
    expect(look.observations.size).toBe(2500);
    expect(look.calls).toBeLessThan(10);
  });

  test('2,500 ended since the last poll: the same for completions', async () => {
    world.globus.put(
      ...numbered(2500).map((number) =>
        aSucceededTask({ number, completedAt: START - number * 60_000 }),
      ),
    );
    const look = await listing.poll(inFlight(2500));
    expect(look.observations.size).toBe(2500);
    expect(look.calls).toBeLessThan(10);
  });
});

describe('a task that no listing shows', () => {
  test('is queried by its id before it counts as unknown', async () => {
    const [tracked] = inFlight(1);
    expect((await listing.poll(tracked === undefined ? [] : [tracked])).observations).toEqual(
      new Map([[jobIdOf(1), { kind: 'unknown' }]]),
    );
    expect(world.globus.looked).toEqual([taskIdFor(1)]);
  });

  test('is not observed when that query fails', async () => {
    world.globus.faults.always('task', { before: timeout('Globus') });
    world.globus.put(aTask({ number: 2 }));
    const look = await listing.poll(inFlight(2));
    expect([...look.observations.keys()]).toEqual([jobIdOf(2)]);
  });

  test('each gets its turn; the first ones do not block the others', async () => {
    const opens = inFlight(45);
    for (let look = 0; look < 3; look += 1) await listing.poll(opens);
    expect(new Set(world.globus.looked).size).toBe(45);
  });
});

describe('the reason for trouble', () => {
  const error = { code: 'X', description: 'words', details: '' };

  test('is queried when a task is in trouble or has failed, not when all is well', async () => {
    world.globus.put(
      aTask({ number: 1 }),
      aTask({ number: 2, niceStatus: 'FILE_NOT_FOUND', faults: 1 }),
      aFailedTask('QUOTA_EXCEEDED', { number: 3, faults: 1 }),
      aFailedTask('CANCELED', { number: 4, faults: 1 }),
      aTask({ number: 5, niceStatus: 'Queued' }),
    );
    for (const number of numbered(5)) world.globus.errors.set(taskIdFor(number), error);
    const look = await listing.poll(inFlight(5));
    expect(
      numbered(5).map((number) => {
        const seen = look.observations.get(jobIdOf(number));
        return seen?.kind === 'seen' ? seen.error : seen;
      }),
    ).toEqual([undefined, error, error, undefined, undefined]);
    expect(look.calls).toBe(3);
  });

  test('a missing reason does not lose the observation', async () => {
    world.globus.faults.always('latestError', { before: timeout('Globus') });
    world.globus.put(aTask({ niceStatus: 'TIMEOUT', faults: 1 }));
    const look = await listing.poll(inFlight(1));
    expect(look.observations.get(jobIdOf(1))).toMatchObject({ kind: 'seen', error: undefined });
  });

  /** How many of them have their words after one more poll. */
  async function worded(opens: readonly TrackedTransfer[]): Promise<number> {
    const { observations } = await listing.poll(opens);
    return [...observations.values()].filter(
      (seen) => seen.kind === 'seen' && seen.error !== undefined,
    ).length;
  }
  function putTroubled(numbers: readonly number[]): void {
    for (const number of numbers) {
      world.globus.put(aTask({ number, niceStatus: 'TIMEOUT', faults: 1 }));
      world.globus.errors.set(taskIdFor(number), error);
    }
  }

  test('at most ten are queried in one poll, the others in the next ones, each once', async () => {
    putTroubled(numbered(30));
    const opens = inFlight(30);
    expect((await listing.poll(opens)).calls).toBe(11);
    expect([await worded(opens), await worded(opens), await worded(opens)]).toEqual([10, 10, 0]);
  });

  test('is queried again after a failed query, and when the trouble changes', async () => {
    putTroubled([1]);
    const opens = inFlight(1);
    world.globus.faults.next('latestError', { before: timeout('Globus') });
    expect([await worded(opens), await worded(opens), await worded(opens)]).toEqual([0, 1, 0]);
    world.globus.put(aTask({ niceStatus: 'TIMEOUT', faults: 2 }));
    expect(await worded(opens)).toBe(1);
    world.globus.put(aTask({ niceStatus: 'AUTH', faults: 2 }));
    expect(await worded(opens)).toBe(1);
  });

  test('failed tasks are not polled again: up to 50 are queried at once, before others', async () => {
    const opens = inFlight(50);
    putTroubled(numbered(10));
    for (const number of numbered(50).slice(10)) {
      world.globus.put(aFailedTask('QUOTA_EXCEEDED', { number, faults: 1 }));
      world.globus.errors.set(taskIdFor(number), error);
    }
    expect(await worded(opens)).toBe(50);
    const asked: string[] = [];
    world.globus.latestError = (taskId) => {
      asked.push(taskId);
      return Promise.resolve(error);
    };
    world.globus.put(aTask({ number: 1, niceStatus: 'TIMEOUT', faults: 2 }));
    await listing.poll(opens);
    expect([asked.length, asked.at(-1)]).toEqual([41, taskIdFor(1)]);
  });

  test('at most 50 failed tasks are queried, to bound the poll', async () => {
    world.globus.put(
      ...numbered(60).map((number) => aFailedTask('QUOTA_EXCEEDED', { number, faults: 1 })),
    );
    await listing.poll(inFlight(60));
    expect(world.globus.faults.count('latestError')).toBe(50);
  });

  test('after a failed query no others are tried in this poll', async () => {
    putTroubled(numbered(12));
    world.globus.faults.always('latestError', { before: timeout('Globus') });
    expect((await listing.poll(inFlight(12))).calls).toBe(2);
  });
});

test('a failed poll is an error, not an observation', async () => {
  world.globus.faults.always('list', { before: timeout('Globus') });
  await expect(listing.poll(inFlight(1))).rejects.toThrow('Globus did not answer in time.');
});

test('lists all running tasks for the reconciliation after a restart', async () => {
  world.globus.put(aTask({ number: 1 }), aSucceededTask({ number: 2 }));
  expect(await listing.running()).toEqual([aTask({ number: 1 })]);
});
