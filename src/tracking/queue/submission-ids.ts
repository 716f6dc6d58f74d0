import type { Clock } from '../../ports/clock.port.js';
import type { GlobusTransfers } from '../../ports/globus-transfers.port.js';
import { type Random, Retry } from '../../time/backoff.js';

/** Ids fetched at the same time, at most. */
const AT_ONCE = 32;

/**
 * Submission ids fetched ahead, so that a request needs no round trip for one and its job holds it from
 * the start. Each id taken is replaced; the stock starts small and doubles when a burst empties it. An
 * unused id costs Globus nothing.
 */
export class SubmissionIds {
  private readonly ids: string[] = [];
  private fetching = 0;
  private readonly retry: Retry;

  constructor(
    private readonly globus: GlobusTransfers,
    clock: Clock,
    random: Random,
    /** How many to keep in stock at first. */
    private stock: number,
    /** How many to keep in stock at most. */
    private readonly largestStock: number,
    private readonly signal: AbortSignal,
  ) {
    this.retry = new Retry(clock, { firstMs: 1000, capMs: 60_000 }, random);
  }

  /** An id from the stock, if there is one; fetches more in the background. */
  take(): string | undefined {
    const id = this.ids.shift();
    if (id === undefined) this.stock = Math.min(this.largestStock, 2 * this.stock);
    void this.fill();
    return id;
  }

  /** An id, from the stock or from Globus. @throws UpstreamError */
  async next(): Promise<string> {
    return this.take() ?? (await this.globus.newSubmissionId(this.signal));
  }

  /** Refills the stock. Never rejects; pauses after a failure. */
  async fill(): Promise<void> {
    const started: Promise<void>[] = [];
    while (this.fetching < AT_ONCE && this.mayFetch()) started.push(this.fetch());
    await Promise.all(started);
  }

  private mayFetch(): boolean {
    return (
      this.ids.length + this.fetching < this.stock && this.retry.isDue() && !this.signal.aborted
    );
  }

  private async fetch(): Promise<void> {
    this.fetching += 1;
    try {
      this.ids.push(await this.globus.newSubmissionId(this.signal));
      // A concurrent failure may have begun a pause, which stays in force.
      if (this.retry.isDue()) this.retry.succeed();
    } catch {
      // Callers of next() get the error from their own call. Concurrent failures count once.
      if (this.retry.isDue()) this.retry.fail();
    } finally {
      this.fetching -= 1;
    }
    void this.fill();
  }
}
