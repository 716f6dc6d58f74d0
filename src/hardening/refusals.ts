import type { Clock } from '../ports/clock.port.js';

/** What was refused, or ended, because a bound of the service was reached. */
export const REFUSALS = [
  /** A connection, because there are too many. */
  'connection',
  /** A connection, because there are too many from its address. */
  'connection-of-address',
  /** A connection on which too many requests were sent ahead. */
  'pipelining',
  /** A request, because too many are waiting. */
  'request',
  /** A body, because there is no room for it. */
  'body',
  /** A body that arrived too slowly. */
  'slow-body',
] as const;

/** One of {@link REFUSALS}. */
export type Refusal = (typeof REFUSALS)[number];

/** The first refusal of a burst. */
export interface RefusalReport {
  readonly kind: Refusal;
  /** Whom it met, for the log. */
  readonly about: object;
  /** How many of this kind there were since the last report. */
  readonly times: number;
}

const REPORT_AGAIN_AFTER_MS = 60_000;

/**
 * Counts refusals, and reports those of each kind once a minute at most, so that a flood of requests
 * is no flood of log lines.
 */
export class Refusals {
  private readonly counts = new Map<Refusal, number>(REFUSALS.map((kind) => [kind, 0]));
  private readonly reported = new Map<Refusal, { readonly at: number; readonly count: number }>();

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly report: (report: RefusalReport) => void,
  ) {}

  note(kind: Refusal, about: object): void {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    const at = this.clock.monotonicMs();
    const last = this.reported.get(kind);
    if (last !== undefined && at - last.at < REPORT_AGAIN_AFTER_MS) return;
    this.reported.set(kind, { at, count });
    this.report({ kind, about, times: count - (last?.count ?? 0) });
  }

  /** Since the start. */
  total(): ReadonlyMap<Refusal, number> {
    return this.counts;
  }
}
