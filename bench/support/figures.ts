import { ratios, type Spread, spreadOf } from './statistics.js';
import type { Latency } from './world.js';

/** What a figure counts. */
export type Unit =
  'ms' | 'calls' | 'writes' | 'errors' | 'polls' | 'req/s' | 'MB' | 'kB' | '×' | '%';

/** One measurement, with what it is compared to. */
export interface Figure {
  /** Names it for the targets, e.g. `request/folder/sequential/p50`. */
  readonly id: string;
  /** For people. */
  readonly what: string;
  readonly unit: Unit;
  readonly latency: Latency;
  readonly proxy: Spread;
  readonly baseline?: { readonly name: string; readonly spread: Spread };
  /** The proxy's by the baseline's, repetition by repetition. */
  readonly ratio?: Spread;
}

/** A figure of its own, one value for each repetition. */
export function figure(
  id: string,
  what: string,
  unit: Unit,
  latency: Latency,
  values: readonly number[],
): Figure {
  return { id, what, unit, latency, proxy: spreadOf(values) };
}

/** A figure beside a baseline that was measured in the same repetitions. */
export function compared(
  own: Figure,
  values: readonly number[],
  name: string,
  baseline: readonly number[],
): Figure {
  return {
    ...own,
    baseline: { name, spread: spreadOf(baseline) },
    ratio: spreadOf(ratios(values, baseline)),
  };
}
