import type { Clock } from '../time/clock.port.js';
import type { GlobusTransfers } from '../transfers/application/ports/globus-transfers.port.js';
import { backoffMs, type Random } from './backoff.js';

/** So many ids are asked for at the same time. */
const AT_ONCE = 16;

/**
 * Submission ids fetched ahead, so that a request needs no round trip for one and the id can stand
 * in the job from the beginning. An id costs Globus nothing until it is used. The stock grows when it
 * was too small for what was asked for at once, so that a quiet service fetches few.
 */
export class SubmissionIds {
  private readonly ids: string[] = [];
  private filling = false;
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

  /** Fills the stock. Never throws; a failure is followed by a pause. */
  async fill(): Promise<void> {
    if (this.filling || this.clock.monotonicMs() < this.notBefore) return;
    this.filling = true;
    try {
      while (this.ids.length < this.stock && !this.signal.aborted) {
        const missing = Math.min(AT_ONCE, this.stock - this.ids.length);
        const fetched = await Promise.allSettled(
          Array.from({ length: missing }, () => this.globus.newSubmissionId(this.signal)),
        );
        for (const id of fetched) if (id.status === 'fulfilled') this.ids.push(id.value);
        const failed = fetched.find(({ status }) => status === 'rejected');
        if (failed?.status === 'rejected') throw failed.reason as Error;
        this.failures = 0;
      }
    } catch {
      // Whoever needs an id hears the reason from Globus directly.
      this.failures += 1;
      this.notBefore =
        this.clock.monotonicMs() +
        backoffMs(this.failures, { firstMs: 1000, capMs: 60_000 }, this.random);
    } finally {
      this.filling = false;
    }
  }
}
