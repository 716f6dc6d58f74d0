import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import type { CrashPoint } from './crash-gate.js';
import { CrashMatrix, type CrashRow, inPool } from './crash-matrix.js';
import { LIVES } from './lives.js';

/**
 * The process is killed before and after each upstream call, and started again. What a user would
 * lose if this failed: a transfer that was promised, or the truth about it; or there would be two
 * copies, or two tapes.
 *
 * One point in nine is tried, which leaves some of each life. CRASH_EVERY=3 tries one in three, as
 * `.ci/run` does, and CRASH_EVERY=1 all of them, in further lives too. An even number would only try
 * crashes before a call. CRASH_ROWS=FILE has what came of each written to a file, as JSON (see
 * scripts/crash-matrix.mjs).
 */
const EVERY = Number(process.env['CRASH_EVERY'] ?? 9);
const FULL = EVERY === 1;
const AT_ONCE = 3;
const TRIED = LIVES.filter(({ onlyInFull }) => FULL || onlyInFull !== true);

describe('killed at any moment', () => {
  const matrix = new CrashMatrix();
  let rows: readonly CrashRow[] = [];

  beforeAll(async () => {
    const calls = await inPool(AT_ONCE, TRIED, (life) => matrix.callsOf(life));
    const points = TRIED.flatMap((life, number) =>
      (calls[number] ?? []).flatMap((call): { life: typeof life; point: CrashPoint }[] => [
        { life, point: { call, when: 'before' } },
        { life, point: { call, when: 'after' } },
      ]),
    ).filter((_, position) => position % EVERY === 0);
    rows = await inPool(AT_ONCE, points, ({ life, point }) => matrix.crashAt(life, point));
    const file = process.env['CRASH_ROWS'];
    if (file !== undefined) await writeFile(file, JSON.stringify(rows));
  }, 15 * 60_000);

  afterAll(async () => {
    await matrix.close();
  }, 30_000);

  it.each(TRIED)('$title: nothing is lost, doubled or left open', ({ title }) => {
    const own = rows.filter(({ life }) => life === title);
    const bad = own
      .filter(({ broken }) => broken.length > 0)
      .map(({ call, when, told, broken }) =>
        [`${when} ${call.name} #${call.occurrence}, told ${told}:`, ...broken].join('\n  '),
      );
    expect(bad).toEqual([]);
    expect(own.length).toBeGreaterThan(1);
  });
});
