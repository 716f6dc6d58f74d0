import { describe, expect, it } from '@jest/globals';
import { ATTACK_NAMES } from './support/attacks.js';
import { compared, figure } from './support/figures.js';
import { NO_LATENCY } from './support/run.js';
import { judge, type Target } from './targets.js';

const LATENCY = { scicatMs: 50, globusMs: 80 };

const target = (parts: Partial<Target> = {}): Target => ({
  figure: 'a',
  of: 'value',
  by: 'median',
  atMost: 2,
  ...parts,
});

describe('judge', () => {
  it.each<[Target['by'], readonly number[], number, boolean]>([
    ['median', [1, 2, 9], 2, true],
    ['median', [1, 2.1, 9], 2.1, false],
    ['worst', [1, 1, 2], 2, true],
    ['worst', [1, 1, 3], 3, false],
  ])('judges the %s of %j by %d', (by, values, measured, met) => {
    const own = figure('a', 'A', 'ms', LATENCY, values);
    const wanted = target({ by });
    expect(judge([own], [wanted])).toEqual([{ figure: own, target: wanted, measured, met }]);
  });

  it('judges a ratio by the middle of the ratios', () => {
    const values = [10, 20, 90];
    const own = compared(figure('a', 'A', 'ms', LATENCY, values), values, 'floor', [10, 10, 10]);
    expect(judge([own], [target({ of: 'ratio' })])).toMatchObject([{ measured: 2, met: true }]);
  });

  it('takes a ratio that was not measured for a miss', () => {
    const own = figure('a', 'A', 'ms', LATENCY, [1]);
    expect(judge([own], [target({ of: 'ratio' })])).toMatchObject([{ met: false }]);
  });

  it('holds a figure to what counts at its latency, and passes over what was not measured', () => {
    const figures = [figure('a', 'A', 'ms', LATENCY, [1]), figure('a', 'A', 'ms', NO_LATENCY, [1])];
    const count = (parts: Partial<Target>) => judge(figures, [target(parts)]).length;
    expect([
      count({}),
      count({ at: 'latency' }),
      count({ at: 'no latency' }),
      count({ figure: 'b' }),
    ]).toEqual([2, 1, 1, 0]);
  });
});

describe.each(ATTACK_NAMES)('the attack "%s"', (name) => {
  const met = (part: string, value: number) =>
    judge([figure(`hostile/${name}/${part}`, 'A', 'ms', LATENCY, [value])]).map(
      (judgement) => judgement.met,
    );

  it.each([
    ['errors', 0, 1],
    ['polls', 2, 3],
    ['p99', 1000, 1001],
    ['ending', 3000, 3001],
    ['peak', 512, Infinity],
  ])('may come to %s of %d, not of %d', (part, fine, tooMuch) => {
    expect([met(part, fine), met(part, tooMuch)]).toEqual([[true], [false]]);
  });
});
