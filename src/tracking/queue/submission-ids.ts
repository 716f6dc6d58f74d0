import type { Clock } from '../../ports/clock.port.js';
import type { GlobusTransfers } from '../../ports/globus-transfers.port.js';
import { backoffMs, type Random } from '../../time/backoff.js';

/** So many ids are asked for at the same time, at most. */
const AT_ONCE = 32;

/**
 * DispatchResult ids fetched ahead, so that a request needs no round trip for one and the id can stand
 * in the job from the beginning. An id costs Globus nothing until it is used. Another one is asked for
 * as soon as one is taken, so that the stock lasts as long as requests come; it grows when it was too
 * small for what was asked for at once, so that a quiet service fetches few.
 */
export class SubmissionIds {
  private readonly ids: string[] = [];
  /** How many are under way. */
  private asked = 0;
  private failures = 0;
  private notBefore = 0;

  constructor(
    private readonly globus: GlobusTransfers,
    private readonly clock: Clock,
    private readonly random: Random,
    /** How many to keep at hand at first. */
    private stock: number,
    /** How many to keep at hand at most. */
    private readonly largestStock: number,
    private readonly signal: AbortSignal,
  ) {}

  /** One id if any is at hand; asks for more in the background. */
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

  /** Asks for what is missing. Never throws; a failure is followed by a pause. */
  async fill(): Promise<void> {
    const started: Promise<void>[] = [];
    while (this.asked < AT_ONCE && this.mayAsk()) started.push(this.fetch());
    await Promise.all(started);
  }

  private mayAsk(): boolean {
    return (
      this.ids.length + this.asked < this.stock &&
      this.clock.monotonicMs() >= this.notBefore &&
      !this.signal.aborted
    );
  }

  private async fetch(): Promise<void> {
    this.asked += 1;
    try {
      this.ids.push(await this.globus.newSubmissionId(this.signal));
      this.failures = 0;
    } catch {
      // Whoever needs an id hears the reason from Globus directly.
      this.pause();
    } finally {
      this.asked -= 1;
    }
    void this.fill();
  }

  /** What was asked for at the same time and failed, too, makes the pause no longer. */
  private pause(): void {
    const now = this.clock.monotonicMs();
    if (now < this.notBefore) return;
    this.failures += 1;
    this.notBefore = now + backoffMs(this.failures, { firstMs: 1000, capMs: 60_000 }, this.random);
  }
}
