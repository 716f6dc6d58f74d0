import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import { UpstreamTimeoutError, UpstreamUnavailableError } from '../errors/upstream.errors.js';
import {
  type HttpRequest,
  type HttpResponse,
  TransportError,
  type TransportFailure,
} from '../ports/http-transport.port.js';
import { type ObservedCall, type UpstreamCall, UpstreamCaller } from './upstream-caller.js';

type Step = TransportFailure | HttpResponse;

const answer = (
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse => ({ status, headers, body });

/** A caller whose network plays the steps one after the other, the last one for ever. */
function calling(steps: readonly Step[], options: { chance?: number; takesMs?: number } = {}) {
  const clock = new VirtualClock();
  const sent: HttpRequest[] = [];
  const sentAt: number[] = [];
  const observed: ObservedCall[] = [];
  const caller = new UpstreamCaller({
    upstream: 'Globus',
    clock,
    random: () => options.chance ?? 1,
    observe: (call) => observed.push(call),
    transport: {
      send: async (request) => {
        sentAt.push(clock.monotonicMs());
        sent.push(request);
        const step = steps[Math.min(sent.length, steps.length) - 1];
        if (step === undefined) throw new Error('No step was scripted.');
        await clock.sleep(step === 'timeout' ? request.timeoutMs : (options.takesMs ?? 0));
        if (typeof step === 'string') throw new TransportError(step, `It was ${step}.`);
        return step;
      },
    },
  });
  const run = async (call: Partial<UpstreamCall> = {}): Promise<unknown> => {
    const result = caller
      .call({
        operation: 'list tasks',
        safety: 'safe',
        method: 'GET',
        url: 'https://globus.example/x?secret=query',
        headers: { Authorization: 'Bearer secret-token' },
        ...call,
      })
      .catch((error: unknown) => error);
    await clock.advance(3_600_000);
    return result;
  };
  return { run, sent, sentAt, observed, clock, caller };
}

describe('UpstreamCaller', () => {
  it('hands the request on, and the answer back', async () => {
    const { run, sent, observed } = calling([answer(418, { a: 1 })]);
    expect(
      await run({ method: 'POST', safety: 'idempotent', json: { b: 2 }, timeoutMs: 9 }),
    ).toEqual({ status: 418, headers: {}, body: { a: 1 }, earlierAttemptUnclear: false });
    expect(sent).toEqual([
      {
        method: 'POST',
        url: 'https://globus.example/x?secret=query',
        headers: {
          Accept: 'application/json',
          'Content-Type': 'application/json',
          Authorization: 'Bearer secret-token',
        },
        body: '{"b":2}',
        timeoutMs: 9,
        signal: undefined,
        freshConnection: false,
      },
    ]);
    expect(observed).toEqual([
      { upstream: 'Globus', operation: 'list tasks', outcome: '418', attempts: 1, durationMs: 0 },
    ]);
  });

  it('sends an encoded body as it is', async () => {
    const { run, sent } = calling([answer(200)]);
    await run({ method: 'POST', body: { contentType: 'text/x', body: 'b' } });
    expect(sent.map(({ headers, body }) => [headers['Content-Type'], body])).toEqual([
      ['text/x', 'b'],
    ]);
  });

  it.each([429, 500, 502, 503, 504])(
    'retries after status %i with pauses that double, and returns the last answer',
    async (status) => {
      const { run, sentAt } = calling([answer(status, 'trouble')]);
      expect(await run()).toEqual({
        ...answer(status, 'trouble'),
        earlierAttemptUnclear: status !== 429,
      });
      expect(sentAt).toEqual([0, 500, 1500, 3500]);
    },
  );

  it.each([200, 301, 400, 401, 403, 404, 409, 501])(
    'does not retry after status %i',
    async (status) => {
      const { run, sent } = calling([answer(status)]);
      await run();
      expect(sent).toHaveLength(1);
    },
  );

  it('pauses anywhere between nothing and the bound, so that callers spread out', async () => {
    const { run, sentAt } = calling([answer(503)], { chance: 0.5 });
    await run();
    expect(sentAt).toEqual([0, 250, 750, 1750]);
  });

  it('heals: a trouble that ends is not seen, but an unclear attempt is told of', async () => {
    const { run, observed } = calling(['lost', 'timeout', answer(200)]);
    expect(await run({ safety: 'idempotent' })).toEqual({
      ...answer(200),
      earlierAttemptUnclear: true,
    });
    expect(observed).toEqual([
      {
        upstream: 'Globus',
        operation: 'list tasks',
        outcome: '200',
        attempts: 3,
        durationMs: 500 + 15_000 + 1_000,
      },
    ]);
  });

  it('honours Retry-After in seconds and as a date', async () => {
    const seconds = calling([answer(503, '', { 'retry-after': '7' }), answer(200)]);
    await seconds.run();
    expect(seconds.sentAt).toEqual([0, 7_000]);
    const date = calling([
      answer(429, '', { 'retry-after': 'Thu, 01 Jan 2026 00:00:04 GMT' }),
      answer(200),
    ]);
    await date.run();
    expect(date.sentAt).toEqual([0, 4_000]);
  });

  it('does not hold its caller for a long Retry-After: the answer goes back', async () => {
    const { run, sentAt } = calling([answer(429, 'slow', { 'retry-after': '11' })]);
    expect(await run()).toEqual({
      ...answer(429, 'slow', { 'retry-after': '11' }),
      earlierAttemptUnclear: false,
    });
    expect(sentAt).toEqual([0]);
  });

  it('retries what must happen once only where it certainly did not happen', async () => {
    const once = { safety: 'once', method: 'POST' } as const;
    for (const [step, sends] of [
      ['not-sent', 4],
      [answer(429), 4],
      ['lost', 1],
      ['too-large', 1],
      ['timeout', 1],
      [answer(500), 1],
      [answer(503), 1],
    ] as const) {
      const { run, sent } = calling([step]);
      await run(once);
      expect([step, sent.length]).toEqual([step, sends]);
      expect(sent.every((request) => request.freshConnection === true)).toBe(true);
    }
  });

  it('stays inside its deadline, and cuts the last attempt to what is left', async () => {
    const { run, sent, observed } = calling(['timeout']);
    expect(await run({ timeoutMs: 12_000 })).toBeInstanceOf(UpstreamTimeoutError);
    expect(sent.map((request) => request.timeoutMs)).toEqual([12_000, 12_000, 4_500]);
    expect(observed[0]?.durationMs).toBe(30_000);
  });

  it('an attempt may last longer than the usual deadline, and is then the only one', async () => {
    const { run, sent } = calling(['timeout']);
    await run({ timeoutMs: 120_000 });
    expect(sent.map((request) => request.timeoutMs)).toEqual([120_000]);
  });

  it('says in words what failed, and never to whom, with what token', async () => {
    const { run } = calling(['timeout']);
    const error = await run({ maxAttempts: 2 });
    expect(error).toBeInstanceOf(UpstreamTimeoutError);
    expect((error as Error).message).toBe(
      'Globus did not answer in time (list tasks, 2 attempts). Please try again in a few minutes.',
    );
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/secret|globus\.example/);
  });

  it.each<[readonly Step[], boolean]>([
    [['not-sent'], false],
    [['lost'], true],
    [['lost', 'not-sent'], true],
    [[answer(502), 'not-sent'], true],
    [[answer(429), 'not-sent'], false],
  ])('after %j it is unclear whether the call was carried out: %s', async (steps, unclear) => {
    const { run } = calling(steps);
    const error = await run({ safety: 'idempotent' });
    expect(error).toBeInstanceOf(UpstreamUnavailableError);
    expect((error as UpstreamUnavailableError).outcomeUnclear).toBe(unclear);
  });

  it('does not retry when the call says that this is futile', async () => {
    const { run, sent } = calling([answer(502, { code: 'ExternalError.X' })]);
    await run({ retryIsFutile: ({ status }) => status === 502 });
    expect(sent).toHaveLength(1);
  });

  it("ends with the signal's own reason: before, during and between attempts", async () => {
    const why = new Error('The service is stopping.');
    const before = calling([answer(200)]);
    expect(await before.run({ signal: AbortSignal.abort(why) })).toBe(why);
    expect(before.sent).toHaveLength(0);

    const between = calling([answer(503)]);
    const controller = new AbortController();
    const result = between.run({ signal: controller.signal });
    controller.abort(why);
    expect(await result).toBe(why);
    expect(between.sent).toHaveLength(1);

    const during = new AbortController();
    const { run, observed } = calling(['aborted'], { takesMs: 100 });
    const ending = run({ signal: during.signal });
    during.abort(why);
    expect(await ending).toBe(why);
    expect(observed).toEqual([
      {
        upstream: 'Globus',
        operation: 'list tasks',
        outcome: 'aborted',
        attempts: 1,
        durationMs: 100,
      },
    ]);
  });
});
