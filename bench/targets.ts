import type { Figure, Unit } from './support/figures.js';
import { isZero, POLL_SECONDS } from './support/run.js';

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

/** What must never be more than so many. */
const COUNTS: readonly Unit[] = ['calls', 'writes'];

/** Open transfers, and how many of them are in flight. */
const IN_FLIGHT = [
  ['10', 10],
  ['100', 100],
  ['1000', 1000],
  ['10000', 1000],
] as const;

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

  ...IN_FLIGHT.flatMap(([size, inFlight]): readonly Target[] => [
    ...['idle', 'progressing'].map((phase): Target => ({
      figure: `tracking/${size}/${phase}/globus`,
      of: 'value',
      atMost: Math.ceil(inFlight / 500) + 1,
    })),
    { figure: `tracking/${size}/idle/writes`, of: 'value', atMost: 0 },
    { figure: `tracking/${size}/progressing/budget`, of: 'value', atMost: 100 },
  ]),
  // Is the archive job there? The lifecycle as found, noted in the job; still as found? Then changed.
  // The archive job; the end.
  { figure: 'tracking/10/finished/scicat', of: 'value', atMost: 7 },
  { figure: 'tracking/get/calls', of: 'value', atMost: 2 },
  { figure: 'tracking/1000/endings/p99', of: 'value', atMost: POLL_SECONDS * 1000 + 2000 },
  { figure: 'tracking/10000/endings/p99', of: 'value', atMost: POLL_SECONDS * 1000 + 2000 },
  { figure: 'tracking/10000/peak', of: 'value', atMost: 256 },
  { figure: 'tracking/10000/growth', of: 'value', atMost: 5 },
  { figure: 'tracking/waiting/cpu', of: 'ratio', atMost: 1.25 },
  { figure: 'tracking/each/cpu', of: 'ratio', atMost: 1.25 },

  { figure: 'lists/400000/answer', of: 'ratio', atMost: 4 },
  { figure: 'lists/400000/stall', of: 'value', atMost: 200 },
  { figure: 'lists/400000/again/stall', of: 'value', atMost: 200 },
  { figure: 'lists/400000/peak', of: 'ratio', atMost: 8 },
  { figure: 'lists/400000/others', of: 'value', atMost: 250 },
  { figure: 'lists/400000/again/others', of: 'value', atMost: 250 },

  { figure: 'start/0/ready', of: 'ratio', atMost: 2 },
  // With latency it is the pages of the list of open jobs that take longer than an empty start.
  { figure: 'start/10000/ready', of: 'ratio', atMost: 2, at: 'no latency' },
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
          spread === undefined
            ? Infinity
            : COUNTS.includes(figure.unit)
              ? spread.max
              : spread.median;
        return { figure, target, measured, met: measured <= target.atMost };
      }),
  );
}
