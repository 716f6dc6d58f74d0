/** When a call was sent and when it was answered, in milliseconds. */
export interface TimedCall {
  readonly from: number;
  readonly to: number;
}

/** How many of the calls came one after the other: the longest row in which none overlaps the next. */
export function roundTrips(calls: readonly TimedCall[]): number {
  let trips = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...calls].sort((a, b) => a.to - b.to)) {
    if (from < last) continue;
    trips += 1;
    last = to;
  }
  return trips;
}
