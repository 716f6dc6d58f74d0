import { describe, expect, it } from '@jest/globals';
import { down, rejected } from '../../test/support/upstream-failures.js';
import { broken, type Check, type Finding, ok, unclear, type Verdict } from './check.js';
import { runChecks } from './run-checks.js';

type Run = Check['run'];

const check = (name: string, run: Run | Verdict, needs: readonly Check[] = []): Check => ({
  check: name,
  subject: 'it',
  needs,
  run: typeof run === 'function' ? run : () => Promise.resolve(run),
});

/** Runs with time-outs that a test lets pass. */
function running(checks: readonly Check[]) {
  const timers: { readonly ms: number; readonly over: AbortController }[] = [];
  const interrupt = new AbortController();
  const findings: Finding[] = [];
  const done = (async () => {
    for await (const finding of runChecks(checks, {
      timeoutMs: 5_000,
      interrupted: interrupt.signal,
      after: (ms) => {
        const over = new AbortController();
        timers.push({ ms, over });
        return over.signal;
      },
    })) {
      findings.push(finding);
    }
  })();
  return { timers, interrupt, findings, done };
}

/** Waits for an abort, as every call over the network does. */
const hang: Run = (signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

const named = (findings: readonly Finding[]) =>
  findings.map(({ check: name, outcome }) => [name, outcome]);

describe('running checks', () => {
  it('reports each, and skips those that need one that failed or was skipped', async () => {
    const first = check('first', broken('It is not.', 'Make it.'));
    const second = check('second', ok('Never.'), [first]);
    const run = running([
      first,
      second,
      check('third', ok('Never.'), [second]),
      check('fourth', unclear('Who knows.')),
    ]);
    await run.done;
    const skipped = (name: string, because: string): Finding => ({
      check: name,
      subject: 'it',
      outcome: 'skipped',
      message: `Skipped, because "${because}" failed for it.`,
      advice: '',
    });
    expect(run.findings).toEqual([
      { ...broken('It is not.', 'Make it.'), check: 'first', subject: 'it' },
      skipped('second', 'first'),
      skipped('third', 'second'),
      { ...unclear('Who knows.'), check: 'fourth', subject: 'it' },
    ]);
  });

  it('continues after an unclear result', async () => {
    const first = check('first', unclear('Who knows.'));
    const run = running([first, check('second', ok('Fine.'), [first])]);
    await run.done;
    expect(named(run.findings)).toEqual([
      ['first', 'unclear'],
      ['second', 'ok'],
    ]);
  });

  it('ends a check at its time limit, and starts the next one', async () => {
    const run = running([check('slow', hang), check('next', ok('Fine.'))]);
    run.timers[0]?.over.abort(new Error('time is over'));
    await run.done;
    expect(run.findings[0]).toEqual({
      check: 'slow',
      subject: 'it',
      outcome: 'broken',
      message: 'Timed out after 5 s.',
      advice: 'Try again, or raise --timeout.',
    });
    expect(named(run.findings)).toEqual([
      ['slow', 'broken'],
      ['next', 'ok'],
    ]);
  });

  it('abandons a check that ignores its signal some time after its time limit', async () => {
    const deaf = check('deaf', () => new Promise<Verdict>(() => undefined));
    const run = running([deaf]);
    run.timers[0]?.over.abort(new Error('time is over'));
    expect(run.timers.map(({ ms }) => ms)).toEqual([5_000, 20_000]);
    run.timers[1]?.over.abort();
    await run.done;
    expect(named(run.findings)).toEqual([['deaf', 'broken']]);
  });

  it('ends the current check on Ctrl-C, and starts no other', async () => {
    const run = running([check('slow', hang), check('next', ok('Never.'))]);
    run.interrupt.abort(new Error('Ctrl-C'));
    await run.done;
    expect(run.findings).toEqual([]);
  });

  it('lets a check report what it has left behind after Ctrl-C', async () => {
    const tidy: Run = async (signal) => {
      await hang(signal).catch(() => undefined);
      return broken('A job is left.', 'Delete it.');
    };
    const run = running([check('tidy', tidy), check('next', ok('Never.'))]);
    run.interrupt.abort(new Error('Ctrl-C'));
    await run.done;
    expect(run.findings.map(({ message }) => message)).toEqual(['A job is left.']);
  });

  it.each([
    [down(), "SciCat can't be reached."],
    [rejected(418, 'Globus'), 'Globus returned status 418.'],
  ])('uses a general message for failures without a special one: %s', async (error, said) => {
    const run = running([check('failing', () => Promise.reject(error))]);
    await run.done;
    expect(run.findings.map(({ outcome, message }) => [outcome, message])).toEqual([
      ['broken', said],
    ]);
  });

  it('does not hide a programming error', async () => {
    const run = running([check('wrong', () => Promise.reject(new TypeError('our mistake')))]);
    await expect(run.done).rejects.toThrow('our mistake');
  });
});
