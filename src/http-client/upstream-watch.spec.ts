import { beforeEach, describe, expect, test } from '@jest/globals';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import { createLogger } from '../logging/logger.js';
import { type TransportFailure, TransportError } from '../ports/http-transport.port.js';
import type { ObservedAttempt } from './upstream-caller.js';
import { UpstreamWatch } from './upstream-watch.js';

let clock: VirtualClock;
let lines: Record<string, unknown>[];
let watch: UpstreamWatch;
beforeEach(() => {
  clock = new VirtualClock();
  lines = [];
  const log = createLogger('trace', {
    write: (line: string) => {
      lines.push({ ...(JSON.parse(line) as Record<string, unknown>), time: undefined });
    },
  });
  watch = new UpstreamWatch(log, clock);
});

const call = { upstream: 'Globus', operation: 'list tasks' } as const;
const answered = (status: number, isLast = true): ObservedAttempt => ({
  ...call,
  result: { kind: 'answer', response: { status, headers: {}, body: undefined } },
  isLast,
});
const failed = (
  code: string,
  failure: TransportFailure = 'not-sent',
  isLast = false,
): ObservedAttempt => ({
  ...call,
  result: {
    kind: 'failure',
    error: new TransportError(failure, `The server could not be reached (${code}).`),
  },
  isLast,
});
const UNAVAILABLE = {
  level: 'warn',
  ...call,
  reason: 'The server could not be reached (ENOTFOUND).',
  msg: 'upstream unavailable',
};

describe('why Globus is not reached', () => {
  test('is in the log at the first attempt, once, and so is the end', () => {
    watch.listen(failed('ENOTFOUND'));
    expect(lines).toEqual([UNAVAILABLE]);
    for (let times = 0; times < 5; times += 1) watch.listen(failed('ENOTFOUND'));
    expect(lines).toHaveLength(1);
    expect([watch.troubleWith('Globus'), watch.troubleWith('SciCat')]).toEqual([
      UNAVAILABLE.reason,
      undefined,
    ]);
    expect([...watch.reachable()]).toEqual([['Globus', false]]);
    watch.listen(answered(404));
    expect(lines.slice(1)).toEqual([
      { level: 'info', upstream: 'Globus', seconds: 0, msg: 'upstream available again' },
    ]);
    expect([...watch.reachable()]).toEqual([['Globus', true]]);
  });

  test('is logged again when the reason changes, and when SciCat is concerned', () => {
    watch.listen(failed('ENOTFOUND'));
    watch.listen(failed('SELF_SIGNED_CERT_IN_CHAIN'));
    watch.listen({ ...failed('ENOTFOUND'), upstream: 'SciCat' });
    expect(lines.map(({ upstream }) => upstream)).toEqual(['Globus', 'Globus', 'SciCat']);
  });

  test('includes a status that a call ends with', () => {
    watch.listen(answered(502, false));
    expect(lines).toEqual([]);
    watch.listen(answered(502));
    expect(lines).toMatchObject([{ reason: 'It answered with status 502.' }]);
  });

  test('is not one lost connection, which is retried, nor a caller who gave up', () => {
    watch.listen(failed('ECONNRESET', 'lost'));
    watch.listen(failed('x', 'aborted', true));
    expect([lines, [...watch.reachable()]]).toEqual([[], []]);
    watch.listen(failed('ECONNRESET', 'lost', true));
    expect(lines).toHaveLength(1);
  });

  test('does not flood the log of a service that goes up and down', async () => {
    const flap = (): void => {
      for (let times = 0; times < 100; times += 1) {
        watch.listen(failed('ECONNREFUSED'));
        watch.listen(answered(200));
      }
    };
    flap();
    expect(lines).toHaveLength(2);
    await clock.advance(61_000);
    flap();
    expect(lines).toHaveLength(4);
  });
});
