import type { CleanUp } from '../../sandbox/world/clean-up.js';
import type { Figure } from './figures.js';
import type { BenchWorld, Latency } from './world.js';

/** How a benchmark is to be run. */
export interface BenchRun {
  readonly cleanUp: CleanUp;
  /** Each of them is measured, one after the other. */
  readonly latencies: readonly Latency[];
  /** How often each thing is measured. */
  readonly repetitions: number;
  /** Only counts, no times, in a fraction of the time. */
  readonly short: boolean;
  /** Where processor profiles of the proxy go; undefined for none. */
  readonly profileFolder: string | undefined;
  /** Says what is being done. */
  readonly progress: (text: string) => void;
  readonly startWorld: () => BenchWorld;
}

/** One group of measurements. */
export type Bench = (run: BenchRun) => Promise<readonly Figure[]>;

/** Seconds between polls of Globus, where tracking is measured. */
export const POLL_SECONDS = 2;

/** Seconds between polls of Globus during an attack: so many polls that a lost one is seen. */
export const ATTACKED_POLL_SECONDS = 1;

/** Without latencies, where only processor time counts. */
export const NO_LATENCY: Latency = { scicatMs: 0, globusMs: 0 };

export function isZero(latency: Latency): boolean {
  return latency.scicatMs === 0 && latency.globusMs === 0;
}

export function inWords({ scicatMs, globusMs }: Latency): string {
  return `${scicatMs}/${globusMs} ms`;
}
