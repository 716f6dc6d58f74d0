import type { Clock } from '../time/clock.port.js';
import type { GlobusTransfers } from '../transfers/application/ports/globus-transfers.port.js';
import { backoffMs, type Random } from './backoff.js';

/**
 * Submission ids fetched ahead, so that a request needs no round trip for one and the id can stand
 * in the job from the beginning. An id costs Globus nothing until it is used.
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
    /** How many to keep at hand. */
    private readonly stock: number,
    private readonly signal: AbortSignal,
  ) {}

  /** One id if any is at hand; asks for more in the background. */
  take(): string | undefined {
    const id = this.ids.shift();
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
        this.ids.push(await this.globus.newSubmissionId(this.signal));
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
