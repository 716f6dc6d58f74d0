import { parseArgs } from 'node:util';
import { NO_LATENCY } from './support/run.js';
import type { Latency } from './support/world.js';

const GROUPS = ['request', 'tracking', 'lists', 'start', 'hostile'] as const;

/** A group of measurements. */
export type Group = (typeof GROUPS)[number];

export const HELP = `Usage: npm run bench -- [options]

Measures the built proxy over an emulated SciCat and an emulated Globus, each in a process of its
own, beside baselines in the same run. Needs no network, and about a quarter of an hour.

  --only GROUPS      some of ${GROUPS.join(',')} (default: all)
  --scicat-ms N      SciCat takes N ms for each answer, and
  --globus-ms N      Globus takes N ms (default: 50 and 80, and without latency what needs none)
  --repetitions N    how often each thing is measured (default: 4)
  --short            only counts, no times; under two minutes
  --markdown         print what has a target as a table for docs/performance.md
  --out FILE         where the results go as JSON (default: bench/results.json for a whole run)
  --profile FOLDER   also write processor profiles of the proxy, which then takes more memory
  --help             show this

Times differ from run to run; what counts are the ratios within one run. The exit code is 1 if a
target is missed.
`;

/** What the command line asks for, or why it can't be understood. */
export type BenchArguments =
  | {
      readonly kind: 'run';
      readonly groups: readonly Group[];
      readonly latencies: readonly Latency[];
      readonly repetitions: number;
      readonly short: boolean;
      readonly markdown: boolean;
      /** Undefined: nowhere. */
      readonly out: string | undefined;
      readonly profileFolder: string | undefined;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

const DEFAULT_LATENCY: Latency = { scicatMs: 50, globusMs: 80 };
const DEFAULT_OUT = 'bench/results.json';

/** @param args without the program's own name */
export function readArguments(args: readonly string[]): BenchArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        'scicat-ms': { type: 'string' },
        'globus-ms': { type: 'string' },
        repetitions: { type: 'string' },
        short: { type: 'boolean', default: false },
        markdown: { type: 'boolean', default: false },
        out: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const groups = values.only === undefined ? GROUPS : values.only.split(',').map(groupOf);
    const scicatMs = numberOf(values['scicat-ms'], '--scicat-ms', 0);
    const globusMs = numberOf(values['globus-ms'], '--globus-ms', 0);
    const chosen = scicatMs !== undefined || globusMs !== undefined;
    const latency = {
      scicatMs: scicatMs ?? DEFAULT_LATENCY.scicatMs,
      globusMs: globusMs ?? DEFAULT_LATENCY.globusMs,
    };
    const whole = groups.length === GROUPS.length && !chosen && !values.short;
    return {
      kind: 'run',
      groups,
      latencies: chosen ? [latency] : [latency, NO_LATENCY],
      repetitions: numberOf(values.repetitions, '--repetitions', 1) ?? 4,
      short: values.short,
      markdown: values.markdown,
      out: values.out ?? (whole ? DEFAULT_OUT : undefined),
      profileFolder: values.profile,
    };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}

function groupOf(name: string): Group {
  const group = GROUPS.find((known) => known === name);
  if (group === undefined) {
    throw new Error(`Unknown group "${name}"; the groups are ${GROUPS.join(', ')}.`);
  }
  return group;
}

function numberOf(text: string | undefined, option: string, atLeast: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number) || number < atLeast) {
    throw new Error(`${option} must be a whole number from ${atLeast}.`);
  }
  return number;
}
