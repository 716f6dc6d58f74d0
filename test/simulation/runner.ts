import { expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulate, type RunResult } from './simulation.js';

/** One in so many runs is carried out twice, and both must go the same way, line by line. */
const TWICE_EVERY = 20;

/** Runs by default, in both halves together. */
const SMALL_RUNS = 2000;
const LARGE_RUNS = 20;
const LARGE = 300;
const LIMIT_MS = 20 * 60_000;

/** A run that is to be carried out. */
interface Wanted {
  readonly seed: number;
  readonly transfers: number;
}

/**
 * Declares the tests of every second seed, so that two workers share them. `SIM_SEED` is the first
 * seed (default 1), `SIM_RUNS` how many there are, `SIM_TRANSFERS` how many transfers each has
 * (default: from 5 to 30, and some runs with 300).
 *
 * @param half 0 for the even seeds, 1 for the odd ones
 */
export function simulateHalf(half: 0 | 1): void {
  const first = numberOf('SIM_SEED') ?? 1;
  const runs = numberOf('SIM_RUNS');
  const transfers = numberOf('SIM_TRANSFERS');
  const small = seeds(first, runs ?? SMALL_RUNS, half, (seed) => transfers ?? 5 + (seed % 26));
  // A whole range is asked for by hand: nothing but that.
  const byHand = runs !== undefined || transfers !== undefined;
  const large = byHand ? [] : seeds(first, LARGE_RUNS, half, () => LARGE);
  test.each([
    ['of a few transfers', small],
    [`of ${LARGE} transfers`, large],
  ] as const)(
    'whatever fails, what was promised is kept: runs %s',
    async (_name, wanted) => {
      expect(await simulateAll(wanted)).toBe('');
    },
    LIMIT_MS,
  );
}

function seeds(
  first: number,
  count: number,
  half: 0 | 1,
  transfersOf: (seed: number) => number,
): readonly Wanted[] {
  return Array.from({ length: count }, (_, index) => first + index)
    .filter((seed) => seed % 2 === half)
    .map((seed) => ({ seed, transfers: transfersOf(seed) }));
}

function numberOf(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Error(`${name} must be a whole number from 0, not "${text}".`);
  }
  return value;
}

/**
 * Runs simulations and says what went wrong in the first that failed, with the command that repeats
 * it and the file that holds its course.
 *
 * @returns an empty text when all went well
 */
async function simulateAll(runs: readonly Wanted[]): Promise<string> {
  // Most errors here are part of the plan; their stacks cost more than all else.
  Error.stackTraceLimit = 0;
  for (const { seed, transfers } of runs) {
    const result = await simulate(seed, transfers);
    const failure =
      result.violations.length > 0
        ? report(result)
        : seed % TWICE_EVERY === 0
          ? differenceBetween(result, await simulate(seed, transfers))
          : '';
    if (failure !== '') return failure;
    // Without a turn of the event loop no time-out of the test runner could ever fire.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return '';
}

function differenceBetween(first: RunResult, second: RunResult): string {
  const at = first.trace.findIndex((line, index) => line !== second.trace[index]);
  if (at < 0 && first.trace.length === second.trace.length) return '';
  const line = at < 0 ? first.trace.length : at;
  return [
    `Run ${first.plan.seed} went differently the second time, from line ${line + 1} on:`,
    `  ${first.trace[line] ?? '(end)'}`,
    `  ${second.trace[line] ?? '(end)'}`,
    howToRepeat(first),
  ].join('\n');
}

function report(result: RunResult): string {
  const { plan, violations, trace } = result;
  const file = join(mkdtempSync(join(tmpdir(), 'simulation-')), `seed-${plan.seed}.txt`);
  writeFileSync(file, `${JSON.stringify(plan, undefined, 2)}\n${trace.join('\n')}\n`);
  return [
    `Run ${plan.seed} with ${plan.transfers} transfers broke promises:`,
    ...violations.slice(0, 10).map((violation) => `  - ${violation}`),
    `Its course: ${file}`,
    howToRepeat(result),
  ].join('\n');
}

function howToRepeat({ plan }: RunResult): string {
  return `Again: SIM_SEED=${plan.seed} SIM_RUNS=1 SIM_TRANSFERS=${plan.transfers} npm run jest -- --selectProjects simulation --testPathPatterns ${plan.seed % 2 === 0 ? 'even' : 'odd'}-seeds`;
}
