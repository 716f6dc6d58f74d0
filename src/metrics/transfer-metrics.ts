import type { Registry } from 'prom-client';
import type { Transfer } from '../domain/transfer.js';
import type { Clock } from '../ports/clock.port.js';
import type { TransferEvent } from '../ports/transfer-events.port.js';
import { metricsIn } from './define-metrics.js';
import { END_OUTCOMES, endOutcome, sidesOf } from './labels.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const SIDES = ['source', 'destination'] as const;

/**
 * Counts events of transfers. Nothing is counted again after a restart: an end counts when it is
 * written to SciCat, after which the transfer is no longer tracked, and bytes count only as far as
 * this process has seen them copied.
 */
export class TransferMetrics {
  private readonly metrics;
  /** When Globus tasks ended, by job, until the end is written to SciCat. By Globus's clock. */
  private readonly taskEnds = new Map<string, number>();
  /** Pairs of facilities whose counters exist. */
  private readonly initialized = new Set<string>();

  /** @param facilities names in the current configuration */
  constructor(
    registry: Registry,
    private readonly clock: Clock,
    private readonly facilities: () => ReadonlySet<string>,
  ) {
    const { counter, histogram } = metricsIn(registry);
    this.metrics = {
      accepted: counter('transfers_accepted_total', 'Transfers accepted.', SIDES),
      ended: counter(
        'transfers_ended_total',
        'Transfers whose final status is in SciCat, by outcome.',
        [...SIDES, 'outcome'],
      ),
      bytes: counter(
        'moved_bytes_total',
        'Bytes copied by Globus, as observed by this process.',
        SIDES,
      ),
      files: counter(
        'moved_files_total',
        'Files copied by Globus or already in place, as observed by this process.',
        SIDES,
      ),
      wait: histogram(
        'transfer_wait_seconds',
        'Time from the creation of the SciCat job until the Globus task is known.',
        [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, HOUR, 4 * HOUR, DAY, 7 * DAY],
      ),
      copy: histogram(
        'transfer_copy_seconds',
        "Time from the submission of a Globus task to its end, successful or not, by Globus's clock.",
        [1, 5, 15, 60, 300, 900, HOUR, 4 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY],
      ),
      closing: histogram(
        'transfer_closing_seconds',
        'Time from the end of the Globus task until the final status is in SciCat.',
        [0.5, 1, 2.5, 5, 10, 15, 30, 60, 300, 900, HOUR, DAY],
      ),
    };
  }

  readonly listen = (event: TransferEvent): void => {
    const { accepted, wait, bytes, files } = this.metrics;
    switch (event.kind) {
      case 'accepted':
        this.initialize(event.transfer);
        accepted.inc(this.sides(event.transfer));
        return;
      case 'adopted':
        this.initialize(event.transfer);
        return;
      case 'changed':
        if (event.from === 'waiting' && event.transfer.status.state === 'transferring') {
          wait.observe(secondsBetween(event.transfer.requestedAt, this.clock.now()));
        }
        return;
      case 'moved':
        bytes.inc(this.sides(event.transfer), event.bytes);
        files.inc(this.sides(event.transfer), event.files);
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

  /** Starts counters at 0: `increase()` does not see an increase that creates its series. */
  private initialize(transfer: Transfer): void {
    const { ended, bytes, files } = this.metrics;
    const sides = this.sides(transfer);
    const pair = JSON.stringify([sides.source, sides.destination]);
    // After a restart there may be thousands of transfers between the same two.
    if (this.initialized.has(pair)) return;
    this.initialized.add(pair);
    for (const outcome of END_OUTCOMES) ended.inc({ ...sides, outcome }, 0);
    bytes.inc(sides, 0);
    files.inc(sides, 0);
  }

  private taskEnded(jobId: string, startedAt?: number, endedAt?: number): void {
    if (endedAt === undefined) return;
    this.taskEnds.set(jobId, endedAt);
    if (startedAt !== undefined) this.metrics.copy.observe(secondsBetween(startedAt, endedAt));
  }

  private endWritten(transfer: Transfer): void {
    const outcome = endOutcome(transfer);
    if (outcome !== undefined) this.metrics.ended.inc({ ...this.sides(transfer), outcome });
    const endedAt = this.taskEnds.get(transfer.jobId);
    if (endedAt === undefined) return;
    this.taskEnds.delete(transfer.jobId);
    this.metrics.closing.observe(secondsBetween(endedAt, this.clock.now()));
  }

  private sides(transfer: Transfer): { source: string; destination: string } {
    return sidesOf(transfer, this.facilities());
  }
}

/** At least 0, since the two clocks may differ. */
function secondsBetween(earlierMs: number, laterMs: number): number {
  return Math.max(0, laterMs - earlierMs) / 1000;
}
