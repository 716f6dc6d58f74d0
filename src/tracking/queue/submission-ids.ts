import type { Clock } from '../../ports/clock.port.js';
import type { GlobusTransfers } from '../../ports/globus-transfers.port.js';
import { type Random, Retry } from '../../time/backoff.js';

/** Ids fetched at the same time, at most. */
const AT_ONCE = 32;

/**
 * Submission ids fetched ahead, so that a request needs no round trip for one and its job holds the id
 * from the beginning. An id costs Globus nothing until it is used. Another one is fetched as soon as
 * one is taken; the stock grows when a burst has emptied it, so that a quiet service fetches few.
 */
export class SubmissionIds {
  private readonly ids: string[] = [];
  /** Requests under way. */
  private asked = 0;
  private readonly retry: Retry;

  constructor(
    private readonly globus: GlobusTransfers,
    clock: Clock,
    random: Random,
    /** How many to keep at hand at first. */
    private stock: number,
    /** How many to keep at hand at most. */
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

  /**
   * An id, from the stock or from Globus.
   *
   * @throws UpstreamError when Globus gives none
   */
  async next(): Promise<string> {
    return this.take() ?? (await this.globus.newSubmissionId(this.signal));
  }

  /** Fetches what is missing. Never throws; a failure is followed by a pause. */
  async fill(): Promise<void> {
    const started: Promise<void>[] = [];
    while (this.asked < AT_ONCE && this.mayAsk()) started.push(this.fetch());
    await Promise.all(started);
  }

  private mayAsk(): boolean {
    return this.ids.length + this.asked < this.stock && this.retry.isDue() && !this.signal.aborted;
  }

  private async fetch(): Promise<void> {
    this.asked += 1;
    try {
      this.ids.push(await this.globus.newSubmissionId(this.signal));
      // A pause that began meanwhile stays.
      if (this.retry.isDue()) this.retry.succeed();
    } catch {
      // Callers that need an id hear the reason from Globus directly. What was asked for at the same
      // time and failed, too, makes the pause no longer.
      if (this.retry.isDue()) this.retry.fail();
    } finally {
      this.asked -= 1;
    }
    void this.fill();
  }
}
