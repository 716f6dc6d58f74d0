import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { aRunningTransfer, aTransfer, jobIdOf } from '../../../test/support/builders.js';
import { aGate } from '../../../test/support/faults.js';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import {
  accountRefused,
  doubtful,
  down,
  rejected,
  timeout,
} from '../../../test/support/upstream-failures.js';
import { settle } from '../../../test/support/virtual-clock.js';
import { JobNotFoundError } from '../../errors/request.errors.js';
import { ServiceAccountError } from '../../errors/upstream.errors.js';
import { failed, progressed, type Transfer, withEndRequest } from '../../domain/transfer.js';
import { MAX_CONCURRENT_WRITES } from './job-writer.js';
import type { TrackedTransfer } from './tracked-transfers.js';

const HOUR = 60 * 60_000;
let world = new TrackingWorld();
beforeEach(() => {
  world = new TrackingWorld();
});
afterEach(async () => {
  world.jobs.faults.clear();
  await world.end();
});

const bytes = (number: number) => (transfer: Transfer) =>
  progressed(transfer, { ...transfer.progress, bytesTransferred: number }, undefined);
const wanted = (remove: boolean) => (transfer: Transfer) =>
  withEndRequest(transfer, { reason: 'user', by: 'alice', at: 'now', remove });

/** The writes that SciCat stored, in short. */
const written = (): readonly (readonly [string, string, number])[] =>
  world.jobs.writes.map(({ jobId, view }) => [
    jobId,
    view.statusCode,
    view.jobResultObject.bytesTransferred,
  ]);
/** What became of a promise so far. */
function fate(promise: Promise<void>): { readonly of: string } {
  const result = { of: 'pending' };
  promise.then(
    () => (result.of = 'resolved'),
    (error: unknown) => (result.of = `rejected: ${(error as Error).message}`),
  );
  return result;
}
const running = (number = 1): TrackedTransfer => world.follow(aRunningTransfer({ number }));

describe('one writer per job', () => {
  test('never two writes of one job at a time, and the latest state wins', async () => {
    const tracked = running();
    const gate = aGate();
    world.jobs.faults.next('write', { hold: gate.opened });
    world.writer.changed(tracked, 'needed');
    for (const number of [1, 2, 3]) {
      world.transfers.update(tracked, bytes(number));
      world.writer.changed(tracked, 'needed');
    }
    await settle();
    expect(world.jobs.faults.count('write')).toBe(1);
    gate.open();
    await settle();
    expect([written(), world.jobs.mostWritesAtOnce]).toEqual([
      [
        [jobIdOf(1), '002', 0],
        [jobIdOf(1), '002', 3],
      ],
      1,
    ]);
  });

  test('what SciCat shows already is not written', async () => {
    const tracked = running();
    world.writer.markSynced(tracked);
    world.writer.changed(tracked, 'needed');
    await settle();
    expect(written()).toEqual([]);
  });

  test('a change that does not show is not written, and counts as confirmed', async () => {
    const tracked = running();
    world.writer.changed(tracked, 'needed');
    await settle();
    world.transfers.update(tracked, (transfer) => ({ ...transfer }));
    await world.writer.confirmed(tracked);
    expect(written()).toEqual([[jobIdOf(1), '002', 0]]);
    world.writer.markUnsynced(tracked);
    await settle();
    expect(written().length).toBe(2);
  });

  test('ends go first when many wait, and only so many are under way', async () => {
    const gate = aGate();
    world.jobs.faults.always('write', { hold: gate.opened });
    const count = MAX_CONCURRENT_WRITES + 4;
    const opens = Array.from({ length: count }, (_, n) => running(n + 1));
    for (const tracked of opens.slice(0, -1)) world.writer.changed(tracked, 'needed');
    const last = opens.at(-1);
    if (last === undefined) throw new Error('no transfer');
    world.transfers.update(last, (t) => failed(t, 'broken'));
    world.writer.changed(last, 'final');
    await settle();
    expect([world.jobs.faults.count('write'), world.writer.pending]).toEqual([
      MAX_CONCURRENT_WRITES,
      count,
    ]);
    gate.open();
    await settle();
    expect(written()[MAX_CONCURRENT_WRITES]).toEqual([jobIdOf(count), '998', 0]);
    expect([written().length, world.writer.pending]).toEqual([count, 0]);
  });
});

describe('the budget of progress', () => {
  test.each([
    [2, 10_000, 20],
    [0.5, 10_000, 5],
  ])(
    '%d a second: %d ms bring at most %d writes, and they do come',
    async (perSecond, ms, most) => {
      world = new TrackingWorld({ task: { progressWritesPerSecond: perSecond } });
      const opens = Array.from({ length: 40 }, (_, n) => running(n + 1));
      for (const tracked of opens) {
        world.transfers.update(tracked, bytes(1));
        world.writer.changed(tracked, 'progress');
      }
      await settle();
      expect(written().length).toBeLessThanOrEqual(Math.max(1, perSecond));
      await world.clock.advance(ms);
      expect(written().length).toBeGreaterThanOrEqual(most - 2);
      expect(written().length).toBeLessThanOrEqual(most + 1);
    },
  );

  test('what was urgent stays so when the write fails: it does not queue behind numbers', async () => {
    world = new TrackingWorld({ task: { progressWritesPerSecond: 0.1 } });
    const others = [2, 3, 4].map((number) => running(number));
    const tracked = running(1);
    world.jobs.faults.next('write', { before: down() });
    world.writer.changed(tracked, 'needed');
    await settle();
    for (const other of others) {
      world.transfers.update(other, bytes(1));
      world.writer.changed(other, 'progress');
    }
    world.transfers.update(tracked, bytes(1));
    world.writer.changed(tracked, 'progress');
    await world.clock.advance(5000);
    expect(written().map(([jobId]) => jobId)).toContain(jobIdOf(1));
  });

  test('progress that an urgent write took along is not written again', async () => {
    const tracked = running();
    world.transfers.update(tracked, bytes(1));
    world.writer.changed(tracked, 'progress');
    world.writer.changed(tracked, 'needed');
    await settle();
    await world.clock.advance(60_000);
    expect(written()).toEqual([[jobIdOf(1), '002', 1]]);
  });
});

describe('after an outcome that is not certain', () => {
  test.each([
    ['a time-out', timeout()],
    ["SciCat's 400 after storing", doubtful()],
  ])('%s: read, and what is there is not written again (e-mails go out once)', async (_, after) => {
    const tracked = running();
    world.jobs.faults.next('write', { after });
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(HOUR);
    expect([written().length, world.jobs.faults.calls]).toEqual([1, ['write', 'read']]);
    expect(world.told).toEqual([`confirmed ${jobIdOf(1)} transferring`]);
  });

  test('what is not there is written until it is', async () => {
    const tracked = running();
    world.jobs.faults.always('write', { before: timeout() });
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(5 * HOUR);
    expect(written()).toEqual([]);
    world.jobs.faults.clear();
    await world.clock.advance(60_000);
    expect(written()).toEqual([[jobIdOf(1), '002', 0]]);
  });

  test('when the job could not be read either, it is read before the next write', async () => {
    const tracked = running();
    world.jobs.faults.next('write', { after: timeout() });
    world.jobs.faults.next('read', { before: down() }, { before: down() });
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(HOUR);
    expect([written().length, world.told.at(-1)]).toEqual([
      1,
      `confirmed ${jobIdOf(1)} transferring`,
    ]);
  });

  test('a text that SciCat masks counts as written', async () => {
    const tracked = running();
    world.transfers.update(tracked, (t) => failed(t, 'no access for alice@example.org'));
    const gate = aGate();
    world.jobs.faults.next('write', { after: timeout() });
    world.jobs.faults.next('read', { hold: gate.opened });
    world.writer.changed(tracked, 'final');
    await settle();
    const job = world.jobs.stored.get(jobIdOf(1));
    if (job === undefined) throw new Error('no job');
    const masked = 'no access for *****';
    const result = { ...(job.result as object), error: masked };
    world.jobs.put({ ...job, statusMessage: masked, result });
    gate.open();
    await world.clock.advance(HOUR);
    expect([written().length, world.told]).toEqual([1, [`confirmed ${jobIdOf(1)} failed`]]);
  });

  test('refused connections and our own account need no look: nothing was stored', async () => {
    const tracked = running();
    world.jobs.faults.next('write', { before: down() }, { before: accountRefused() });
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(60_000);
    expect(world.jobs.faults.calls).toEqual(['write', 'write', 'write']);
  });
});

describe('a job that can not be written', () => {
  test('is parked and tried hourly, said once, and the others go on', async () => {
    world.jobs.withoutDataset.add(jobIdOf(1));
    const tracked = running(1);
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(10 * 60_000);
    expect(world.writer.parked).toBe(1);
    const tries = world.jobs.faults.count('write');
    world.writer.changed(running(2), 'needed');
    await world.clock.advance(3 * HOUR);
    expect(world.jobs.faults.count('write') - tries).toBeGreaterThanOrEqual(3);
    expect(world.jobs.faults.count('write') - tries).toBeLessThanOrEqual(5);
    expect(written()).toEqual([[jobIdOf(2), '002', 0]]);
    expect(world.events.of('job-parked')).toEqual([
      { kind: 'job-parked', jobId: jobIdOf(1), reason: rejected(404).message },
    ]);
    world.jobs.withoutDataset.clear();
    await world.clock.advance(HOUR + 60_000);
    expect([world.writer.parked, written().length]).toEqual([0, 2]);
  });

  test('an outage does not count towards parking: one refusal after it is no verdict', async () => {
    const tracked = running();
    const outage = Array.from({ length: 8 }, () => ({ before: timeout() }));
    world.jobs.faults.next('write', ...outage, { before: rejected(404) });
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(10 * 60_000);
    expect([world.writer.parked, written().length]).toEqual([0, 1]);
  });

  test('whoever waits for it hears soon that it can not be, not in an hour', async () => {
    world.jobs.withoutDataset.add(jobIdOf(1));
    const tracked = running(1);
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(10 * 60_000);
    expect(world.writer.parked).toBe(1);
    world.transfers.update(tracked, wanted(false));
    const waiting = fate(world.writer.confirmed(tracked));
    await world.clock.advance(60_000);
    expect(waiting.of).toBe(`rejected: ${rejected(404).message}`);
  });

  test('gone from SciCat: said, and not written any more', async () => {
    const tracked = running();
    world.jobs.stored.clear();
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(HOUR);
    expect([world.told, world.jobs.faults.count('write')]).toEqual([[`gone ${jobIdOf(1)}`], 1]);
  });
});

describe('removal', () => {
  const removing = (): TrackedTransfer => {
    const tracked = running();
    world.transfers.update(tracked, wanted(true));
    world.transfers.update(tracked, (t) => failed(t, 'ended'));
    return tracked;
  };

  test('an ended transfer whose user wanted it gone has its job removed, not written', async () => {
    world.writer.changed(removing(), 'final');
    await settle();
    expect([world.jobs.stored.size, written()]).toEqual([0, []]);
    expect(world.told).toEqual([`confirmed ${jobIdOf(1)} failed`]);
  });

  test('with the answer lost: gone is what was wanted', async () => {
    world.jobs.faults.next('remove', { after: timeout() });
    world.writer.changed(removing(), 'final');
    await world.clock.advance(60_000);
    expect([world.jobs.stored.size, world.told]).toEqual([0, [`confirmed ${jobIdOf(1)} failed`]]);
  });

  describe('that SciCat does not let the account do', () => {
    const forbidden = new ServiceAccountError('SciCat', 'No right to remove.', { status: 403 });

    test.each([
      ['403', forbidden],
      ['a refusal', rejected(409)],
    ])('(%s): the end is shown, once, and the removal tried hourly', async (_what, before) => {
      world.jobs.faults.always('remove', { before });
      world.writer.changed(removing(), 'final');
      await world.clock.advance(10 * 60_000);
      expect([written(), world.writer.parked]).toEqual([[[jobIdOf(1), '998', 0]], 1]);
      const tries = world.jobs.faults.count('remove');
      await world.clock.advance(5 * HOUR);
      expect([world.jobs.faults.count('remove') - tries, written().length]).toEqual([5, 1]);
      world.jobs.faults.clear();
      await world.clock.advance(HOUR);
      expect([world.jobs.stored.size, world.told]).toEqual([0, [`confirmed ${jobIdOf(1)} failed`]]);
    });

    test('nor can the end be written at first: it is shown as soon as it can', async () => {
      world.jobs.faults.always('remove', { before: forbidden });
      world.jobs.faults.next('write', { before: timeout() }, { before: down() });
      world.writer.changed(removing(), 'final');
      await world.clock.advance(10 * 60_000);
      expect(written()).toEqual([[jobIdOf(1), '998', 0]]);
    });

    test('an account that can not even log in is waited for: nothing was refused', async () => {
      world.jobs.faults.next('remove', { before: accountRefused() });
      world.writer.changed(removing(), 'final');
      await world.clock.advance(60_000);
      expect([written(), world.jobs.stored.size]).toEqual([[], 0]);
    });
  });

  test('is repeated until the job is gone', async () => {
    world.jobs.faults.next('remove', { before: timeout() }, { before: down() });
    world.writer.changed(removing(), 'final');
    await world.clock.advance(60_000);
    expect(world.jobs.stored.size).toBe(0);
  });
});

describe('confirmed()', () => {
  test('is at once where SciCat shows the state', async () => {
    const tracked = running();
    world.writer.markSynced(tracked);
    await world.writer.confirmed(tracked);
    expect(world.jobs.faults.calls).toEqual([]);
  });

  test('waits for its own state, not for an older one under way', async () => {
    const tracked = running();
    const gates = [aGate(), aGate()] as const;
    world.jobs.faults.next('write', { hold: gates[0].opened }, { hold: gates[1].opened });
    world.writer.changed(tracked, 'needed');
    world.transfers.update(tracked, wanted(false));
    const waiting = fate(world.writer.confirmed(tracked));
    gates[0].open();
    await settle();
    expect(waiting.of).toBe('pending');
    gates[1].open();
    await settle();
    expect(waiting.of).toBe('resolved');
  });

  test('tells of the failure, and the write is repeated all the same', async () => {
    const tracked = running();
    world.transfers.update(tracked, wanted(false));
    world.jobs.faults.next('write', { before: down() });
    const waiting = fate(world.writer.confirmed(tracked));
    await settle();
    expect(waiting.of).toBe(`rejected: ${down().message}`);
    await world.clock.advance(60_000);
    expect(written().length).toBe(1);
  });

  test('is rejected when the transfer is not followed any more', async () => {
    const tracked = running();
    const gate = aGate();
    world.jobs.faults.next('write', { hold: gate.opened });
    const waiting = fate(world.writer.confirmed(tracked));
    world.writer.forget(tracked);
    gate.open();
    await settle();
    expect(waiting.of).toMatch(/^rejected: /);
  });

  test('of a job that was removed meanwhile is "no such transfer", not an error of ours', async () => {
    const tracked = running();
    world.jobs.stored.clear();
    await expect(world.writer.confirmed(tracked)).rejects.toThrow(JobNotFoundError);
  });
});

describe('stop()', () => {
  test('writes what is due, then nothing more', async () => {
    const tracked = world.follow(aTransfer());
    world.writer.changed(tracked, 'needed');
    const stopped = fate(world.writer.stop(world.clock.monotonicMs() + 10_000));
    await world.clock.advance(1000);
    expect([stopped.of, written().length]).toEqual(['resolved', 1]);
    world.transfers.update(tracked, wanted(false));
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(HOUR);
    expect(written().length).toBe(1);
  });

  test('leaves nobody waiting for ever: neither who waited, nor who asks afterwards', async () => {
    const tracked = running();
    world.transfers.update(tracked, wanted(false));
    world.jobs.withoutDataset.add(jobIdOf(1));
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(10 * 60_000);
    const gate = aGate();
    world.jobs.faults.always('write', { hold: gate.opened });
    const before = fate(world.writer.confirmed(tracked));
    const stopped = fate(world.writer.stop(world.clock.monotonicMs() + 1000));
    await world.clock.advance(2000);
    gate.open();
    await world.clock.advance(2000);
    const after = fate(world.writer.confirmed(tracked));
    await settle();
    expect([before.of, stopped.of, after.of]).toEqual([
      expect.stringMatching(/^rejected: /),
      'resolved',
      expect.stringMatching(/^rejected: /),
    ]);
  });
});
