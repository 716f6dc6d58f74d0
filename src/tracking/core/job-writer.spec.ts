import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { aRunningTransfer, aTransfer, jobIdOf } from '../../../test/support/builders.js';
import { aGate } from '../../../test/support/faults.js';
import { TrackingWorld } from '../../../test/support/tracking-world.js';
import {
  accountRefused,
  datasetDeleted,
  doubtful,
  down,
  rejected,
  timeout,
} from '../../../test/support/upstream-failures.js';
import { settle } from '../../../test/support/virtual-clock.js';
import { JobNotFoundError } from '../../errors/request.errors.js';
import { ServiceAccountError } from '../../errors/upstream.errors.js';
import {
  failed,
  progressed,
  type Transfer,
  waitingFor,
  withEndRequest,
} from '../../domain/transfer.js';
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
/** Puts a way of writing status codes into effect, as a reload does. */
function writeStatusCodesIn(statusCodes: 'numbers' | 'words'): void {
  const config = world.config.current();
  world.config.replace({ ...config, scicat: { ...config.scicat, statusCodes } });
}
/** What became of a promise so far. */
function fate(promise: Promise<void>): { readonly of: string } {
  const result = { of: 'pending' };
  promise.then(
    () => (result.of = 'resolved'),
    (error: unknown) => (result.of = `rejected: ${(error as Error).message}`),
  );
  return result;
}
const running = (number = 1): TrackedTransfer => world.track(aRunningTransfer({ number }));

describe('one writer per job', () => {
  test('one write per job at a time, and the latest state wins', async () => {
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

  test('a state that SciCat already shows is not written', async () => {
    const tracked = running();
    world.writer.markSynced(tracked);
    world.writer.changed(tracked, 'needed');
    await settle();
    expect(written()).toEqual([]);
  });

  test('a change that SciCat would not show is not written, and counts as confirmed', async () => {
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

  test('a state is not written again because another one in between was refused, and has passed', async () => {
    const waiting = (reason: string) => (transfer: Transfer) =>
      waitingFor(transfer, reason, 'not-sent');
    const tracked = world.track(aTransfer());
    for (const [reason, faults] of [
      ['held', []],
      ['resumed', [{ before: rejected(403) }]],
      ['held', []],
    ] as const) {
      world.jobs.faults.next('write', ...faults);
      world.transfers.update(tracked, waiting(reason));
      world.writer.changed(tracked, 'needed');
      await settle();
    }
    await world.clock.advance(120_000);
    expect(world.jobs.writes.map(({ view }) => view.statusMessage)).toEqual(['waiting: held']);
    expect(world.writer.pending).toBe(0);
  });

  test('ends go first, and the number of concurrent writes is limited', async () => {
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

  test('an urgent write that fails stays ahead of progress', async () => {
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

  test('progress included in an urgent write is not written again', async () => {
    const tracked = running();
    world.transfers.update(tracked, bytes(1));
    world.writer.changed(tracked, 'progress');
    world.writer.changed(tracked, 'needed');
    await settle();
    await world.clock.advance(60_000);
    expect(written()).toEqual([[jobIdOf(1), '002', 1]]);
  });
});

describe('status codes in words', () => {
  test('are written from the next change on when the setting is changed', async () => {
    const tracked = running();
    world.writer.changed(tracked, 'needed');
    await settle();
    writeStatusCodesIn('words');
    world.transfers.update(tracked, bytes(1));
    world.writer.changed(tracked, 'needed');
    await settle();
    world.transfers.update(tracked, (t) => failed(t, 'no access'));
    world.writer.changed(tracked, 'final');
    await settle();
    expect(written().map(([, code]) => code)).toEqual([
      '002',
      'inProgress',
      'finishedUnsuccessful',
    ]);
  });
});

describe('after an unclear outcome', () => {
  test.each([
    ['a time-out', timeout()],
    ["SciCat's 400 after storing", doubtful()],
  ])(
    '%s: reads, and does not write again what is stored (e-mails are sent once)',
    async (_, after) => {
      const tracked = running();
      world.jobs.faults.next('write', { after });
      world.writer.changed(tracked, 'needed');
      await world.clock.advance(HOUR);
      expect([written().length, world.jobs.faults.calls]).toEqual([1, ['write', 'read']]);
      expect(world.told).toEqual([`confirmed ${jobIdOf(1)} transferring`]);
    },
  );

  test('a state that is not stored is written until it is', async () => {
    const tracked = running();
    world.jobs.faults.always('write', { before: timeout() });
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(5 * HOUR);
    expect(written()).toEqual([]);
    world.jobs.faults.clear();
    await world.clock.advance(60_000);
    expect(written()).toEqual([[jobIdOf(1), '002', 0]]);
  });

  test('a job that could not be read either is read before the next write', async () => {
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

  test.each(['numbers', 'words'] as const)(
    'an end in %s is not written again after a change of scicat.statusCodes: its e-mail was sent',
    async (statusCodes) => {
      writeStatusCodesIn(statusCodes);
      const tracked = running();
      world.transfers.update(tracked, (t) => failed(t, 'no access'));
      world.jobs.faults.next('write', { after: timeout() });
      world.jobs.faults.next('read', { before: down() });
      world.writer.changed(tracked, 'final');
      await settle();
      writeStatusCodesIn(statusCodes === 'words' ? 'numbers' : 'words');
      await world.clock.advance(HOUR);
      expect([written().length, world.told.at(-1)]).toEqual([1, `confirmed ${jobIdOf(1)} failed`]);
    },
  );

  test('a string that SciCat masks counts as written', async () => {
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

  test('after a refused connection or login nothing is read: nothing was stored', async () => {
    const tracked = running();
    world.jobs.faults.next('write', { before: down() }, { before: accountRefused() });
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(60_000);
    expect(world.jobs.faults.calls).toEqual(['write', 'write', 'write']);
  });
});

describe('a job that can not be written', () => {
  test.each([
    ['after five refusals', 5, rejected(404)],
    ['at once if its dataset was deleted', 1, datasetDeleted()],
  ])('%s is parked, reported once and retried hourly, while others go on', async (...given) => {
    const [, expected, refusal] = given;
    const tracked = running(1);
    const write = world.jobs.write.bind(world.jobs);
    world.jobs.write = (jobId, view) =>
      world.jobs.withoutDataset.has(jobId)
        ? world.jobs.faults.run('write', () => {
            throw refusal;
          })
        : write(jobId, view);
    world.jobs.withoutDataset.add(jobIdOf(1));
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(10 * 60_000);
    expect(world.writer.parked).toBe(1);
    const tries = world.jobs.faults.count('write');
    expect(tries).toBe(expected);
    world.writer.changed(running(2), 'needed');
    await world.clock.advance(3 * HOUR);
    expect(world.jobs.faults.count('write') - tries).toBeGreaterThanOrEqual(3);
    expect(world.jobs.faults.count('write') - tries).toBeLessThanOrEqual(5);
    expect(written()).toEqual([[jobIdOf(2), '002', 0]]);
    expect(world.events.of('job-parked')).toEqual([
      { kind: 'job-parked', jobId: jobIdOf(1), reason: refusal.message },
    ]);
    world.jobs.withoutDataset.clear();
    await world.clock.advance(HOUR + 60_000);
    expect([world.writer.parked, written().length]).toEqual([0, 2]);
  });

  test('an outage does not count towards parking', async () => {
    const tracked = running();
    const outage = Array.from({ length: 8 }, () => ({ before: timeout() }));
    world.jobs.faults.next('write', ...outage, { before: rejected(404) });
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(10 * 60_000);
    expect([world.writer.parked, written().length]).toEqual([0, 1]);
  });

  test('a waiting caller gets the error soon, not in an hour', async () => {
    world.jobs.faults.always('write', { before: rejected(404) });
    const tracked = running(1);
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(10 * 60_000);
    expect(world.writer.parked).toBe(1);
    world.transfers.update(tracked, wanted(false));
    const waiting = fate(world.writer.confirmed(tracked));
    await world.clock.advance(60_000);
    expect(waiting.of).toBe(`rejected: ${rejected(404).message}`);
  });

  test('without its dataset: callers that come again and again cause no further writes', async () => {
    world.jobs.withoutDataset.add(jobIdOf(1));
    const tracked = running(1);
    for (let time = 0; time < 100; time += 1) {
      const waiting = fate(world.writer.confirmed(tracked));
      world.transfers.update(tracked, bytes(time));
      await world.clock.advance(1000);
      expect(waiting.of).toBe(`rejected: ${datasetDeleted().message}`);
    }
    expect(world.jobs.faults.count('write')).toBe(1);
    world.jobs.withoutDataset.clear();
    await world.clock.advance(HOUR);
    expect([world.writer.parked, written()]).toEqual([0, [[jobIdOf(1), '002', 99]]]);
  });

  test('without its dataset: the job is removed at once when its user wants that', async () => {
    world.jobs.withoutDataset.add(jobIdOf(1));
    const tracked = running(1);
    world.writer.changed(tracked, 'needed');
    await settle();
    expect(world.writer.parked).toBe(1);
    world.transfers.update(tracked, wanted(true));
    world.transfers.update(tracked, (t) => failed(t, 'ended'));
    world.writer.changed(tracked, 'final');
    await settle();
    expect([world.jobs.stored.size, world.told]).toEqual([0, [`confirmed ${jobIdOf(1)} failed`]]);
  });

  test('without its dataset: a removal that becomes due during the refused write is not put off', async () => {
    world.jobs.withoutDataset.add(jobIdOf(1));
    const gate = aGate();
    world.jobs.faults.next('write', { hold: gate.opened });
    const tracked = running(1);
    world.writer.changed(tracked, 'needed');
    await settle();
    world.transfers.update(tracked, wanted(true));
    world.transfers.update(tracked, (t) => failed(t, 'ended'));
    world.writer.changed(tracked, 'final');
    gate.open();
    await settle();
    expect(world.jobs.stored.size).toBe(0);
  });

  test('removed from SciCat: reported, and no longer written', async () => {
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

  test('the job of an ended transfer is removed, not written, if its user requested that', async () => {
    world.writer.changed(removing(), 'final');
    await settle();
    expect([world.jobs.stored.size, written()]).toEqual([0, []]);
    expect(world.told).toEqual([`confirmed ${jobIdOf(1)} failed`]);
  });

  test('with the answer lost: a missing job is a success', async () => {
    world.jobs.faults.next('remove', { after: timeout() });
    world.writer.changed(removing(), 'final');
    await world.clock.advance(60_000);
    expect([world.jobs.stored.size, world.told]).toEqual([0, [`confirmed ${jobIdOf(1)} failed`]]);
  });

  describe('that SciCat does not permit', () => {
    const forbidden = new ServiceAccountError('SciCat', 'No right to remove.', { status: 403 });

    test.each([
      ['403', forbidden],
      ['a refusal', rejected(409)],
    ])('(%s): the end is shown once, and the removal retried hourly', async (_what, before) => {
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

    test('of a job without its dataset, which can not show the end either: retried hourly', async () => {
      world.jobs.withoutDataset.add(jobIdOf(1));
      world.jobs.faults.always('remove', { before: forbidden });
      world.writer.changed(removing(), 'final');
      await world.clock.advance(10 * 60_000);
      const tries = world.jobs.faults.count('remove');
      await world.clock.advance(5 * HOUR);
      expect([world.writer.parked, world.jobs.faults.count('remove') - tries]).toEqual([1, 5]);
    });

    test('shows the end as soon as it can be written', async () => {
      world.jobs.faults.always('remove', { before: forbidden });
      world.jobs.faults.next('write', { before: timeout() }, { before: down() });
      world.writer.changed(removing(), 'final');
      await world.clock.advance(10 * 60_000);
      expect(written()).toEqual([[jobIdOf(1), '998', 0]]);
    });

    test('waits for an account that can not log in: nothing was refused', async () => {
      world.jobs.faults.next('remove', { before: accountRefused() });
      world.writer.changed(removing(), 'final');
      await world.clock.advance(60_000);
      expect([written(), world.jobs.stored.size]).toEqual([[], 0]);
    });
  });

  test('is retried until the job is gone', async () => {
    world.jobs.faults.next('remove', { before: timeout() }, { before: down() });
    world.writer.changed(removing(), 'final');
    await world.clock.advance(60_000);
    expect(world.jobs.stored.size).toBe(0);
  });
});

describe('confirmed()', () => {
  test('resolves at once if SciCat shows the state', async () => {
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

  test('rejects with the failure, and the write is retried regardless', async () => {
    const tracked = running();
    world.transfers.update(tracked, wanted(false));
    world.jobs.faults.next('write', { before: down() });
    const waiting = fate(world.writer.confirmed(tracked));
    await settle();
    expect(waiting.of).toBe(`rejected: ${down().message}`);
    await world.clock.advance(60_000);
    expect(written().length).toBe(1);
  });

  test('rejects when the transfer is no longer tracked', async () => {
    const tracked = running();
    const gate = aGate();
    world.jobs.faults.next('write', { hold: gate.opened });
    const waiting = fate(world.writer.confirmed(tracked));
    world.writer.forget(tracked);
    gate.open();
    await settle();
    expect(waiting.of).toMatch(/^rejected: /);
  });

  test('rejects with "no such transfer" when the job was removed meanwhile', async () => {
    const tracked = running();
    world.jobs.stored.clear();
    await expect(world.writer.confirmed(tracked)).rejects.toThrow(JobNotFoundError);
  });
});

describe('stop()', () => {
  test('writes what is due, then nothing more', async () => {
    const tracked = world.track(aTransfer());
    world.writer.changed(tracked, 'needed');
    const stopped = fate(world.writer.stop(world.clock.monotonicMs() + 10_000));
    await world.clock.advance(1000);
    expect([stopped.of, written().length]).toEqual(['resolved', 1]);
    world.transfers.update(tracked, wanted(false));
    world.writer.changed(tracked, 'needed');
    await world.clock.advance(HOUR);
    expect(written().length).toBe(1);
  });

  test('rejects callers that are waiting, and those that come later', async () => {
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
