import { Counter, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../ports/clock.port.js';
import type { TransferEvent } from '../ports/transfer-events.port.js';
import type { Transfer } from '../domain/transfer.js';
import { END_OUTCOMES, endOutcome, type Sides, sidesOf } from './labels.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

/**
 * Counts what happens to transfers. What has been counted once is not counted again after a restart:
 * an end counts when SciCat shows it, after which no process follows the transfer any more, and
 * bytes count only from what this process has itself seen at Globus.
 */
export class TransferMetrics {
  private readonly accepted: Counter<keyof Sides>;
  private readonly ended: Counter<keyof Sides | 'outcome'>;
  private readonly bytes: Counter<keyof Sides>;
  private readonly files: Counter<keyof Sides>;
  private readonly wait: Histogram;
  private readonly copy: Histogram;
  private readonly closing: Histogram;
  /** When the tasks of transfers ended whose end is not in SciCat yet; by job, Globus's clock. */
  private readonly taskEnds = new Map<string, number>();
  /** Pairs of facilities whose counters have begun. */
  private readonly begun = new Set<string>();

  /** @param facilities names in the configuration in force */
  constructor(
    registry: Registry,
    private readonly clock: Clock,
    private readonly facilities: () => ReadonlySet<string>,
  ) {
    const common = { labelNames: ['source', 'destination'] as const, registers: [registry] };
    this.accepted = new Counter({
      name: 'globus_proxy_transfers_accepted_total',
      help: 'Transfers that were accepted: a job was made for them.',
      ...common,
    });
    this.ended = new Counter({
      name: 'globus_proxy_transfers_ended_total',
      help: 'Transfers whose end stands in SciCat, by how they ended.',
      labelNames: ['source', 'destination', 'outcome'],
      registers: [registry],
    });
    this.bytes = new Counter({
      name: 'globus_proxy_moved_bytes_total',
      help: 'Bytes that Globus has copied, as far as this process has watched.',
      ...common,
    });
    this.files = new Counter({
      name: 'globus_proxy_moved_files_total',
      help: 'Files that Globus has copied or found in place, as far as this process has watched.',
      ...common,
    });
    this.wait = new Histogram({
      name: 'globus_proxy_transfer_wait_seconds',
      help: 'From the making of the SciCat job to the Globus task being known.',
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, HOUR, 4 * HOUR, DAY, 7 * DAY],
      registers: [registry],
    });
    this.copy = new Histogram({
      name: 'globus_proxy_transfer_copy_seconds',
      help: 'From the submission of a Globus task to its end, well or not, by the clock of Globus.',
      buckets: [1, 5, 15, 60, 300, 900, HOUR, 4 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY],
      registers: [registry],
    });
    this.closing = new Histogram({
      name: 'globus_proxy_transfer_closing_seconds',
      help: 'From the end of the Globus task to the end of the transfer standing in its SciCat job.',
      buckets: [0.5, 1, 2.5, 5, 10, 15, 30, 60, 300, 900, HOUR, DAY],
      registers: [registry],
    });
  }

  /** Something has happened. */
  readonly listen = (event: TransferEvent): void => {
    switch (event.kind) {
      case 'accepted':
        this.expectEnd(event.transfer);
        this.accepted.inc(this.sides(event.transfer));
        return;
      case 'adopted':
        this.expectEnd(event.transfer);
        return;
      case 'changed':
        if (event.from === 'waiting' && event.transfer.status.state === 'transferring') {
          this.wait.observe(secondsSince(event.transfer.requestedAt, this.clock.now()));
        }
        return;
      case 'moved':
        this.bytes.inc(this.sides(event.transfer), event.bytes);
        this.files.inc(this.sides(event.transfer), event.files);
        return;
      case 'task-ended':
        this.taskEnded(event.transfer.jobId, event.startedAt, event.endedAt);
        return;
      case 'end-written':
        this.endWritten(event.transfer);
        return;
      case 'job-gone':
        this.taskEnds.delete(event.jobId);
        return;
      default:
        return;
    }
  };

  /** A counter that begins with its first increase hides that one from `increase()`. */
  private expectEnd(transfer: Transfer): void {
    const sides = this.sides(transfer);
    const pair = JSON.stringify([sides.source, sides.destination]);
    // After a restart there may be thousands of transfers between the same two.
    if (this.begun.has(pair)) return;
    this.begun.add(pair);
    for (const outcome of END_OUTCOMES) this.ended.inc({ ...sides, outcome }, 0);
    this.bytes.inc(sides, 0);
    this.files.inc(sides, 0);
  }

  private taskEnded(
    jobId: string,
    startedAt: number | undefined,
    endedAt: number | undefined,
  ): void {
    if (endedAt === undefined) return;
    this.taskEnds.set(jobId, endedAt);
    if (startedAt !== undefined) this.copy.observe(secondsSince(startedAt, endedAt));
  }

  private endWritten(transfer: Transfer): void {
    const outcome = endOutcome(transfer);
    if (outcome !== undefined) this.ended.inc({ ...this.sides(transfer), outcome });
    const endedAt = this.taskEnds.get(transfer.jobId);
    if (endedAt === undefined) return;
    this.taskEnds.delete(transfer.jobId);
    this.closing.observe(secondsSince(endedAt, this.clock.now()));
  }

  private sides(transfer: Transfer): { source: string; destination: string } {
    return { ...sidesOf(transfer, this.facilities()) };
  }
}

/** From one moment to the other; none by two clocks that differ is less than nothing. */
function secondsSince(earlierMs: number, laterMs: number): number {
  return Math.max(0, laterMs - earlierMs) / 1000;
}
