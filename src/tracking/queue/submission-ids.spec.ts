import { beforeEach, describe, expect, test } from '@jest/globals';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import { down } from '../../../test/support/upstream-failures.js';
import { settle } from '../../../test/support/virtual-clock.js';
import { SubmissionIds } from './submission-ids.js';

let world: TrackingWorld;
let ids: SubmissionIds;
beforeEach(() => {
  world = new TrackingWorld();
  const { globus, clock, random, signal } = world;
  ids = new SubmissionIds(globus, clock, random, 4, 32, signal);
});
const asked = (): number => world.globus.faults.count('newSubmissionId');

describe('submission ids fetched ahead', () => {
  test('a quiet service fetches few, and takes each once', async () => {
    await ids.fill();
    expect(asked()).toBe(4);
    const taken = [ids.take(), ids.take(), ids.take(), ids.take()];
    expect(new Set(taken).size).toBe(4);
    expect(taken).not.toContain(undefined);
    await settle();
    expect(asked()).toBe(8);
  });

  test('after a burst the stock grows for the next one, up to a limit', async () => {
    await ids.fill();
    const burst = () =>
      Array.from({ length: 50 }, () => ids.take()).filter((id) => id !== undefined);
    expect(burst().length).toBe(4);
    await settle();
    expect(burst().length).toBe(32);
    await settle();
    expect(burst().length).toBe(32);
  });

  test('an id taken while others are being fetched is replaced at once', async () => {
    await ids.fill();
    ids.take();
    ids.take();
    expect(asked()).toBe(6);
    ids.take();
    expect(asked()).toBe(7);
    await settle();
    expect(asked()).toBe(7);
  });

  test('fetched ids are kept when others fail, and a pause follows', async () => {
    world.globus.faults.next('newSubmissionId', { before: down('Globus') });
    await ids.fill();
    const before = asked();
    expect([ids.take(), ids.take(), ids.take()]).not.toContain(undefined);
    await settle();
    expect(asked()).toBe(before);
    await world.clock.advance(1000);
    ids.take();
    await settle();
    expect(asked()).toBeGreaterThan(before);
  });

  test('concurrent failures cause a single pause', async () => {
    world.globus.faults.always('newSubmissionId', { before: down('Globus') });
    await ids.fill();
    expect(asked()).toBe(4);
    await world.clock.advance(1000);
    ids.take();
    await settle();
    expect(asked()).toBeGreaterThan(4);
  });

  test('a caller gets an id, or the reason why there is none', async () => {
    expect(await ids.next()).toBeDefined();
    world.globus.faults.always('newSubmissionId', { before: down('Globus') });
    while (ids.take() !== undefined) await settle();
    await expect(ids.next()).rejects.toThrow('Globus');
  });
});
