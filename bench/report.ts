import { cpus } from 'node:os';
import type { Figure, Unit } from './support/figures.js';
import { inWords } from './support/run.js';
import type { Spread } from './support/statistics.js';
import type { Judgement } from './targets.js';

/** The results of a run, as stored in a file. */
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

const HEADINGS: readonly string[] = ['', 'at', 'proxy', 'beside it', 'ratio', 'target'];

/** All figures as lines of text, each with its target if it has one. */
export function tableOf(
  figures: readonly Figure[],
  judgements: readonly Judgement[],
): readonly string[] {
  const rows = figures.map((figure) => cellsOf(figure, judgements));
  return aligned([HEADINGS, ...rows]).map((cells) => cells.join('  ').trimEnd());
}

/** The figures that have a target, and those beside the Go version, as a table in Markdown. */
export function markdownOf(
  figures: readonly Figure[],
  judgements: readonly Judgement[],
): readonly string[] {
  const judged = new Set(judgements.map(({ figure }) => figure));
  const wanted = figures.filter(
    (figure) => judged.has(figure) || figure.baseline?.name === 'Go version',
  );
  const rows = wanted.map((figure) => cellsOf(figure, judgements));
  const rule = HEADINGS.map(() => '---');
  return aligned([HEADINGS, rule, ...rows]).map((cells) => `| ${cells.join(' | ')} |`);
}

function cellsOf(figure: Figure, judgements: readonly Judgement[]): readonly string[] {
  const { what, latency, proxy, unit, baseline, ratio } = figure;
  return [
    what,
    inWords(latency),
    `${spread(proxy, unit)} ${unit}`,
    baseline === undefined ? '' : `${spread(baseline.spread, unit)} (${baseline.name})`,
    ratio === undefined ? '' : `${spread(ratio, '×')} ×`,
    judgements
      .filter((judgement) => judgement.figure === figure)
      .map(({ target, met }) => {
        const unitOfTarget = target.of === 'ratio' ? '×' : unit;
        return `${met ? '✓' : '✗'} ≤ ${target.atMost} ${unitOfTarget}`;
      })
      .join(', '),
  ];
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

function aligned(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
}
