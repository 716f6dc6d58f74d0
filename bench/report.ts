import { cpus } from 'node:os';
import type { Figure, Unit } from './support/figures.js';
import { inWords } from './support/run.js';
import type { Spread } from './support/statistics.js';
import type { Judgement } from './targets.js';

/** What a run came to, as it is kept in a file. */
export interface Results {
  /** ISO 8601 */
  readonly at: string;
  readonly machine: {
    readonly cores: number;
    readonly processor: string;
    readonly platform: string;
    readonly node: string;
  };
  readonly repetitions: number;
  readonly figures: readonly Figure[];
  readonly targets: readonly {
    readonly figure: string;
    readonly latency: Figure['latency'];
    readonly of: string;
    readonly atMost: number;
    readonly measured: number;
    readonly met: boolean;
  }[];
}

export function resultsOf(
  figures: readonly Figure[],
  judgements: readonly Judgement[],
  repetitions: number,
): Results {
  return {
    at: new Date().toISOString(),
    machine: {
      cores: cpus().length,
      processor: cpus()[0]?.model ?? 'unknown',
      platform: process.platform,
      node: process.version,
    },
    repetitions,
    figures,
    targets: judgements.map(({ figure, target, measured, met }) => ({
      figure: target.figure,
      latency: figure.latency,
      of: target.of,
      atMost: target.atMost,
      measured,
      met,
    })),
  };
}

const HEADINGS = ['', 'at', 'proxy', 'beside it', 'ratio', 'target'] as const;

/** All figures as lines of text, each with its target if it has one. */
export function tableOf(
  figures: readonly Figure[],
  judgements: readonly Judgement[],
): readonly string[] {
  const rows = figures.map((figure) => [
    figure.what,
    inWords(figure.latency),
    `${spread(figure.proxy, figure.unit)} ${figure.unit}`,
    figure.baseline === undefined
      ? ''
      : `${spread(figure.baseline.spread, figure.unit)} (${figure.baseline.name})`,
    figure.ratio === undefined ? '' : `${spread(figure.ratio, '×')} ×`,
    judgements
      .filter((judgement) => judgement.figure === figure)
      .map(
        ({ target, met }) =>
          `${met ? '✓' : '✗'} ≤ ${target.atMost}${target.of === 'ratio' ? ' ×' : ''}`,
      )
      .join(', '),
  ]);
  return aligned([[...HEADINGS], ...rows]);
}

/** A sentence for each target that was missed. */
export function missesOf(judgements: readonly Judgement[]): readonly string[] {
  return judgements
    .filter(({ met }) => !met)
    .map(({ figure, target, measured }) => {
      const unit = target.of === 'ratio' ? '×' : figure.unit;
      const beside = target.of === 'ratio' ? ` ${figure.baseline?.name ?? ''}` : '';
      return `${figure.what.trim()} (at ${inWords(figure.latency)}): ${short(measured, unit)} ${unit}${beside}, at most ${target.atMost} wanted`;
    });
}

function spread({ median, min, max }: Spread, unit: Unit): string {
  const middle = short(median, unit);
  return min === max ? middle : `${middle} (${short(min, unit)}–${short(max, unit)})`;
}

function short(value: number, unit: Unit): string {
  if (unit === '×') return value.toFixed(2);
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
