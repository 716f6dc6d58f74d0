/** A number from 0 up to but not including 1; chance as an argument, so that tests can repeat it. */
export type Random = () => number;

/** Bounds of a growing pause. */
export interface BackoffBounds {
  readonly firstMs: number;
  readonly capMs: number;
}

/**
 * Pause before the next try: doubles with every failure up to the cap, and is then drawn from its
 * upper half, so that what failed together does not come back together.
 *
 * @param failures failed tries so far, from 1
 */
export function backoffMs(failures: number, bounds: BackoffBounds, random: Random): number {
  const full = Math.min(bounds.capMs, bounds.firstMs * 2 ** Math.min(failures - 1, 30));
  return full * (0.5 + random() / 2);
}
