import { expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulate, type RunResult } from './simulation.js';

/**
 * One run in twenty, of the small and of the large ones, is carried out twice and must go the same
 * way, line by line.
 */
const runsTwice = ({ seed, transfers }: Wanted): boolean =>
  transfers === LARGE ? seed % 20 === 0 : seed % 40 === 0 || seed % 40 === 21;

/** Runs by default, in both halves together. */
const SMALL_RUNS = 2000;
/** Of so many small runs there is one large one. */
const SMALL_PER_LARGE = 100;
const LARGE = 300;
/** Unless a number was asked for, a slow machine begins no more runs after this. */
const BUDGET_MS = { small: 8_000, large: 4_000 };
const LIMIT_MS = 12 * 60 * 60_000;

/** A run that is to be carried out. */
interface Wanted {
  readonly seed: number;
  readonly transfers: number;
}

/**
 * Declares the tests of every second seed, so that two workers share them. `SIM_SEED` is the first
 * seed (default 1), `SIM_RUNS` how many there are, however long it takes (default: 2,000, as far as
 * they go in about 12 seconds), `SIM_TRANSFERS` how many transfers each has (default: from 5 to 30,
 * and with every hundred such runs one with 300).
 *
 * @param half 0 for the even seeds, 1 for the odd ones
 */
export function simulateHalf(half: 0 | 1): void {
  const first = numberOf('SIM_SEED') ?? 1;
  const runs = numberOf('SIM_RUNS');
  const transfers = numberOf('SIM_TRANSFERS');
  const count = runs ?? SMALL_RUNS;
  const small = seeds(first, count, half, (seed) => transfers ?? fewOf(seed));
  const largeCount = transfers === undefined ? Math.floor(count / SMALL_PER_LARGE) : 0;
  const large = seeds(first, largeCount, half, () => LARGE);
  const budget = runs === undefined ? BUDGET_MS : { small: Infinity, large: Infinity };
  test.each([
    ['of a few transfers', small, budget.small],
    [`of ${LARGE} transfers`, large, budget.large],
  ] as const)(
    'whatever fails, what was promised is kept: runs %s',
    async (name, wanted, budgetMs) => {
      const { failure, done } = await simulateAll(wanted, budgetMs);
      process.stdout.write(`simulation: ${done} of ${wanted.length} runs ${name}\n`);
      expect(failure).toBe('');
    },
    LIMIT_MS,
  );
}

/** From 5 to 30, and more often few. */
function fewOf(seed: number): number {
  return 5 + Math.floor(26 * ((seed * 0.618034) % 1) ** 2);
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
 * Runs simulations until one fails. `failure` says what went wrong, with the command that repeats it
 * and the file that holds its course; it is empty when all went well.
 */
async function simulateAll(
  runs: readonly Wanted[],
  budgetMs: number,
): Promise<{ readonly failure: string; readonly done: number }> {
  // Most errors here are part of the plan; their stacks cost more than all else.
  Error.stackTraceLimit = 0;
  const started = performance.now();
  let done = 0;
  for (const wanted of runs) {
    const { seed, transfers } = wanted;
    const result = await simulate(seed, transfers);
    done += 1;
    const failure =
      result.violations.length > 0
        ? report(result)
        : runsTwice(wanted)
          ? differenceBetween(result, await simulate(seed, transfers))
          : '';
    if (failure !== '') return { failure, done };
    if (performance.now() - started > budgetMs) break;
    // Without a turn of the event loop no time-out of the test runner could ever fire.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { failure: '', done };
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
