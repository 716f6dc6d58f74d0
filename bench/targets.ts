import { ATTACK_NAMES } from './support/attacks.js';
import type { Figure } from './support/figures.js';
import { ATTACKED_POLL_SECONDS, isZero, POLL_SECONDS } from './support/run.js';

/** What a figure must come to. */
export interface Target {
  /** Id of the figure. */
  readonly figure: string;
  /** What of the figure is judged. */
  readonly of: 'value' | 'ratio';
  readonly atMost: number;
  /** Which of the repetitions. */
  readonly by: 'median' | 'worst';
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

/** Open transfers, and how many of them are in flight. */
const IN_FLIGHT = [
  ['10', 10],
  ['100', 100],
  ['1000', 1000],
  ['10000', 1000],
] as const;

/** How soon an end is to be shown, in milliseconds. */
const SHOWN_WITHIN_MS = POLL_SECONDS * 1000 + 2000;

/** The targets, as ratios within one run and as counts. */
const TARGETS: readonly Target[] = [
  ...SHAPES.flatMap((shape): readonly Target[] => [
    // Identity, dataset, job and submission; the task's id, and a submission id for the next one.
    never(`request/${shape}/calls`, 6),
    // Identity and dataset together, job, submission.
    usually(`request/${shape}/round-trips`, 3),
    ...['sequential', 'parallel'].flatMap((order) =>
      ['p50', 'p99'].map((share): Target => ({
        ...ratio(`request/${shape}/${order}/${share}`, 1.1),
        at: 'latency',
      })),
    ),
    ratio(`request/${shape}/cpu`, shape === 'folder' ? 1.6 : 2),
  ]),
  // Identity, dataset, job and its first status.
  never('request/waiting/calls', 4),
  usually('request/waiting/round-trips', 2),
  // Who asks, and the job.
  never('request/get/calls', 2),

  ...IN_FLIGHT.flatMap(([size, inFlight]) => [
    never(`tracking/${size}/idle/globus`, Math.ceil(inFlight / 500) + 1),
    never(`tracking/${size}/progressing/globus`, Math.ceil(inFlight / 500) + 1),
    never(`tracking/${size}/idle/writes`, 0),
    never(`tracking/${size}/progressing/budget`, 100),
  ]),
  // Is the archive job there? The lifecycle as found, noted in the job; still as found? Then changed.
  // The archive job; the end.
  never('tracking/10/finished/scicat', 7),
  never('tracking/get/calls', 2),
  usually('tracking/1000/endings/p99', SHOWN_WITHIN_MS),
  usually('tracking/10000/endings/p99', SHOWN_WITHIN_MS),
  never('tracking/10000/peak', 256),
  never('tracking/10000/growth', 5),
  // Nothing, but it has to be told from chance.
  ratio('tracking/waiting/cpu', 1.25),
  ratio('tracking/each/cpu', 1.25),

  ratio('lists/400000/answer', 4),
  never('lists/400000/stall', 200),
  never('lists/400000/again/stall', 200),
  { ...ratio('lists/400000/peak', 8), by: 'worst' },
  usually('lists/400000/others', 250),
  usually('lists/400000/again/others', 250),

  // It is a bundle, the empty application is not.
  ratio('start/0/ready', 1),
  usually('start/rest', 100),
  // With latency it is the pages of the list of open jobs that take longer than an empty start.
  { ...ratio('start/10000/ready', 2), at: 'no latency' },

  ...ATTACK_NAMES.flatMap((attack) => [
    never(`hostile/${attack}/errors`, 0),
    // A machine that is shared by the attacker may be late for one at the beginning and at the end.
    never(`hostile/${attack}/polls`, 2),
    never(`hostile/${attack}/p99`, 1000),
    never(`hostile/${attack}/ending`, ATTACKED_POLL_SECONDS * 1000 + 2000),
    never(`hostile/${attack}/peak`, 512),
  ]),
];

/** By the middle one of the ratios of the repetitions. */
function ratio(figure: string, atMost: number): Target {
  return { figure, of: 'ratio', by: 'median', atMost };
}

/** By the middle one of the repetitions. */
function usually(figure: string, atMost: number): Target {
  return { figure, of: 'value', by: 'median', atMost };
}

/** By the worst of the repetitions. */
function never(figure: string, moreThan: number): Target {
  return { figure, of: 'value', by: 'worst', atMost: moreThan };
}

/** Holds the figures to the targets. */
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
        const measured = target.by === 'worst' ? spread?.max : spread?.median;
        return judgement(figure, target, measured ?? Infinity);
      }),
  );
}

function judgement(figure: Figure, target: Target, measured: number): Judgement {
  return { figure, target, measured, met: measured <= target.atMost };
}
