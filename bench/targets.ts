import type { Figure } from './support/figures.js';
import { isZero } from './support/run.js';

/** What a figure must come to. */
export interface Target {
  /** Id of the figure. */
  readonly figure: string;
  /** What of the figure is judged. */
  readonly of: 'value' | 'ratio';
  readonly atMost: number;
  /** Where it counts. @default wherever the figure was measured */
  readonly at?: 'no latency' | 'latency';
}

/** A figure that was held to a target. */
export interface Judgement {
  readonly figure: Figure;
  readonly target: Target;
  readonly measured: number;
  readonly met: boolean;
}

const SHAPES = ['folder', 'list'] as const;

/** The proxy must not take much longer than the calls that can't be avoided. */
const REQUEST_RATIO = 1.1;

/** The targets, as ratios within one run and as counts. */
export const TARGETS: readonly Target[] = [
  ...SHAPES.flatMap((shape): readonly Target[] => [
    // Identity, dataset, job and submission; the task's id, and a submission id for the next one.
    { figure: `request/${shape}/calls`, of: 'value', atMost: 6 },
    ...['sequential', 'parallel'].flatMap((order) =>
      ['p50', 'p99'].map((share): Target => ({
        figure: `request/${shape}/${order}/${share}`,
        of: 'ratio',
        atMost: REQUEST_RATIO,
        at: 'latency',
      })),
    ),
    { figure: `request/${shape}/cpu`, of: 'ratio', atMost: 2 },
  ]),
  // Identity, dataset, job and its first status.
  { figure: 'request/waiting/calls', of: 'value', atMost: 4 },
  // Who asks, and the job.
  { figure: 'request/get/calls', of: 'value', atMost: 2 },

  { figure: 'lists/400000/answer', of: 'ratio', atMost: 4 },
  { figure: 'lists/400000/stall', of: 'value', atMost: 200 },
  { figure: 'lists/400000/again/stall', of: 'value', atMost: 200 },
  { figure: 'lists/400000/peak', of: 'ratio', atMost: 8 },
  { figure: 'lists/400000/others', of: 'value', atMost: 250 },
  { figure: 'lists/400000/again/others', of: 'value', atMost: 250 },
];

/** Holds the figures to the targets. Counts are judged by their worst, times by their median. */
export function judge(
  figures: readonly Figure[],
  targets: readonly Target[] = TARGETS,
): readonly Judgement[] {
  return targets.flatMap((target) =>
    figures
      .filter(({ id, latency }) => {
        if (id !== target.figure) return false;
        return target.at === undefined || isZero(latency) === (target.at === 'no latency');
      })
      .map((figure) => {
        const spread = target.of === 'ratio' ? figure.ratio : figure.proxy;
        const measured =
          spread === undefined ? Infinity : figure.unit === 'calls' ? spread.max : spread.median;
        return { figure, target, measured, met: measured <= target.atMost };
      }),
  );
}
